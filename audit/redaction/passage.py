"""Texts to be read as one, though they may stand in several places and under escapes."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol
from urllib.parse import unquote_to_bytes

from audit.redaction.hit import Span

__all__ = ["Passage", "Piece", "Stretch", "json_piece", "percent_piece", "plain_piece"]


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A passage in one piece: a text, and where it stands in a sheet."""

    sheet: int = 0
    """Of several sheets that make up a body, which."""
    start: int
    """Where it begins there."""
    text: str
    """Without escapes."""
    escaped: str | None = None
    """As it stands there; None: just so."""
    escapes: re.Pattern[str] | None = None

    def stands(self, start: int, end: int) -> Iterator[Stretch]:
        """Yield the one place where a stretch of the text stands."""
        yield Stretch(self.sheet, self.start + self._place(start), self.start + self._place(end), first=True)

    def _place(self, at: int) -> int:
        if self.escaped is None:
            return at
        texts, places = self._steps
        step = bisect_right(texts, at) - 1
        return places[step] + at - texts[step]

    @cached_property
    def _steps(self) -> tuple[list[int], list[int]]:
        """For each place behind an escape, and the beginning: the place in the text, and in what is escaped."""
        texts, places = [0], [0]
        for match in self.escapes.finditer(self.escaped or "") if self.escapes else ():
            before = texts[-1] + match.start() - places[-1]
            if before > texts[-1]:
                texts.append(before)
                places.append(match.start())
            for at, length in _lengths(match[0]):
                texts.append(before + at + 1)
                places.append(match.start() + length)
        return texts, places


def _lengths(escaped: str) -> Iterator[Span]:
    """Yield, for each character that an escape stands for, its number and where it ends."""
    if not escaped.startswith("%"):
        yield 0, len(escaped)
        return
    end = 0
    for at, character in enumerate(_unquoted(escaped)):
        end += 3 * len(character.encode("utf-8", "surrogateescape"))
        yield at, end


class Stretch(NamedTuple):
    """Where some of a passage's text stands in a sheet."""

    sheet: int
    start: int
    end: int
    first: bool
    """Whether what is looked for begins here, rather than in an earlier piece."""


class Passage(Protocol):
    """A text that is read as one."""

    @property
    def text(self) -> str: ...

    def stands(self, start: int, end: int) -> Iterator[Stretch]:
        """Yield where a stretch of the text stands, piece by piece."""
        ...


def plain_piece(text: str, start: int = 0, sheet: int = 0) -> Piece:
    """Return a text that stands just so."""
    return Piece(start=start, text=text, sheet=sheet)


def json_piece(escaped: str, start: int, sheet: int = 0) -> Piece:
    """Return what stands between the quotes of a JSON string."""
    if "\\" not in escaped:
        return Piece(start=start, text=escaped, sheet=sheet)
    try:
        text = json.loads(f'"{escaped}"', strict=False)
    except json.JSONDecodeError:  # an escape that JSON does not have, or that is cut: it is read as it stands
        return Piece(start=start, text=escaped, sheet=sheet)
    return Piece(start=start, text=text, escaped=escaped, escapes=_JSON_ESCAPE, sheet=sheet)


def percent_piece(escaped: str, start: int, *, plus: str = " ") -> Piece:
    """Return a part of a URL or a form, its percent encoding undone; in a form a plus is a blank."""
    spaced = escaped.replace("+", plus)
    if "%" not in escaped:
        return Piece(start=start, text=spaced)
    text = _PERCENT.sub(lambda match: _unquoted(match[0]), spaced)
    return Piece(start=start, text=text, escaped=escaped, escapes=_PERCENT)


def _unquoted(escaped: str) -> str:
    return unquote_to_bytes(escaped).decode("utf-8", "surrogateescape")


_JSON_ESCAPE = re.compile(r"\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w|\\u\w{4}|\\.", re.DOTALL | re.ASCII)
_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
