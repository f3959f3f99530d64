"""Values out of untrusted JSON: the one that is meant, or None."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from audit.wire.parse import printable

__all__ = [
    "compact",
    "count",
    "decimal",
    "dig",
    "flag",
    "items",
    "mapping",
    "member",
    "milliseconds_us",
    "seconds_us",
    "storable",
    "text",
    "unix_time",
]

_INT64_MAX = 2**63 - 1
_TOO_DEEP = "nested too deep"
"""Said of a value that could just be parsed: to walk through it takes more of the stack than that."""
_PLAIN_KEY = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def dig(value: Any, *path: str | int) -> Any:
    """Return what lies at `path` (keys and indexes), or None where a step is missing."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)  # JSON's keys are strings: an index finds none
        elif isinstance(step, int) and isinstance(value, list) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def count(value: Any) -> int | None:
    """Return a number of things: a whole number from 0 that fits 64 bits; 12.0 counts, true does not."""
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _INT64_MAX:
        return None
    return value


def text(value: Any) -> str | None:
    """Return a non-empty string, fit to be stored; numbers become text, anything else None."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value) if not isinstance(value, int) or abs(value) <= _INT64_MAX else "a very large number"
    return printable(value) if isinstance(value, str) and value else None


def flag(value: Any) -> bool | None:
    """Return true or false if that is what it is."""
    return value if isinstance(value, bool) else None


def mapping(value: Any) -> dict[str, Any]:
    """Return an object's members, or none."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """Return an array's elements, or none."""
    return value if isinstance(value, list) else []


def decimal(value: Any) -> Decimal | None:
    """Return a finite number from 0 exactly as it was written."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value))
    except (InvalidOperation, ValueError):
        return None
    return number if number.is_finite() and 0 <= number < 10**15 else None


def seconds_us(value: Any) -> int | None:
    """Return seconds as microseconds."""
    number = decimal(value)
    return None if number is None or number > 10**9 else int(number * 1_000_000)


def milliseconds_us(value: Any) -> int | None:
    """Return milliseconds as microseconds."""
    number = decimal(value)
    return None if number is None or number > 10**12 else int(number * 1000)


def unix_time(value: Any) -> datetime | None:
    """Return seconds since 1970 as a time; 0 is a placeholder that some servers send, and no time."""
    number = decimal(value)
    return None if not number or number > 10**11 else datetime.fromtimestamp(float(number), UTC)


def compact(value: Any) -> str:
    """Return text as it is, nothing for null, any other value as JSON without blanks, fit to be stored."""
    if value is None or isinstance(value, str):
        return text(value) or ""
    try:
        return printable(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    except RecursionError:
        return _TOO_DEEP


def storable(value: Any) -> Any:
    """Return a JSON value whose texts, in all its depth, are fit to be stored; what is too deep is left out."""
    try:
        return _storable(value)
    except RecursionError:
        return {"left_out": _TOO_DEEP}


def _storable(value: Any) -> Any:
    if isinstance(value, dict):
        return {printable(str(key)): _storable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_storable(inner) for inner in value]
    return printable(value) if isinstance(value, str) else value


def member(place: str, key: str) -> str:
    """Return the JSON path of an object's member: `place.key`, or `place["key"]` for a key that is no plain word."""
    if not _PLAIN_KEY.fullmatch(key):
        return f"{place}[{json.dumps(key)}]"
    return f"{place}.{key}" if place else key
