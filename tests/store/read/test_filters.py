from __future__ import annotations

from datetime import timedelta
from typing import Any

from audit.store.read import Reader
from audit.store.rows import CategoryRow, CoverageRow, OutcomeRow
from audit.store.scope import By, Scope
from tests.store.samples import NOON


def category(source: str, name: str, level: str | None, calls: int, **over: int) -> CategoryRow:
    counts: dict[str, Any] = {"detected": 0, "filtered": 0, "masked": 0, "errors": 0}
    ran = calls - over.get("errors", 0)
    counts |= {"ran": ran, "not_found": ran - over.get("detected", 0)}
    return CategoryRow(source=source, category=name, level=level, calls=calls, **{**counts, **over})


def test_outcomes_are_counted(reader: Reader) -> None:
    assert reader.outcomes(Scope()) == tuple(
        OutcomeRow(at=None, group=None, outcome=outcome, calls=calls)
        for outcome, calls in (
            ("annotated", 1),
            ("blocked_prompt", 1),
            ("clean", 1),
            ("filter_error", 1),
            ("not_assessed", 3),
        )
    )


def test_outcomes_are_counted_over_time_and_by_group(reader: Reader) -> None:
    found = reader.outcomes(Scope(), 43_200, By.PROVIDER)
    assert [(row.at, row.group, row.outcome, row.calls) for row in found] == [
        (NOON, "anthropic", "not_assessed", 1),
        (NOON, "azure", "blocked_prompt", 1),
        (NOON, "openai", "annotated", 1),
        (NOON, "openai", "clean", 1),
        (NOON, "openai", "not_assessed", 2),
        (NOON + timedelta(hours=12), "azure", "filter_error", 1),
    ]
    assert {(row.at, row.group) for row in reader.outcomes(Scope(labels=(("env", "test"),)), None, label="env")} == {
        (None, "test")
    }


def test_categories_count_each_call_once(reader: Reader) -> None:
    """Call 2 has the same finding for two choices, detected in one of them."""
    assert reader.categories(Scope()) == (
        category("completion", "error", None, 1, errors=1),
        category("completion", "hate", "safe", 1),
        category("prompt", "hate", "low", 1, detected=1, not_found=1),
        category("prompt", "hate", "safe", 1),
        category("prompt", "violence", "high", 1, filtered=1),
    )


def test_coverage_tells_what_was_looked_at(reader: Reader) -> None:
    assert reader.coverage(Scope(), By.PROVIDER) == (
        CoverageRow(group="openai", calls=4, prompt=2, completion=1, not_assessed=2, errors=0),
        CoverageRow(group="azure", calls=2, prompt=1, completion=0, not_assessed=0, errors=1),
        CoverageRow(group="anthropic", calls=1, prompt=0, completion=0, not_assessed=1, errors=0),
    )
    assert reader.coverage(Scope()) == (
        CoverageRow(group=None, calls=7, prompt=3, completion=1, not_assessed=3, errors=1),
    )
    assert [row.group for row in reader.coverage(Scope(), label="env")] == [None, "prod", "test"]


def test_filters_did_nothing(empty: Reader) -> None:
    assert empty.outcomes(Scope()) == empty.categories(Scope()) == empty.coverage(Scope()) == ()
