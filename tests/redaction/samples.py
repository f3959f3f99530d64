"""Redactors for tests, and texts under them."""

from __future__ import annotations

from audit.redaction.cutting import Cutter
from audit.redaction.finder import Finder
from audit.redaction.mark import Marks
from audit.redaction.redactor import Redactor
from audit.redaction.rules import NAMES, rules_of

__all__ = ["REGIONS", "a_cutter", "a_redactor", "found"]

REGIONS = ("US", "GB", "DE", "FR", "CN")


def a_cutter(*names: str, secret: bytes | None = None) -> Cutter:
    return Cutter(Finder(rules_of(names or NAMES, REGIONS)), Marks(secret))


def a_redactor(*names: str, drop: bool = False) -> Redactor:
    return Redactor(a_cutter(*names), drop=drop)


def found(text: str, *names: str) -> list[tuple[str, str]]:
    """Return what is found in a text, with its rule."""
    return [(hit.rule.name, text[hit.start : hit.end]) for hit in Finder(rules_of(names or NAMES, REGIONS))(text)]
