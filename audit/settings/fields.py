"""Kinds of values that settings have: spans of time, sizes, words, currencies."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from audit.call import Outcome

__all__ = ["Outcomes", "Reserve", "Section", "Size", "Span", "Unrecordable", "Words", "currency_code", "off"]


def _span(value: Any) -> Any:
    """Read `30s`, `5m`, `1.5h`, `2d` as a span of time; a number alone says nothing of its unit."""
    if isinstance(value, timedelta):
        return value
    match = re.fullmatch(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*(ms|s|m|h|d)\s*", value) if isinstance(value, str) else None
    span_ms = float(match[1]) * _MILLISECONDS[match[2]] if match else 0.0
    if not _SHORTEST_MS <= span_ms <= _LONGEST_MS:
        raise ValueError('must be a span of time with its unit, such as "30s", "5m", "1h", "500ms", a year at most')
    return timedelta(milliseconds=span_ms)


def _bytes(value: Any) -> Any:
    """Read `64KiB`, `512MiB`, `1GiB` as bytes; a number alone is bytes."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    value = str(value)
    digits, unit = value.strip().removesuffix("iB")[:-1], value.strip()[-3:]
    if unit not in _UNITS or not digits.isdecimal():
        raise ValueError('must be a size such as "64KiB", "512MiB", "1GiB"')
    return int(digits) * _UNITS[unit]


def off(value: Any) -> Any:
    """Let `false` stand for nothing at all."""
    return None if value is False else value


def _many(value: Any) -> Any:
    """Let one word stand for a list of one."""
    return [value] if isinstance(value, str) else value


def currency_code(value: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", value):
        raise ValueError('must be a currency code of three capitals, such as "USD"')
    return value


_MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SHORTEST_MS, _LONGEST_MS = 0.001, 366 * 86_400_000
_UNITS = {"KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
Size = Annotated[int, BeforeValidator(_bytes), Field(ge=1)]
Reserve = Annotated[int, BeforeValidator(_bytes), Field(ge=0)]
"""A size that may be nothing."""
Unrecordable = Literal["pass", "refuse"]
"""What becomes of a call that cannot be recorded."""
Span = Annotated[timedelta, BeforeValidator(_span)]
Words = Annotated[tuple[str, ...], BeforeValidator(_many)]
Outcomes = Annotated[tuple[Outcome | Literal["blocked"], ...], BeforeValidator(_many)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
