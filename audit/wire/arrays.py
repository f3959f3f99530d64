"""JSON values that come one after another: an array sent in pieces, JSON lines.

Both are read as far as they go, so a cut reply still yields the values that were whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

__all__ = ["read_values"]


def read_values(text: str) -> Iterator[tuple[Any, int]]:
    """Yield each top-level value (each element, if the text is an array) with the character offset of its end."""
    at = _skip(text, 0)
    if text[at : at + 1] == "[":
        at = _skip(text, at + 1)
    while at < len(text) and text[at] != "]":
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return
        yield value, end
        at = _skip(text, end)


def _skip(text: str, at: int) -> int:
    match = _BETWEEN.match(text, at)
    return match.end() if match else at


_BETWEEN = re.compile(r"[\s,\x1e\ufeff]*")
"""White space, commas between elements, RFC 7464's record separator, and a BOM."""
_DECODER = json.JSONDecoder(parse_constant=lambda _name: None)
