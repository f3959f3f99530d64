"""Statements of filters, put together."""

from __future__ import annotations

import math
from typing import Any

import pytest

from audit.call import Finding, Source
from audit.dialects._findings import details_of, filtered_reasons, gathered, score_of


def a_finding(category: str = "c", **over: Any) -> Finding:
    return Finding(**{"source": Source.COMPLETION, "category": category, **over})


def test_one_finding_stays_for_each_source_category_and_choice() -> None:
    findings = [a_finding(), a_finding("d"), a_finding(choice=1), a_finding(source=Source.PROMPT), a_finding()]

    assert len(gathered(findings)) == 4


def test_the_worst_counts_wherever_it_stands() -> None:
    (finding,) = gathered(
        [
            a_finding(severity="HARM_SEVERITY_HIGH", probability="LOW", place="first"),
            a_finding(severity="HARM_SEVERITY_LOW", probability="HIGH", filtered=True, place="second"),
            a_finding(severity=None, probability="NEGLIGIBLE", masked=True, detected=False, place="third"),
        ]
    )

    assert (finding.severity, finding.probability) == ("HARM_SEVERITY_HIGH", "HIGH")
    assert (finding.filtered, finding.masked, finding.detected) == (True, True, False)
    assert finding.place == "second"


@pytest.mark.parametrize(
    ("words", "worst"),
    [(("NEGLIGIBLE", "NEW"), "NEW"), (("NEW", "LOW"), "LOW"), ((None, "NONE"), "NONE"), ((None, None), None)],
)
def test_a_word_that_nobody_knows_ranks_in_between(words: tuple[str | None, ...], worst: str | None) -> None:
    (finding,) = gathered(a_finding(severity=word) for word in words)

    assert finding.severity == worst


def test_what_nobody_said_stays_unsaid() -> None:
    (finding,) = gathered([a_finding(), a_finding()])

    assert (finding.filtered, finding.detected) == (None, None)


def test_reasons_name_what_was_filtered() -> None:
    findings = [a_finding("x", filtered=True), a_finding("y", filtered=False), a_finding("z")]

    assert filtered_reasons(findings, "blocked") == ("completion.x.blocked",)


@pytest.mark.parametrize(
    ("value", "score"),
    [(1, 1.0), (0.5, 0.5), (True, None), ("0.5", None), (None, None), (math.inf, None), (10**400, None)],
)
def test_a_score_is_a_finite_number(value: Any, score: float | None) -> None:
    assert score_of(value) == score


def test_details_are_text_and_figures() -> None:
    statement = {"a": "x\x00", "b": 0.5, "c": {"d": 1}, "e": None, "f": "left out"}

    assert details_of(statement, ("a", "b", "c", "e", "g")) == {"a": "x␀", "b": 0.5}
