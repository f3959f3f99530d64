"""Levels of all providers stand on one scale; rates have their intervals."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from audit.call import Outcome, Source
from audit.store.rows import CategoryRow, CoverageRow, OutcomeRow
from audit.store.scope import Level
from dashboard import verdicts
from dashboard.tables import Table, csv_of
from dashboard.verdicts import Verdicts

AT = datetime(2026, 1, 1, tzinfo=UTC)


def a_category(category: str = "hate", level: str | None = "safe", **over: Any) -> CategoryRow:
    counts: dict[str, Any] = {"source": "prompt", "calls": 5, "detected": 0, "filtered": 0, "masked": 0, "errors": 0}
    counts |= over
    counts |= {"ran": counts["calls"] - counts["errors"]}
    return CategoryRow(category=category, level=level, **{"not_found": counts["ran"] - counts["detected"], **counts})


def outcome(kind: Outcome, calls: int, group: str | None = "gpt-4o", at: datetime | None = None) -> OutcomeRow:
    return OutcomeRow(at=at, group=group, outcome=kind.value, calls=calls)


@pytest.mark.parametrize(
    ("native", "level"),
    [
        ("safe", "safe"),
        ("NEGLIGIBLE", "safe"),
        ("NONE", "safe"),
        ("HARM_SEVERITY_MEDIUM", "medium"),
        ("HIGH", "high"),
        ("PURPLE", "other"),
        (None, None),
    ],
)
def test_providers_words_stand_on_one_scale(native: str | None, level: str | None) -> None:
    assert verdicts.level(native) == level


def test_found_or_not_is_kept_apart_from_graded() -> None:
    cells = verdicts.cells([a_category("jailbreak", None, detected=2, errors=1)], Source.PROMPT)
    assert {cell.column: cell.calls for cell in cells} == {"found": 2, "not found": 2, "failed": 1}
    assert {cell.levels for cell in cells} == {(level,) for level in Level}


def test_a_call_with_several_answers_may_be_found_and_not_found() -> None:
    cells = verdicts.cells([a_category("copied", None, calls=1, detected=1, not_found=1)], Source.PROMPT)
    assert {cell.column: cell.calls for cell in cells} == {"found": 1, "not found": 1}


def test_the_most_alarming_category_is_on_top_and_few_fit() -> None:
    rows = [a_category("a", calls=100), a_category("b", "high", calls=1), a_category("c", calls=1)]
    assert [cell.row for cell in verdicts.cells(rows, Source.PROMPT)] == ["b", "a", "c"]
    assert [cell.row for cell in verdicts.cells(rows, Source.PROMPT, most=1)] == ["b"]


def test_levels_of_one_meaning_are_added_up_and_filtered_ones_are_told() -> None:
    rows = [a_category(level="low", calls=2, filtered=1), a_category(level="LOW", calls=3)]
    (cell,) = verdicts.cells(rows, Source.PROMPT)
    assert (cell.calls, cell.told) == (5, "5 calls, 1 filtered")
    assert (cell.category, cell.levels) == ("hate", ("LOW", "low"))


def test_googles_names_are_told_without_what_they_all_begin_with() -> None:
    (cell,) = verdicts.cells([a_category("HARM_CATEGORY_HATE_SPEECH")], Source.PROMPT)
    assert (cell.row, cell.told) == ("HATE_SPEECH", "5 calls (HARM_CATEGORY_HATE_SPEECH)")


def test_each_side_has_its_own_map() -> None:
    assert verdicts.cells([a_category()], Source.COMPLETION) == []


def test_bars_tell_their_share_of_the_span() -> None:
    rows = [outcome(Outcome.CLEAN, 3, at=AT), outcome(Outcome.ANNOTATED, 1, at=AT), outcome(Outcome.MASKED, 1)]
    assert [bar.told.partition(" (")[0] for bar in verdicts.bars(rows)] == ["75.0 % of 4", "25.0 % of 4"]


def test_groups_stand_side_by_side_the_greatest_first() -> None:
    rows = [
        outcome(Outcome.CLEAN, 1, "small"),
        outcome(Outcome.CLEAN, 8, "large"),
        outcome(Outcome.BLOCKED_PROMPT, 1, "large"),
        outcome(Outcome.BLOCKED_COMPLETION, 1, "large"),
    ]
    large, small = verdicts.side_by_side(rows, [outcome(Outcome.CLEAN, 7, "large")])
    assert (large.group, large.calls, large.blocked, large.before) == ("large", 10, 2, {"clean": 7})
    assert (small.group, small.before) == ("small", {})


def drifting(now: tuple[int, int], before: tuple[int, int]) -> str | None:
    counts = [
        {Outcome.BLOCKED_PROMPT.value: blocked, Outcome.CLEAN.value: calls - blocked}
        for blocked, calls in (now, before)
    ]
    return Verdicts(group="m", counts=counts[0], before=counts[1]).drift


def test_a_block_rate_drifts_only_beyond_chance() -> None:
    assert drifting((50, 1_000), (10, 1_000)) == "up"
    assert drifting((10, 1_000), (50, 1_000)) == "down"
    assert drifting((2, 20), (1, 20)) is None
    assert drifting((2, 20), (0, 0)) is None


def test_the_table_writes_rates_with_their_n() -> None:
    rows = [
        Verdicts(
            group="gpt-4o",
            counts={Outcome.BLOCKED_PROMPT.value: 50, Outcome.CLEAN.value: 950},
            before={Outcome.CLEAN.value: 1_000},
        ),
        Verdicts(group=None, counts={Outcome.CLEAN.value: 2}, before={}),
    ]
    text = csv_of(Table(columns=verdicts.columns("Model", {}), rows=rows, alt=""))
    assert '"5.0 % of 1,000","0 % of 1,000 ↑"' in text
    assert "(none),2,0 % of 2 (0.0–65.8 %),," in text


def test_coverage_is_a_share_of_all_calls() -> None:
    row = CoverageRow(group="gpt-4o", calls=4, prompt=2, completion=1, not_assessed=2, errors=0)
    text = csv_of(Table(columns=verdicts.coverage_columns("Model", {"gpt-4o": "big"}), rows=[row], alt=""))
    assert text.splitlines()[1] == "big,4,0.5,0.25,2,0"
