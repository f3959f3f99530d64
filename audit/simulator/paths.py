"""Which provider and which operation a URL's path means.

A path is `[/mount][/api][/openai][/version][/deployments/D]/operation`. The mount is a provider's name, so that one
port can play several; without one the operation tells.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["COMPATIBLE", "PROVIDERS", "Target", "target"]

COMPATIBLE = ("openrouter", "deepseek", "groq", "xai", "mistral", "moonshot", "together", "perplexity", "compatible")
"""Mounts that speak OpenAI's formats; the first four with manners of their own."""
PROVIDERS = ("openai", "azure", "router", "anthropic", "gemini", "vertex", "bedrock", "ollama", *COMPATIBLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a path means."""

    provider: str
    format: str
    """chat, responses, messages, gemini, …; unknown when the path means nothing."""
    model: str = ""
    """The model or deployment in the path."""
    verb: str = ""
    """The part of an operation that formats tell apart: stream, count, …"""
    item: str = ""
    """The id in the path."""
    events: bool = False
    """Gemini: a stream is wanted as events, not as one array."""


def target(path: str, query: Mapping[str, str]) -> Target:
    """Return what a decoded path means; slashes too many, or one at its end, do not matter."""
    bare = "/" + re.sub("/{2,}", "/", path).strip("/")
    mount, rest = _mount(bare)
    for format_, family, pattern in _OPERATIONS:
        if found := pattern.fullmatch(rest):
            parts = found.groupdict(default="")
            return Target(
                provider=_provider(mount, family, rest, "api-version" in query),
                format=format_,
                model=parts.get("model", "") or parts.get("deployment", ""),
                verb=parts.get("verb", ""),
                item=parts.get("item", ""),
                events=query.get("alt") == "sse",
            )
    return Target(provider=mount or "openai", format="unknown")


class _Mounted(NamedTuple):
    mount: str
    rest: str


def _mount(path: str) -> _Mounted:
    """Return the mount and the rest; `/openai/deployments/…` is Azure's own path and no mount."""
    first, _, rest = path[1:].partition("/")
    if first in PROVIDERS and rest and not rest.startswith("deployments/"):
        return _Mounted(first, f"/{rest}")
    return _Mounted("", path)


def _provider(mount: str, family: str, rest: str, versioned: bool) -> str:
    if mount and not (mount == "openai" and versioned):
        return mount
    if family == "openai" and (versioned or rest.startswith(("/openai/deployments/", "/models/chat/"))):
        return "azure"
    if "/publishers/" in rest or "/projects/" in rest:
        return "vertex"
    if rest.startswith("/v1beta/models"):
        return "gemini"
    return "router" if rest.endswith("/responsesd") else family


_HEAD = r"(?:/api)?(?:/openai)?(?:/v\d\w*)?(?:/deployments/(?P<deployment>[^/]+))?"
_GOOGLE = r"(?:/v\d\w*)?(?:/projects/[^/]+/locations/[^/]+)?(?:/publishers/google)?"
_OPERATIONS = tuple(
    (format_, provider, re.compile(pattern))
    for format_, provider, pattern in (
        ("ollama", "ollama", r"/api/(?P<verb>chat|generate|tags)"),
        ("chat", "openai", rf"{_HEAD}(?:/models)?/chat/completions"),
        ("completions", "openai", rf"{_HEAD}/completions"),
        ("responses", "openai", rf"{_HEAD}/responsesd?"),
        ("input_tokens", "openai", rf"{_HEAD}/responses/input_tokens"),
        ("stored_response", "openai", rf"{_HEAD}/responses/(?P<item>[^/]+)(?:/cancel)?"),
        ("embeddings", "openai", rf"{_HEAD}/embeddings"),
        ("moderations", "openai", rf"{_HEAD}/moderations"),
        ("images", "openai", rf"{_HEAD}/images/(?P<verb>generations|edits|variations)"),
        ("messages", "anthropic", r"(?:/v\d)?/messages"),
        ("count_messages", "anthropic", r"(?:/v\d)?/messages/count_tokens"),
        ("hello", "anthropic", r"/api/hello"),
        ("converse", "bedrock", r"/model/(?P<model>.+)/converse(?P<verb>-stream)?"),
        ("gemini", "gemini", rf"{_GOOGLE}/(?:models|tunedModels)/(?P<model>[^:]+):(?P<verb>\w+)"),
        ("models", "openai", rf"{_HEAD}{_GOOGLE}/models(?:/(?P<item>[^:]+))?"),
    )
)
