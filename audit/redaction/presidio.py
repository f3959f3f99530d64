"""Presidio's recognisers as a rule: names and places where a language model for them is installed, some numbers else.

Hundreds of times slower than the rules of this package, and its finds are guesses with a score.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from audit.redaction.hit import Rule, Span

__all__ = ["ENTITIES", "Analyzer", "presidio_rule"]

ENTITIES = (
    *("PERSON", "LOCATION", "NRP", "CRYPTO", "MEDICAL_LICENSE", "UK_NHS"),
    *("US_BANK_NUMBER", "US_DRIVER_LICENSE", "US_ITIN", "US_PASSPORT"),
)
"""What is asked for: not what rules here find, of which Presidio's for e-mail asks the network; no dates, no UUIDs."""
_SUREST = 0.5
"""The least score that counts: Presidio gives less to what only looks like something, without context."""


class _Result(Protocol):
    start: int
    end: int


class Analyzer(Protocol):
    """What is used of `presidio_analyzer.AnalyzerEngine`."""

    def get_supported_entities(self, language: str) -> Iterable[str]: ...

    def analyze(
        self, text: str, language: str, *, entities: list[str], score_threshold: float
    ) -> Iterable[_Result]: ...


def presidio_rule(analyzer: Analyzer, language: str = "en") -> Rule:
    """Return a rule that asks Presidio; it looks at each text between NULs by itself."""
    entities = [entity for entity in ENTITIES if entity in set(analyzer.get_supported_entities(language))]

    def find(text: str, start: int, end: int) -> Iterator[Span]:
        at = start
        for passage in text[start:end].split("\0"):
            if passage.strip():
                for result in analyzer.analyze(passage, language, entities=entities, score_threshold=_SUREST):
                    yield at + result.start, at + result.end
            at += len(passage) + 1

    return Rule(name="presidio", find=find)
