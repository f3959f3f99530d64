"""What was decided about a call."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from audit.call import Source
from audit.store.rows import ReviewRow, ReviewVerdict
from dashboard.decisions import decisions


def a_decision(**over: Any) -> ReviewRow:
    """Return one that says as little as it can, but for what is given."""
    plain = {
        "id": UUID(int=2),
        "call": UUID(int=1),
        "side": Source.PROMPT,
        "verdict": ReviewVerdict.FALSE_POSITIVE,
        "reason": "a recipe",
        "reviewer": "ann@host",
        "decided_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "version": 1,
        "latest": True,
    }
    return ReviewRow(**{**plain, **over})


def told(*reviews: ReviewRow) -> list[tuple[str, str]]:
    return list(decisions(reviews, ZoneInfo("Europe/Berlin")).items())


def test_a_decision_is_told_with_who_about_what_when_and_why() -> None:
    assert told(a_decision(category="hate", severity="low", reason="a recipe\nof ann")) == [
        (
            "ann@host on prompt hate, version 1 (latest)",
            "false positive, should be low · 2026-01-02 04:04:05\na recipe\nof ann",
        )
    ]


def test_decisions_keep_their_order_and_none_hides_another() -> None:
    reviews = [
        a_decision(version=2),
        a_decision(latest=False),
        a_decision(side=Source.COMPLETION),
        a_decision(category="hate"),
        a_decision(reviewer="bob"),
    ]
    assert [name for name, _ in told(*reviews)] == [
        "ann@host on prompt, version 2 (latest)",
        "ann@host on prompt, version 1",
        "ann@host on completion, version 1 (latest)",
        "ann@host on prompt hate, version 1 (latest)",
        "bob on prompt, version 1 (latest)",
    ]
