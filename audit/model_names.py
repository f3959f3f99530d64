"""How the model that served relates to the one asked for, by their names alone."""

from __future__ import annotations

import re
from collections.abc import Mapping

from audit.call import ModelMatch

__all__ = ["bare_name", "match_models"]


def match_models(requested: str | None, served: str | None, aliases: Mapping[str, str] | None = None) -> ModelMatch:
    """Tell same, alias and different apart.

    An alias is a name of which the other is a dated snapshot or a numbered revision (`gpt-4o` and
    `gpt-4o-2024-08-06`), or a moving name (`gemini-flash-latest` and `gemini-3.6-flash`). `aliases` maps
    requested names to served ones that the operator knows to be meant, `*` at the end of either standing for any rest.
    """
    if not requested or not served:
        return ModelMatch.UNKNOWN
    asked, gave = bare_name(requested), bare_name(served)
    if asked == gave:
        return ModelMatch.SAME
    if _stem(asked) == _stem(gave) or _moving(asked, gave) or _configured(requested, served, aliases or {}):
        return ModelMatch.ALIAS
    return ModelMatch.DIFFERENT


def bare_name(model: str) -> str:
    """Return the name without the path, region and vendor that routers and clouds put before it."""
    name = model.strip().lower().rsplit("/", 1)[-1]
    name = _VENDOR.sub("", _REGION.sub("", name))
    return _SUFFIX.sub("", name)


def _stem(name: str) -> str:
    return _SNAPSHOT.sub("", name)


def _moving(asked: str, gave: str) -> bool:
    """Whether every word of a `…-latest` name stands in the served one too."""
    if not asked.endswith("-latest"):
        return False
    words = set(asked.removesuffix("-latest").split("-"))
    return words <= set(_stem(gave).split("-")) | set(gave.split("-"))


def _configured(requested: str, served: str, aliases: Mapping[str, str]) -> bool:
    return any(_same(requested, asked) and _same(served, gave) for asked, gave in aliases.items())


def _same(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


_REGION = re.compile(r"^(us|eu|apac|au|jp|ca|global)(-gov)?\.(?=[a-z0-9]+\.)")
_VENDOR = re.compile(r"^(anthropic|amazon|meta|mistral|cohere|ai21|deepseek|openai|qwen|google|stability)\.")
_SUFFIX = re.compile(r"(:(free|nitro|floor|online|beta|extended|thinking|exacto)|\((minimal|low|medium|high|xhigh)\))$")
_SNAPSHOT = re.compile(
    r"""(
      [-@](20\d\d-?[01]\d-?[0-3]\d) | [-@]v?[0-9]{3,4} | -v\d+(:\d+)? | :\d+
    | -preview(-[01]\d-([0-3]\d|20\d\d))? | -exp(-[01]\d-[0-3]\d)? | -latest | @default
    )+$""",
    re.VERBOSE,
)
