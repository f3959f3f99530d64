"""What stands out is told in plain sentences, and chance is not told at all."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from audit.call import Outcome
from audit.store.rows import Cost, LatencyRow, OutcomeRow, Spread, SubstitutionRow, Totals, UsageRow
from audit.store.scope import Standing
from dashboard.changes import Notice, Period, Weight, notices

AT = datetime(2026, 1, 1, tzinfo=UTC)


def usage(model: str = "gpt-4o", calls: int = 1_000, **over: Any) -> UsageRow:
    return UsageRow(group=model, first_at=AT, last_at=AT, calls=calls, **over)


def a_period(*rows: UsageRow, **over: Any) -> Period:
    plain: dict[str, Any] = {"totals": Totals(calls=sum(row.calls for row in rows)), "usage": rows, "served": rows}
    return Period(**{**plain, **over})


def texts(found: tuple[Notice, ...]) -> list[str]:
    return [notice.text for notice in found]


def test_a_quiet_period_has_nothing_to_say() -> None:
    assert notices(a_period(usage()), a_period(usage())) == ()
    assert notices(a_period(usage()), None) == ()


def test_a_rising_error_rate_is_told_with_its_figures() -> None:
    (found,) = notices(a_period(usage(errors=60)), a_period(usage(errors=10)))
    assert found.text == "The error rate of gpt-4o rose from 1.0 % of 1,000 to 6.0 % of 1,000 calls."
    assert found.weight is Weight.WARNING
    assert found.narrowing == {"requested": ("gpt-4o",), "standings": (Standing.ERROR.value,)}


def test_a_falling_error_rate_is_news_and_no_warning() -> None:
    (found,) = notices(a_period(usage(errors=10)), a_period(usage(errors=60)))
    assert found.weight is Weight.CHANGE
    assert "fell" in found.text


def test_a_filter_that_blocks_less_is_a_warning_too() -> None:
    (found,) = notices(a_period(usage(blocked=2)), a_period(usage(blocked=50)))
    assert found.text.startswith("The block rate of gpt-4o fell")
    assert found.weight is Weight.WARNING
    assert found.narrowing["outcomes"] == ("blocked_prompt", "blocked_completion")


def test_chance_is_not_told() -> None:
    assert notices(a_period(usage(calls=20, errors=3)), a_period(usage(calls=20, errors=1))) == ()
    assert (
        notices(a_period(usage(calls=1_000_000, errors=11_000)), a_period(usage(calls=1_000_000, errors=10_000))) == ()
    )


def test_a_model_that_is_new_or_gone_has_no_rate_to_compare() -> None:
    assert notices(a_period(usage("new", errors=500)), a_period(usage("old"))) == ()


def test_losses_come_first_and_missing_prices_last() -> None:
    totals = Totals(calls=200, lost=2, unpriced=30)
    failed = OutcomeRow(at=None, group=None, outcome=Outcome.FILTER_ERROR, calls=1)
    found = notices(Period(totals=totals, outcomes=(failed,)), None)
    assert [notice.weight for notice in found] == [Weight.ALARM, Weight.WARNING, Weight.NOTE]
    assert texts(found) == [
        "2 exchanges could not be recorded in this time.",
        "A content filter could not run in 1 call: neither safe nor blocked.",
        "15.0 % of 200 calls have no known price: costs leave 30 of them out.",
    ]


def latency(p95_ms: int | None, n: int = 100, *, whole: bool = False) -> LatencyRow:
    spread = Spread(n=n, p50_us=1, p95_us=None if p95_ms is None else p95_ms * 1_000)
    return LatencyRow(
        provider="openai",
        model="gpt-4o",
        first_token=Spread() if whole else spread,
        duration=spread if whole else Spread(),
    )


def test_slower_first_tokens_are_told() -> None:
    (found,) = notices(a_period(latency=(latency(1_500),)), a_period(latency=(latency(500),)))
    assert found.text == ("First tokens of gpt-4o came slower: 95 in 100 within 1.5 s (n 100), 500 ms before (n 100).")


def test_whole_answers_are_told_where_first_tokens_say_nothing() -> None:
    now, before = latency(500, whole=True), latency(1_500, whole=True)
    (found,) = notices(a_period(latency=(now,)), a_period(latency=(before,)))
    assert found.text.startswith("Answers of gpt-4o came faster")


def test_percentiles_of_few_calls_are_not_compared() -> None:
    assert notices(a_period(latency=(latency(1_500, n=19),)), a_period(latency=(latency(500),))) == ()
    assert notices(a_period(latency=(latency(1_500),)), a_period(latency=(latency(None),))) == ()
    assert notices(a_period(latency=(latency(600),)), a_period(latency=(latency(500),))) == ()
    assert notices(a_period(latency=(latency(600),)), a_period()) == ()


def costing(amount: str, model: str = "gpt-4o") -> tuple[Totals, UsageRow]:
    costs = (Cost(currency="USD", amount=Decimal(amount)),)
    return Totals(calls=10, costs=costs), usage(model, 10, costs=costs)


def test_a_moved_cost_names_what_moved_it() -> None:
    (now, row), (before, past) = costing("9"), costing("2")
    (found,) = notices(Period(totals=now, served=(row,)), Period(totals=before, served=(past,)))
    assert found.text == "Cost rose from $2.00 to $9.00, most of it gpt-4o."
    assert found.narrowing == {"models": ("gpt-4o",)}


def test_a_cost_that_no_model_moved_stands_alone() -> None:
    now, before = costing("2")[0], costing("9")[0]
    (found,) = notices(Period(totals=now), Period(totals=before))
    assert found.text == "Cost fell from $9.00 to $2.00."


def test_small_change_is_not_told() -> None:
    for now, before in (("0.9", "0.1"), ("5", "4"), ("5", "0")):
        assert notices(Period(totals=costing(now)[0]), Period(totals=costing(before)[0])) == ()


def substitution(served: str = "o3-pro", match: str = "different", calls: int = 3) -> SubstitutionRow:
    return SubstitutionRow(
        provider="p", requested="codex-mini-latest", served=served, match=match, calls=calls, first_at=AT, last_at=AT
    )


def test_another_model_than_asked_for_is_told_once() -> None:
    (found,) = notices(a_period(substitutions=(substitution(),)), None)
    assert found.text == "codex-mini-latest was asked for and o3-pro served: 3 calls."
    assert found.narrowing == {"models": ("o3-pro",), "matches": ("different",)}
    assert notices(a_period(substitutions=(substitution(),)), a_period(substitutions=(substitution(),))) == ()
    assert notices(a_period(substitutions=(substitution(match="alias"),)), None) == ()


def test_many_substitutions_make_one_sentence() -> None:
    rows = (substitution("a", calls=1), substitution("b", calls=5), substitution("c", calls=2))
    (found,) = notices(a_period(substitutions=rows), None)
    assert "b served: 5 calls; so it went with 2 other pairs of names in 3 calls." in found.text
    assert found.narrowing == {"matches": ("different",)}
