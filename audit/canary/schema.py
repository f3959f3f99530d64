"""What a canary's JSON schema says to an answer. References stay within the schema: nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from audit.errors import PromptError
from audit.wire.parse import parse_json

__all__ = ["check_schema", "mismatches"]

MOST_CHARACTERS = 100_000
"""A longer answer is not looked into: patterns of a schema can take long, and canaries ask for little."""
MOST_MISMATCHES = 3


def check_schema(schema: Mapping[str, Any]) -> None:
    """Raise `PromptError` if this is no JSON Schema (2020-12), or refers to what is not in it."""
    try:
        Draft202012Validator.check_schema(schema)
        resolver = Registry().resolver_with_root(Resource.from_contents(schema, default_specification=DRAFT202012))
        for reference in _references(schema):
            resolver.lookup(reference)
    except SchemaError as exc:
        raise PromptError(f"json_schema: {exc.json_path}: {exc.message}") from exc
    except Unresolvable as exc:
        raise PromptError(f"json_schema: {exc.ref!r} is not in the schema; put it under $defs") from exc
    except RecursionError as exc:
        raise PromptError("json_schema: nested too deep") from exc


def mismatches(schema: Mapping[str, Any], text: str) -> tuple[str, ...]:
    """Return where an answer does not fit the schema; the first few places, none when it fits."""
    if len(text) > MOST_CHARACTERS:
        return (f"{len(text)} characters, too long to be looked into",)
    parsed = parse_json(text)
    if parsed.problem:
        return (parsed.problem,)
    validator = Draft202012Validator(schema, registry=Registry())
    try:
        found = list(islice(validator.iter_errors(parsed.value), MOST_MISMATCHES))
    except RecursionError:
        return ("nested too deep to be looked into",)
    except Unresolvable as exc:  # a $dynamicRef, or a $ref below an $id of its own
        return (f"the schema refers to {exc.ref!r}, which is not in it",)
    return tuple(f"{error.json_path}: {error.message}" for error in found)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(reference := value.get("$ref"), str):
            yield reference
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for one in value:
        yield from _references(one)
