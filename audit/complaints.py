"""What is wrong with settings, in the words of those who write them: pydantic's complaints, translated."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import groupby
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

__all__ = ["Complaint", "Key", "complaints"]

Key = tuple[str, ...]
"""The names of tables and settings that lead to a place, without numbers."""
_MOST_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One thing that is wrong."""

    key: Key
    text: str
    """Where it stands and what is wrong with it, in one line."""


def complaints(exc: ValidationError, model: type[BaseModel], values: Mapping[str, Any]) -> list[Complaint]:
    """Return what is wrong with `values`, which `model` did not accept: a complaint for each place and reason."""
    by_place = groupby(exc.errors(), key=lambda error: _steps(error))
    return [complaint for steps, errors in by_place for complaint in _about(steps, list(errors), model, values)]


def _steps(error: Any) -> tuple[str | int, ...]:
    """The way to what is wrong; without the name that pydantic gives to each choice of a union."""
    steps = tuple(error["loc"])
    return steps[:-1] if error["type"] in _CHOICES and isinstance(steps[-1], str) and "[" in steps[-1] else steps


def _about(
    steps: tuple[str | int, ...], errors: list[Any], model: type[BaseModel], values: Mapping[str, Any]
) -> Iterable[Complaint]:
    key = tuple(step for step in steps if isinstance(step, str))
    place = _place(steps, values)
    for reason in _reasons(steps, errors, model):
        yield Complaint(key=key, text=f"{place}: {reason}" if place else reason)


def _place(steps: tuple[str | int, ...], values: Any) -> str:
    """Write a place as people find it: `canaries 2 ("arithmetic"): expect.outcome`."""
    words: list[str] = []
    for number, step in enumerate(steps):
        values = _within(values, step)
        if isinstance(step, str):
            words.append(f".{_quoted(step)}" if words and not words[-1].endswith(" ") else _quoted(step))
        elif isinstance(values, Mapping) and number < len(steps) - 1:
            name = values.get("name", values.get("model"))
            words.append(f" {step + 1} ({name!r}): " if isinstance(name, str) else f" {step + 1}: ")
        else:
            words.append(f" {step + 1}")
    return "".join(words)


def _quoted(key: str) -> str:
    """A key as it stands, but for one that would break the line or colour the terminal."""
    return key if key.isprintable() else repr(key)


def _within(values: Any, step: str | int) -> Any:
    try:
        return values[step]
    except (KeyError, IndexError, TypeError):
        return None


def _reasons(steps: tuple[str | int, ...], errors: list[Any], model: type[BaseModel]) -> list[str]:
    if errors[0]["type"] == "extra_forbidden":
        return [_unknown(str(steps[-1]), _known(model, steps[:-1]))]
    if errors[0]["type"] in _CHOICES:
        allowed = [word for error in errors for word in re.findall(r"'([^']*)'", error["ctx"]["expected"])]
        return [f"{_shown(errors[0]['input'])} is none of {', '.join(allowed)}"]
    if errors[0]["type"] == "value_error":
        return str(errors[0]["ctx"]["error"]).splitlines()
    return [_reason(errors[0], steps)]


def _unknown(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return "unknown setting; " + (f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}")


def _reason(error: Any, steps: tuple[str | int, ...]) -> str:
    kind, given = error["type"], error.get("ctx", {})
    if kind == "missing":
        return "is missing"
    if kind in _STRUCTURES:
        return _STRUCTURES[kind](steps)
    if kind in _BOUNDS:
        return f"must be {_BOUNDS[kind].format(**given)}, not {_shown(error['input'])}"
    wanted = next((words for beginning, words in _WANTED.items() if kind.startswith(beginning)), None)
    return f"must be {wanted}, not {_shown(error['input'])}" if wanted else error["msg"]


def _shown(value: Any) -> str:
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


def _known(model: type[BaseModel], steps: Iterable[str | int]) -> list[str]:
    """The names of the settings in the table to which the steps lead."""
    for step in steps:
        field = _fields(model).get(step) if isinstance(step, str) else None
        if field is not None:  # else a number in a list, or a name that the operator gives
            model = next(iter(_models(field.annotation)), model)  # such a name may be that of a setting, too
    return list(_fields(model))


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """A table's settings by the names that they have in the file."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _models(annotation: Any) -> Iterable[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _no_table(steps: tuple[str | int, ...]) -> str:
    name = ".".join(_quoted(step) for step in steps if isinstance(step, str))
    return f"must be a table: write [[{name}]]" if isinstance(steps[-1], int) else f"must be a table: write [{name}]"


def _no_list(steps: tuple[str | int, ...]) -> str:
    """At the top, all lists are lists of tables."""
    return f"must be a list of tables: write [[{steps[0]}]]" if len(steps) == 1 else "must be a list, in brackets"


_CHOICES = ("enum", "literal_error")
_STRUCTURES: Mapping[str, Callable[[tuple[str | int, ...]], str]] = {
    "model_type": _no_table,
    "dict_type": _no_table,
    "tuple_type": _no_list,
}
_BOUNDS = {
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
    "string_too_short": "at least {min_length} characters long",
    "string_too_long": "at most {max_length} characters long",
}
_WANTED = {
    "string_type": "text in quotes",
    "path_type": "text in quotes",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "finite_number": "a finite number",
    "date": "a date such as 2026-01-31",
}
