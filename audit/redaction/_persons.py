"""Numbers that states give to persons, by form and check digit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stdnum.be import nn
from stdnum.cn import ric
from stdnum.de import idnr
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.it import codicefiscale
from stdnum.nl import bsn
from stdnum.pl import pesel
from stdnum.se import personnummer
from stdnum.us import ssn

from audit.redaction._cues import Cue
from audit.redaction.hit import Find, Span

__all__ = ["find_chinese", "find_european", "find_us"]


@dataclass(frozen=True, slots=True)
class _Form:
    """One number's look, what checks it, and the word without which it is not taken for one."""

    look: re.Pattern[str]
    sound: Callable[[str], bool]
    cue: Cue | None = None

    def is_one(self, number: str, text: str, at: int) -> bool:
        """Whether a number, which stands in a text at a place, is of this kind."""
        if not self.look.fullmatch(number) or (self.cue and not self.cue.before(text, at)):
            return False
        return self.sound(number)


def _form(look: str, sound: Callable[[str], bool], *cues: str) -> _Form:
    return _Form(re.compile(look, re.ASCII), sound, Cue(*cues) if cues else None)


def _any_of(*forms: _Form) -> Find:
    looks = "|".join(form.look.pattern for form in forms)
    any_look = re.compile(rf"(?<![\w+])(?<!\w[-./])(?:{looks})(?![\w%])(?![-./]\w)", re.ASCII)

    def find(text: str, start: int, end: int) -> Iterator[Span]:
        for match in any_look.finditer(text, start, end):
            if any(form.is_one(match[0], text, match.start()) for form in forms):
                yield match.span()

    return find


find_chinese = _any_of(_form(r"[1-9]\d{5}(?:19|20)\d{9}[\dXx]", ric.is_valid))
"""Resident identity cards (GB 11643-1999): a known place, a date, a check digit."""

find_us = _any_of(
    _form(r"\d{3} \d\d \d{4}|\d{3}-\d\d-\d{4}", lambda number: ssn.is_valid(number.replace(" ", "-"))),
    _form(r"\d{9}", ssn.is_valid, "ssn", "social security", "social_security", "socialsecurity"),
)
"""Social security numbers, without the ranges that are never given out."""

find_european = _any_of(
    _form(r"[A-Za-z]{6}\d\d[A-Za-z]\d\d[A-Za-z]\d{3}[A-Za-z]", codicefiscale.is_valid),  # Italy
    _form(r"[12] ?\d\d ?(?:0[1-9]|1[0-2]|[2-4]\d) ?\d[\dAB] ?\d{3} ?\d{3} ?\d\d", nir.is_valid),  # France
    _form(r"\d{8}-?[A-HJ-NP-TV-Z]", dni.is_valid),  # Spain, and its foreigners
    _form(r"[XYZ]-?\d{7}-?[A-HJ-NP-TV-Z]", nie.is_valid),
    _form(r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]", hetu.is_valid),  # Finland
    _form(r"(?:\d\d)?\d{6}[-+]\d{4}", personnummer.is_valid),  # Sweden
    _form(r"\d\d\.\d\d\.\d\d-\d{3}\.\d\d", nn.is_valid),  # Belgium
    _form(
        r"\d{11}",
        nn.is_valid,
        "rijksregister",
        "registre national",
        "insz",
        "niss",
        "national number",
        "national_number",
    ),
    _form(r"\d{11}", pesel.is_valid, "pesel"),  # Poland
    _form(
        r"\d{2} ?\d{3} ?\d{3} ?\d{3}", idnr.is_valid, "steuer", "tax id", "tax_id", "idnr", "id-nr", "identifikations"
    ),  # Germany
    _form(r"\d{9}|\d{4}\.\d\d\.\d{3}", bsn.is_valid, "bsn", "burgerservice", "sofi"),  # the Netherlands
)
"""What is but eleven digits, or nine, has the look of too much else: it needs a word that says what it is."""
