"""JSON that fits a schema: the first thing that the schema allows, with words from a seeded generator."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

__all__ = ["fitting", "fitting_text"]

_DEEPEST = 12


def fitting_text(schema: Mapping[str, Any], thrown: random.Random, *, known: str | None = None) -> str:
    """Return `fitting` as JSON text; a schema without a type is taken for an object with an `answer`."""
    meant = schema or {"type": "object", "properties": {"answer": {"type": "string"}}}
    return json.dumps(fitting(meant, thrown, known=known), ensure_ascii=False)


def fitting(schema: Mapping[str, Any], thrown: random.Random, *, known: str | None = None) -> Any:
    """Return a value for a simple JSON schema; `known` stands wherever text or a number is free to choose.

    Understood: type (also Gemini's capitals and lists), properties, items, enum, const, default, anyOf, oneOf, allOf,
    local $ref, minItems, minimum, maximum, minLength, maxLength. Deeper than twelve levels is null.
    """
    return _Maker(schema, thrown, known).value(schema, 0)


class _Maker:
    def __init__(self, root: Mapping[str, Any], thrown: random.Random, known: str | None) -> None:
        self._root = root
        self._thrown = thrown
        self._known = known

    def value(self, schema: Any, depth: int) -> Any:
        if depth > _DEEPEST or not isinstance(schema, dict):
            return None
        for key in ("const", "default"):
            if key in schema:
                return schema[key]
        if schema.get("enum"):
            return self._known if self._known in schema["enum"] else self._thrown.choice(schema["enum"])
        if "$ref" in schema:
            return self.value(self._resolved(schema["$ref"]), depth + 1)
        for key in ("anyOf", "oneOf", "allOf"):
            if schema.get(key):
                return self.value(schema[key][0], depth + 1)
        return self._typed(schema, depth)

    def _typed(self, schema: Mapping[str, Any], depth: int) -> Any:
        kind = _type_of(schema)
        if kind == "object":
            properties = schema.get("properties")
            parts = properties.items() if isinstance(properties, dict) else ()
            return {name: self.value(part, depth + 1) for name, part in parts}
        if kind == "array":
            count = max(int(schema.get("minItems", 1)), 1)
            return [self.value(schema.get("items", {}), depth + 1) for _ in range(min(count, 20))]
        if kind in ("integer", "number"):
            return self._number(schema, kind)
        if kind == "boolean":
            return self._thrown.random() < 0.5
        return self._text(schema) if kind == "string" else None

    def _number(self, schema: Mapping[str, Any], kind: str) -> int | float:
        if self._known is not None and self._known.replace(".", "", 1).lstrip("-").isdigit():
            exact = Fraction(self._known)
            return int(exact) if exact.denominator == 1 else float(exact)
        low = int(schema.get("minimum", 0))
        number = self._thrown.randint(low, int(schema.get("maximum", low + 100)))
        return number if kind == "integer" else float(number)

    def _text(self, schema: Mapping[str, Any]) -> str:
        text = self._known or self._thrown.choice(_WORDS)
        text = text.ljust(int(schema.get("minLength", 0)), "x")
        return text[: int(schema.get("maxLength", len(text)))]

    def _resolved(self, pointer: str) -> Mapping[str, Any]:
        found: Any = self._root
        for step in pointer.removeprefix("#").strip("/").split("/"):
            found = found.get(step, {}) if step else found
        return found if isinstance(found, dict) else {}


def _type_of(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type") or ("object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    return str(kind).lower()


_WORDS = ("amber", "a brief note", "cobalt", "fern", "harbour", "in good order", "maple", "north-west", "slate", "yes")
