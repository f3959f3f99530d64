"""How the reasons of a judgement are worded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from audit.wire.parse import printable

__all__ = ["either", "seconds", "shortened"]

_MOST_CHARACTERS = 160


def seconds(span: timedelta) -> str:
    """Return a span as people say it: `840 ms`, `5.2 s`, `12.5 min`, `36 h`."""
    total = span.total_seconds()
    if total < 1:
        return f"{total * 1000:.0f} ms"
    for length, unit in ((7200, 3600), (120, 60)):
        if total >= length:
            return f"{total / unit:.4g} {'h' if unit == 3600 else 'min'}"
    return f"{total:.4g} s"


def shortened(text: str) -> str:
    """Return a text in one line, fit to be stored, its end left out when it is long."""
    line = " ".join(printable(text[: 4 * _MOST_CHARACTERS]).split())
    return line if len(line) <= _MOST_CHARACTERS else line[: _MOST_CHARACTERS - 1] + "…"


def either(words: Sequence[str]) -> str:
    """Return alternatives as `this or that`."""
    return " or ".join(words)
