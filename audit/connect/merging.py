"""Adding values to a configuration file without losing what it says: JSON, TOML, and files of variables.

TOML is edited line by line, so that comments stay, and read again: what does not then say exactly what was there and
what was to be added is refused.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

__all__ = ["Kind", "merged"]


class Kind(StrEnum):
    """What a file is written in."""

    JSON = "json"
    TOML = "toml"
    DOTENV = "dotenv"


def merged(kind: Kind, before: str, values: Mapping[str, Any]) -> str:
    """Return a file's text with `values` in it: `before` itself when it says so already.

    Raises `ValueError`, whose text goes on from the file's name, for a file that can't be read or added to.
    """
    return {Kind.JSON: _json, Kind.TOML: _toml, Kind.DOTENV: _dotenv}[kind](before, values)


def _json(before: str, values: Mapping[str, Any]) -> str:
    try:
        old = json.loads(before) if before.strip() else {}
    except (ValueError, RecursionError) as exc:
        raise ValueError(f"is no plain JSON ({exc})") from exc
    if not isinstance(old, dict):
        raise ValueError("holds no JSON object")
    new = _with(old, values)
    if new == old and before:
        return before
    indent = re.search(r"\n([ \t]+)\S", before)
    return json.dumps(new, ensure_ascii=False, indent=indent[1] if indent else 2) + "\n"


def _with(old: Mapping[str, Any], values: Mapping[str, Any], where: str = "") -> dict[str, Any]:
    """Return an object with values in it, objects merged into objects."""
    new = dict(old)
    for name, value in values.items():
        place = f"{where}{name}"
        if isinstance(value, Mapping):
            inner = new.get(name, {})
            if not isinstance(inner, Mapping):
                raise ValueError(f"has a {place!r} that is no object")
            new[name] = _with(inner, value, f"{place}.")
        elif isinstance(value, list):
            new[name] = _listed(new.get(name), value)
        else:
            new[name] = _value(name, new.get(name), value)
    return new


def _listed(old: Any, values: list[dict[str, Any]]) -> list[Any]:
    """Return a list of objects with those added whose `id` is not in it."""
    there = old if isinstance(old, list) else []
    ids = {one.get("id") for one in there if isinstance(one, dict)}
    return [*there, *(one for one in values if one["id"] not in ids)]


def _value(name: str, old: Any, new: Any) -> Any:
    """Return what a variable is to hold: of one that lists headers, those of other names too."""
    if name not in _BETWEEN_HEADERS or not isinstance(old, str):
        return new
    named: dict[str, str] = {}
    for text in (old, new):
        parts = re.split(r",(?=\s*[^,:]+:)|\n", text)
        named |= {part.partition(":")[0].strip().lower(): part.strip() for part in parts if part.strip()}
    return _BETWEEN_HEADERS[name].join(named.values())


_BETWEEN_HEADERS = {"ANTHROPIC_CUSTOM_HEADERS": "\n", "GEMINI_CLI_CUSTOM_HEADERS": ", "}


def _toml(before: str, values: Mapping[str, Any]) -> str:
    old = _loaded(before)
    wanted = _with(old, values)
    text = before
    for section, name, value in _settings(values, wanted, old):
        text = _set(text, section, f"{name} = {_literal(value)}", name)
    try:
        right = tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        right = False
    if not right:
        raise ValueError("is written in a way that we cannot add to")
    return text


def _loaded(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as exc:
        raise ValueError(f"is no TOML ({exc})") from exc


Section = tuple[str, ...]


def _settings(
    values: Mapping[str, Any], wanted: Mapping[str, Any], old: Any, section: Section = ()
) -> Iterator[tuple[Section, str, Any]]:
    """Yield what has to be written: in which table, under which name, the whole value that is to stand there.

    Objects within a table that has values of its own become inline tables.
    """
    inline = bool(section) and not all(isinstance(value, Mapping) for value in values.values())
    there = old if isinstance(old, Mapping) else {}
    for name, value in sorted(values.items(), key=lambda item: isinstance(item[1], Mapping)):
        if isinstance(value, Mapping) and not inline:
            yield from _settings(value, wanted[name], there.get(name), (*section, name))
        elif there.get(name) != wanted[name]:
            yield section, name, wanted[name]


def _set(text: str, section: Section, line: str, name: str) -> str:
    """Return TOML with a line in a table, in place of the one that has set the name so far."""
    lines = [f"{one}\n" for one in _lines(text)]
    heads = [(at, path) for at, one in enumerate(lines) if (path := _head(one)) is not None]
    starts = [(0, ()), *((at + 1, path) for at, path in heads)]
    found = next((at for at, (_, path) in enumerate(starts) if path == section), None)
    if found is None:
        gap = ["\n"] if lines and lines[-1].strip() else []
        head = f"[{'.'.join(_key(part) for part in section)}]\n"
        return "".join([*lines, *gap, head, f"{line}\n"])
    start, end = starts[found][0], heads[found][0] if found < len(heads) else len(lines)
    for at in range(start, end):
        if re.match(rf"\s*(['\"]?){re.escape(name)}\1\s*=", lines[at]):
            lines[at] = f"{line}{_comment(lines[at])}\n"
            return "".join(lines)
    fallback = start if end < len(lines) else end  # comments before a table are about it
    last = max((at + 1 for at in range(start, end) if re.match(r"\s*[^#\s]", lines[at])), default=fallback)
    fresh = ["\n"] if last == end < len(lines) and lines[end].lstrip().startswith("[") and not section else []
    return "".join([*lines[:last], f"{line}\n", *fresh, *lines[last:]])


def _lines(text: str) -> list[str]:
    """Return lines as files have them: `splitlines` breaks them at signs that may stand in a value."""
    return text.removesuffix("\n").split("\n") if text else []


def _head(line: str) -> Section | None:
    """Return the table that begins with a line; `("[[",)` for one of an array; None for any other line."""
    if not line.lstrip().startswith("["):
        return None
    try:
        inner: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return None  # the inside of an array
    path: list[str] = []
    while isinstance(inner, dict) and inner:
        [(name, inner)] = inner.items()
        path.append(name)
    return tuple(path) if isinstance(inner, dict) else ("[[",)


def _comment(line: str) -> str:
    """Return the comment at the end of a line, with the blanks before it."""
    for found in re.finditer(r"\s*#", line):
        try:
            tomllib.loads(line[: found.start()])
        except tomllib.TOMLDecodeError:
            continue  # the sign stands in a text
        return line[found.start() :].rstrip()
    return ""


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_key(name)} = {_literal(one)}' for name, one in value.items())} }}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)


def _dotenv(before: str, values: Mapping[str, Any]) -> str:
    lines = _lines(before)
    for name, value in values.items():
        at = next((at for at, line in enumerate(lines) if re.match(rf"(export\s+)?{name}\s*=", line)), len(lines))
        old = lines[at].partition("=")[2].strip().strip("\"'") if at < len(lines) else None
        new = _value(name, old, value)
        if new != old:
            lines[at : at + 1] = [f"{name}={_quoted(new)}"]
    return "\n".join(lines) + "\n" if lines != before.splitlines() else before


def _quoted(value: str) -> str:
    return value if re.fullmatch(r"[\w:/.\[\]@-]*", value) else f"'{value}'"
