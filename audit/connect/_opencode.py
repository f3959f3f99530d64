"""opencode: a provider in its configuration. https://opencode.ai/docs/providers"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from audit.connect.advice import Advice, Tool, file_block, home
from audit.connect.merging import Kind
from audit.connect.place import Format, Place

__all__ = ["TOOL"]

_PROVIDERS = {Format.RESPONSES: "openai", Format.MESSAGES: "anthropic", Format.GEMINI: "google", Format.CHAT: "audit"}
"""Its own names; it has none for whoever speaks Chat Completions."""


def _advise(place: Place, environ: Mapping[str, str]) -> Advice:
    provider: dict[str, Any] = {"options": {"baseURL": place.versioned, "apiKey": f"{{env:{place.key_env}}}"}}
    if place.headers:
        provider["options"]["headers"] = dict(place.headers)
    if place.format is Format.CHAT:
        provider = {"npm": "@ai-sdk/openai-compatible", "name": "through audit", **provider}
        provider["models"] = {place.some_model: {}}
    name = _PROVIDERS[place.format]
    values: dict[str, Any] = {"$schema": "https://opencode.ai/config.json", "provider": {name: provider}}
    if place.model:
        values["model"] = f"{name}/{place.model}"
    return Advice(
        blocks=(file_block(_path(environ), Kind.JSON, values),),
        notes=(
            f"the key is taken from {place.key_env}; the base URL has the version in it, whatever the provider",
            f"start it with `opencode run -m {name}/{place.some_model}`",
            "each session makes a second call, for its title, to a small model of the same provider (`small_model`)",
        ),
    )


def _path(environ: Mapping[str, str]) -> Path:
    if named := environ.get("OPENCODE_CONFIG"):
        return Path(named)
    return home(environ, "XDG_CONFIG_HOME", ".config") / "opencode" / "opencode.json"


TOOL = Tool(
    name="opencode",
    title="opencode",
    formats=(Format.CHAT, Format.RESPONSES, Format.MESSAGES, Format.GEMINI),
    advise=_advise,
)
