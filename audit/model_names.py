"""How the model that served relates to the one asked for, by their names alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from audit.call import ModelMatch

__all__ = ["bare_name", "match_models"]


def match_models(
    requested: str | None,
    served: str | None,
    aliases: Mapping[str, str] | None = None,
    *,
    deployment: bool = False,
) -> ModelMatch:
    """Tell same, alias and different apart.

    An alias is the same name spelt otherwise or with a date (`gpt-4o` and `gpt-4o-2024-08-06`, `claude-haiku-4.5` and
    `claude-4.5-haiku-20251001`), or a moving name (`gemini-flash-latest` and `gemini-3.6-flash`); two different dates
    make two models. `aliases` maps requested names to served ones that the operator knows to be meant, `*` at the end
    of either standing for any rest. `deployment`: what was asked for is a name that the customer has given (Azure);
    unless it names a model itself, any model is meant by it.
    """
    if not requested or not served:
        return ModelMatch.UNKNOWN
    if bare_name(requested) == bare_name(served):
        return ModelMatch.SAME
    asked, gave = _parse(requested), _parse(served)
    if _agree(asked, gave) or (deployment and _is_free(asked, gave)):
        return ModelMatch.ALIAS
    if _configured(requested, served, _DOCUMENTED) or _configured(requested, served, aliases or {}):
        return ModelMatch.ALIAS
    return ModelMatch.DIFFERENT


def bare_name(model: str) -> str:
    """Return the name without the path, region and vendor that routers and clouds put before it."""
    name = model.strip().lower().rsplit("/", 1)[-1]
    name = _VENDOR.sub("", _REGION.sub("", name))
    return _SUFFIX.sub("", name)


@dataclass(frozen=True, slots=True)
class _Name:
    """A model's name taken apart."""

    words: tuple[str, ...]
    """Sorted: vendors put them in any order."""
    date: str | None
    """The digits of its snapshot: `20240806`, or of older ones `0613`."""
    moving: bool
    """It ends in `latest`."""


@lru_cache(maxsize=4096)
def _parse(model: str) -> _Name:
    name = _REVISION.sub("", bare_name(model))
    found = _DATE.search(name)
    date = re.sub(r"\D", "", found[1]) if found else None
    name = _DATE.sub("", name, count=1)
    words = [word.lstrip("0") for word in _WORD.findall(name)]
    kept = (word for word in words if word and word not in _SILENT)
    return _Name(tuple(sorted(kept)), date, name.endswith("-latest"))


def _agree(asked: _Name, gave: _Name) -> bool:
    if asked.moving:
        return set(asked.words) <= set(gave.words)
    dated_alike = not asked.date or not gave.date or asked.date.endswith(gave.date) or gave.date.endswith(asked.date)
    return asked.words == gave.words and dated_alike


def _is_free(asked: _Name, gave: _Name) -> bool:
    """Whether a deployment's name names no model, or the one that serves among other words."""
    return not _FAMILY.intersection(asked.words) or set(gave.words) <= set(asked.words)


def _configured(requested: str, served: str, aliases: Mapping[str, str]) -> bool:
    return any(_same(requested, asked) and _same(served, gave) for asked, gave in aliases.items())


def _same(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


_DOCUMENTED = {
    "babbage-002": "babbage:*",  # as the replies of OpenAI's last base models name them
    "davinci-002": "davinci:*",
    "deepseek-chat": "deepseek-*",  # https://api-docs.deepseek.com/quick_start/pricing: the mode, not the model
    "deepseek-reasoner": "deepseek-*",
    "grok-4-fast": "grok-4-fast-reasoning",  # https://docs.x.ai/docs/models: aliases
    "grok-4-1-fast": "grok-4-1-fast-reasoning",
}
_REGION = re.compile(r"^(us|eu|apac|au|jp|ca|global)(-gov)?\.(?=[a-z0-9]+\.)")
_VENDOR = re.compile(r"^(anthropic|amazon|meta|mistral|cohere|ai21|deepseek|openai|qwen|google|stability)\.")
_SUFFIX = re.compile(r"(:(free|nitro|floor|online|beta|extended|thinking|exacto)|\((minimal|low|medium|high|xhigh)\))$")
_REVISION = re.compile(r"(?<=\d)-v\d+(:\d+)?$|:\d+$|:[a-z][a-z-]*$|@default$")
"""Bedrock's and Vertex's, an embedding's `-v2`, a router's provider behind a colon."""
_DATE = re.compile(r"[-_@:](20\d\d[-_]?[01]\d[-_]?[0-3]\d|[01]\d-[0-3]\d|[01]\d[0-3]\d)(?![\d])")
_WORD = re.compile(r"[a-z]+|\d+")
_SILENT = frozenset({"v", "latest", "preview", "exp", "databricks", "anthropic", "cohere"})
_FAMILY = frozenset({"gpt", "o", "claude", "gemini", "llama", "mistral", "deepseek", "grok", "phi", "qwen", "davinci"})
