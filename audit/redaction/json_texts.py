"""The strings of a JSON document, each a passage."""

from __future__ import annotations

import re
from collections.abc import Iterator

from audit.redaction.hit import Span
from audit.redaction.passage import Passage, json_piece, plain_piece
from audit.wire.arrays import read_values

__all__ = ["STRING", "is_binary", "looks_like_json", "passages_of", "values_of"]

SHORTEST = 3
"""Characters of a string that is read: keys are, as they tell what a number is, and `tel` is one."""
STRING = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"?', re.DOTALL)
"""A string, or as much of it as came."""


def passages_of(text: str, start: int = 0, sheet: int = 0) -> Iterator[Passage]:
    """Yield what is to be read in a text: a JSON document's strings, and lines of a number, one by one; else all."""
    if looks_like_json(text):
        yield from _strings(text, start, sheet)
        if (values := values_of(text)) is not None:
            for begin, end in values:
                if _NUMBER.match(text, begin, end):
                    yield plain_piece(text[begin:end], start + begin, sheet)
            return
    yield plain_piece(text, start, sheet)


def values_of(text: str) -> list[Span] | None:
    """Return where the values stand that a text consists of, an array's each; None if there is anything else in it.

    That is a number, too, that is no element and has no line of its own: `"my card:" 4111 1111 1111 1111`.
    """
    spans: list[Span] = []
    apart = _ELEMENT if text.lstrip()[:1] == "[" else _LINE
    for value, end in read_values(text):
        start = spans[-1][1] if spans else 0
        if isinstance(value, int | float) and not apart.match(text, start):
            return None
        spans.append((start, end))
    rest = text[spans[-1][1] if spans else 0 :]
    return None if rest.strip(_BETWEEN) else spans


def looks_like_json(text: str) -> bool:
    """Whether a text begins as a JSON document does that can hold strings."""
    return bool(_OPENING.match(text))


def is_binary(text: str) -> bool:
    """Whether a string is an image or a sound in base64: left alone, and not worth the while."""
    return len(text) > _SHORT and bool(_BASE64.fullmatch(text))


def _strings(text: str, start: int, sheet: int) -> Iterator[Passage]:
    for match in STRING.finditer(text):
        if match.end(1) - match.start(1) >= SHORTEST and not is_binary(match[1]):
            yield json_piece(match[1], start + match.start(1), sheet)


_OPENING = re.compile(r'\s*+(?:\{\s*+["}]|\[\s*+["{\[\]\d-]|")')
_SHORT = 256
_BASE64 = re.compile(r"(?:data:[\w./+;=-]{0,100}?base64,)?[A-Za-z0-9+/_-]++={0,2}")
_ELEMENT = re.compile(r"\s*[\[,]")
_LINE = re.compile(r"[^\S\n]*\n")
_NUMBER = re.compile(r"\s*[\d-]")
_BETWEEN = " \t\r\n,[]\x1e\ufeff"
