from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from audit.call import Usage
from audit.store.read import Reader
from audit.store.rows import Cost, Point, Spread, Totals, UsageRow
from audit.store.scope import By, Canaries, Scope
from audit.store.write import Writer
from tests.store.samples import NOON, a_call, a_price

USD, EUR = (
    lambda amount, currency=currency: Cost(currency=currency, amount=Decimal(amount)) for currency in ("USD", "EUR")
)
MINUTE = timedelta(minutes=1)


def groups(rows: tuple[Any, ...]) -> list[tuple[str | None, int]]:
    return [(row.group, row.calls) for row in rows]


def test_totals_are_worked_out_over_peoples_calls(reader: Reader) -> None:
    assert reader.totals(Scope()) == Totals(
        calls=7,
        errors=1,
        unfinished=1,
        blocked=1,
        refusals=1,
        input_tokens=100 + 200 + 300 + 50 + 0,
        cached_input_tokens=40,
        cache_write_tokens=7,
        output_tokens=10 + 20 + 30 + 0,
        reasoning_tokens=5,
        cacheable_input_tokens=100 + 200,
        without_usage=2,
        costs=(EUR("1"), USD("0.75")),
        unpriced=1,
        first_token=Spread(n=1, p50_us=200_000, p95_us=200_000, p99_us=200_000),
        duration=Spread(n=5, p50_us=1_200_000, p95_us=3_000_000, p99_us=3_000_000),
        first_at=NOON,
        last_at=NOON + 750 * MINUTE,
        substitutions=1,
        lost=7,
    )


def test_totals_of_nothing_are_none_and_zero(empty: Reader) -> None:
    assert empty.totals(Scope()) == Totals()


def test_totals_of_a_span_count_its_losses_only(reader: Reader) -> None:
    first_day = Scope(since=NOON, until=NOON + timedelta(days=1))
    assert (reader.totals(first_day).lost, reader.totals(first_day).calls) == (3, 7)
    assert reader.totals(Scope(since=NOON + 61 * MINUTE)).lost == 4


def test_a_course_has_the_totals_and_the_sums_of_each_span(reader: Reader) -> None:
    course = reader.course(Scope(), 3_600)
    assert course.totals == reader.totals(Scope())
    assert [(point.at, point.calls, point.costs) for point in course.points] == [
        (point.at, point.calls, point.costs) for point in reader.series(Scope(), 3_600)
    ]
    timed = {point.at: point.first_token for point in reader.latency(Scope(), 3_600)}
    assert [point.first_token for point in course.points] == [timed.get(point.at, Spread()) for point in course.points]
    assert sum(point.first_token.n for point in course.points) == 1


def test_the_course_of_nothing_is_empty(empty: Reader) -> None:
    course = empty.course(Scope(), 60)
    assert (course.totals, course.points) == (Totals(), ())


def test_figures_that_no_call_has_are_none(reader: Reader) -> None:
    totals = reader.totals(Scope(providers=("azure",), outcomes=("blocked_prompt",)))
    assert (totals.calls, totals.input_tokens, totals.output_tokens, totals.costs) == (1, None, None, ())
    zero = reader.totals(Scope(providers=("azure",), outcomes=("filter_error",)))
    assert (zero.input_tokens, zero.cached_input_tokens, zero.costs) == (0, None, (USD("0"),))


def test_a_series_has_a_point_for_each_span_and_group_with_calls(reader: Reader) -> None:
    points = reader.series(Scope(), 3600, By.PROVIDER)
    assert [(point.at, point.group, point.calls) for point in points] == [
        (NOON, "anthropic", 1),
        (NOON, "openai", 2),
        (NOON + 60 * MINUTE, "azure", 1),
        (NOON + 60 * MINUTE, "openai", 2),
        (NOON + 720 * MINUTE, "azure", 1),
    ]
    assert points[1] == Point(
        at=NOON,
        group="openai",
        calls=2,
        input_tokens=300,
        cached_input_tokens=40,
        output_tokens=30,
        cacheable_input_tokens=300,
        costs=(USD("0.75"),),
    )


