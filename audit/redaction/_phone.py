"""Telephone numbers, by the countries' own numbering plans (libphonenumber's)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import phonenumbers

from audit.redaction._cues import Cue
from audit.redaction.hit import Find, Span

__all__ = ["phones_of"]


def phones_of(regions: tuple[str, ...]) -> Find:
    """Return what finds numbers with a country's code, and those of the regions as they are dialled within."""

    def find(text: str, start: int, end: int) -> Iterator[Span]:
        yield from _international(text, start, end)
        yield from _national(text, start, end, regions)

    return find


def _international(text: str, start: int, end: int) -> Iterator[Span]:
    for match in _ABROAD.finditer(text, start, end):
        number = match[0]
        for _ in range(_MOST_TRIES):  # what follows behind a blank may be another figure
            if _valid(re.sub(r"^00", "+", number), None):
                yield match.start(), match.start() + len(number)
                break
            number = number[: _LAST_GROUP.search(number).start()]  # type: ignore[union-attr]  # it matches nothing, too


def _national(text: str, start: int, end: int, regions: tuple[str, ...]) -> Iterator[Span]:
    for match in _AT_HOME.finditer(text, start, end):
        written = _WRITTEN.fullmatch(match[0]) and not _DATE.match(match[0])
        if (written or _CUE.before(text, match.start())) and any(_valid(match[0], region) for region in regions):
            yield match.span()


def _valid(number: str, region: str | None) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, region))
    except phonenumbers.NumberParseException:
        return False


_ABROAD = re.compile(
    r"(?<![\w+.,/=-])(?:\+|00(?=[1-9]))[ ]?\(?[1-9]\d{0,3}\)?(?:[ ./()-]{0,3}\d){5,14}(?![\w%])(?![.,:-]\d)", re.ASCII
)
_LAST_GROUP = re.compile(r"[ ./()-]*\d*\Z")
_MOST_TRIES = 3
_AT_HOME = re.compile(r"(?<![\w+.,/=#-])(?:\(\d{2,5}\)|\d)(?:[ ./-]{0,2}\d){5,12}(?![\w%])(?![.,:/-]\w)", re.ASCII)
_WRITTEN = re.compile(
    r"""\(\d{2,5}\)[ ]?\d{3,4}[ .-]?\d{3,6}      # (415) 555-2671
    | (\d{3})([.-])\d{3}\2\d{4}                   # 415-555-2671
    | 0\d([ .-])\d\d\3\d\d\3\d\d\3\d\d            # 06 12 34 56 78
    | 0\d{2,4}[ /-]\d{3,4}[ ]?\d{2,5}             # 0151 23456789, 020 7946 0958
    | 1[3-9]\d([ -])\d{4}\4\d{4}                  # 138 1234 5678""",
    re.VERBOSE | re.ASCII,
)
"""How numbers are written that nobody would take for anything else; others need a word that says so."""
_DATE = re.compile(r"\d{1,2}([./-])\d{1,2}\1\d{2,4}|\d{4}([./-])\d{1,2}\2\d{1,2}", re.ASCII)
_CUE = Cue(
    *("tel", "phone", "mobil", "cell", "fax", "call ", "call:", "dial", "whatsapp", "sms", "handy", "móvil", "movil"),
    *("tél", "portable", "rufnummer", "电话", "手机", "联系", "号码", "電話"),
)
