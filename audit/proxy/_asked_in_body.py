"""Which models a request's body names: read strictly, for what is read loosely can be read in two ways."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from audit.proxy._asked_in_form import NotTellable, fields

__all__ = ["NotTellable", "models_in_body", "selects"]

MOST_BYTES = 64 * 1024 * 1024
"""Larger bodies are not read: no format has such, and reading holds up the others."""


def models_in_body(content_type: str, body: bytes) -> Iterator[str]:
    """Yield the model that a body names, if any; `NotTellable` when something else in it may count instead."""
    if len(body) > MOST_BYTES:
        raise NotTellable
    if not body:
        return
    if _FORM.match(content_type):
        named: Iterator[tuple[str, Any]] = fields(body, content_type)
    elif _JSON.fullmatch(content_type):
        named = _members(body)
    else:
        raise NotTellable  # a body can be JSON and a form at once: `{"model":"a","x":"&model=b&"}`
    seen = set()
    for name, value in named:
        if name in seen and selects(name):
            raise NotTellable
        seen.add(name)
        yield from _named(name, value)


def selects(name: str) -> bool:
    """Whether something of this name may choose the model, as one of the many readers that there are may have it."""
    letters = _letters(name)
    if letters in _HARMLESS:
        return False
    return letters in _SELECTORS or letters.startswith("agent") or any(word in letters for word in _SELECTING)


def _named(name: str, value: Any) -> Iterator[str]:
    if name == "model":
        if not isinstance(value, str):
            raise NotTellable
        yield value
    elif selects(name):
        if value is not None:
            raise NotTellable
    elif _chooses(_letters(name), value):
        raise NotTellable


def _chooses(name: str, value: Any) -> bool:
    """Whether a tool or a plugin brings a model of its own along, or a configuration chooses one."""
    if name == "generationconfig":  # not what is deeper in it: an answer's schema may have such words
        return isinstance(value, _Object) and value.mentions("model", "routing")
    return name in _WATCHED and any(one.mentions("model") for one in _objects(value))


def _objects(value: Any) -> Iterator[_Object]:
    """Yield every object within a value, but for the schemas of functions, whose words are the caller's affair."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, _Object):
            yield one
            waiting.extend(one.without_schemas())
        elif isinstance(one, list):
            waiting.extend(one)


def _members(body: bytes) -> Iterator[tuple[str, Any]]:
    """Yield a JSON object's members, one by one, so that of two with one name both are seen."""
    try:
        text = body.decode()
        place = _past(text, 0, "{")
        while text[place] != "}":
            name, place = _SIMPLE.raw_decode(text, place)
            place = _past(text, place, ":")
            if not isinstance(name, str):
                raise NotTellable
            value, place = (_EXACT if _letters(name) in _WATCHED else _SIMPLE).raw_decode(text, place)
            yield name, value
            place = _blank(text, place)
            if text[place] != "}":
                place = _past(text, place, ",")
                if text[place] == "}":
                    raise NotTellable
        if _blank(text, place + 1) != len(text):
            raise NotTellable
    except (ValueError, IndexError, RecursionError):
        raise NotTellable from None


def _past(text: str, place: int, mark: str) -> int:
    place = _blank(text, place)
    if text[place] != mark:
        raise NotTellable
    return _blank(text, place + 1)


def _blank(text: str, place: int) -> int:
    found = _BLANK.match(text, place)
    return found.end() if found else place


class _Object(list[tuple[str, Any]]):
    """A JSON object with all its members, equal names as well."""

    def mentions(self, *words: str) -> bool:
        """Whether a member's name has one of these words in it."""
        return any(word in name.casefold() for name, _ in self for word in words)

    def without_schemas(self) -> list[Any]:
        """Return the values but for functions' schemas; in tools of OpenRouter's own, parameters are something else."""
        hosted = any(name == "type" and ":" in str(value) for name, value in self)
        return [value for name, value in self if hosted or _letters(name) not in _SCHEMAS]


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _letters(name: str) -> str:
    """Return what is left of a name for a reader who does not mind case, underscores, or what is no letter."""
    return "".join(filter(str.isalpha, unicodedata.normalize("NFKC", name).casefold()))


_SIMPLE = json.JSONDecoder(parse_constant=_refuse)
_EXACT = json.JSONDecoder(parse_constant=_refuse, object_pairs_hook=_Object)
_BLANK = re.compile(r"[ \t\r\n]*")
_HARMLESS = {
    "additionalmodelrequestfields",  # Bedrock's, for what its models take besides
    "additionalmodelresponsefieldpaths",
    "modelarmorconfig",  # Vertex' content filter
}
_SELECTING = ("model", "fallback", "deployment")
_SELECTORS = {
    "engine",
    "endpoint",
    "preset",  # OpenRouter's: it can name models
    "version",  # Replicate's
    "extrabody",  # LiteLLM's, merged into what it sends on
    "litellmparams",
    "provideroptions",  # Vercel's: it can name models to fall back to
}
_WATCHED = {"tools", "plugins", "generationconfig"}
_SCHEMAS = {"parameters", "inputschema", "parametersjsonschema", "response", "responsejsonschema"}
_FORM = re.compile(r"\s*multipart/form-data", re.IGNORECASE)
_JSON = re.compile(r"\s*(application/json\s*(;\s*charset=\"?utf-?8\"?\s*)?)?", re.IGNORECASE)