def test_a_span_holds_several_currencies_apart(reader: Reader) -> None:
    (point, _, _) = reader.series(Scope(), 3600)
    assert (point.calls, point.costs, point.group) == (3, (EUR("1"), USD("0.75")), None)


def test_days_begin_at_local_midnight(reader: Reader) -> None:
    eight_hours_ahead = reader.series(Scope(), 86_400, offset_s=8 * 3600)
    assert [(point.at, point.calls) for point in eight_hours_ahead] == [
        (datetime(2026, 1, 1, 16, tzinfo=UTC), 6),
        (datetime(2026, 1, 2, 16, tzinfo=UTC), 1),
    ]
    assert [row.group for row in reader.usage(Scope(), By.DAY, offset_s=8 * 3600)] == ["2026-01-02", "2026-01-03"]
    assert groups(reader.usage(Scope(), By.DAY)) == [("2026-01-02", 6), ("2026-01-03", 1)]
    assert [point.group for point in reader.series(Scope(), 86_400, By.DAY)] == ["2026-01-02", "2026-01-03"]


def test_a_span_of_no_time_is_refused(reader: Reader) -> None:
    with pytest.raises(ValueError, match="a second or more"):
        reader.series(Scope(), 0)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (By.NONE, [(None, 7)]),
        (By.PROVIDER, [("openai", 4), ("azure", 2), ("anthropic", 1)]),
        (By.MODEL, [("gpt-1", 3), ("gpt", 2), ("haiku", 1), ("unknown", 1)]),
        (By.REQUESTED, [("gpt", 5), ("sonnet", 1), ("unknown", 1)]),
        (By.KEY, [("k1", 4), (None, 2), ("k2", 1)]),
        (By.PROJECT, [("search", 4), (None, 2), ("billing", 1)]),
        (By.USER, [(None, 3), ("ann", 3), ("bob", 1)]),
        (By.SESSION, [(None, 3), ("of ann", 3), ("of bob", 1)]),
        (By.OUTCOME, [("not_assessed", 3), ("annotated", 1), ("blocked_prompt", 1), ("clean", 1), ("filter_error", 1)]),
        (By.STANDING, [("ok", 5), ("error", 1), ("unfinished", 1)]),
        (By.OPERATION, [("chat", 7)]),
        (By.CANARY, [(None, 7)]),
    ],
)
def test_usage_is_told_by_whatever_calls_have_in_common(
    reader: Reader, by: By, expected: list[tuple[str | None, int]]
) -> None:
    assert groups(reader.usage(Scope(), by)) == expected


def test_usage_is_told_by_a_labels_value(reader: Reader) -> None:
    assert groups(reader.usage(Scope(), label="env")) == [(None, 3), ("prod", 3), ("test", 1)]
    assert groups(reader.usage(Scope(), By.DAY, label="team")) == [(None, 4), ("a", 3)]


def test_a_row_of_usage_has_what_averages_divide_by(reader: Reader) -> None:
    first = reader.usage(Scope(), By.MODEL)[0]
    assert first == UsageRow(
        group="gpt-1",
        calls=3,
        unfinished=1,
        input_tokens=350,
        cached_input_tokens=40,
        output_tokens=30,
        cacheable_input_tokens=300,
        costs=(USD("0.75"),),
        unpriced=1,
        priced=2,
        first_at=NOON,
        last_at=NOON + 80 * MINUTE,
    )


def test_canaries_are_told_by_name(reader: Reader) -> None:
    assert groups(reader.usage(Scope(canaries=Canaries.WITH), By.CANARY)) == [(None, 7), ("hello", 1)]


def test_nothing_has_no_groups(empty: Reader) -> None:
    assert empty.usage(Scope(), By.MODEL) == empty.usage(Scope()) == empty.series(Scope(), 60) == ()


def test_sums_of_hostile_costs_do_not_overflow(engine: Engine, writer: Writer) -> None:
    writer.append([a_call(number, price=a_price("9000000")) for number in range(3)])
    writer.append([a_call(9, price=a_price("-0.000000000001"), usage=Usage(input_tokens=10**12))])
    assert Reader(engine).totals(Scope()).costs == (USD("26999999.999999999999"),)
