"""How fast answers come, over time and by model."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from audit.store.rows import LatencyPoint, LatencyRow, Speed, Spread
from dashboard import speed
from dashboard.charts import Grid
from dashboard.tables import Table, csv_of

AT = datetime(2026, 1, 1, tzinfo=UTC)
GRID = Grid(since=AT, until=AT + timedelta(hours=2), bucket_s=3_600, zone=UTC)
SPREAD = Spread(n=7, p50_us=400_000, p95_us=1_500_000, p99_us=2_000_000)


def a_row(model: str = "gpt-4o", provider: str = "openai", **over: Any) -> LatencyRow:
    return LatencyRow(provider=provider, model=model, **{"first_token": SPREAD, **over})


def test_a_span_without_calls_is_a_gap() -> None:
    point = LatencyPoint(at=AT, first_token=SPREAD)
    lines = speed.lines(speed.MEASURES["First token"], [point], GRID)
    assert [(line.group, line.value, line.told) for line in lines] == [
        ("p50", 0.4, "400 ms (n 7)"),
        ("p50", None, "–"),
        ("p95", 1.5, "1.5 s (n 7)"),
        ("p95", None, "–"),
        ("p99", 2.0, "2.0 s (n 7)"),
        ("p99", None, "–"),
    ]
    assert speed.extent(speed.MEASURES["First token"], lines) == "between 400 ms and 2.0 s"


def test_nothing_measured_is_said() -> None:
    measure = speed.MEASURES["Whole answer"]
    assert speed.extent(measure, speed.lines(measure, [], GRID)) == "nothing measured"


def test_the_providers_own_time_stands_beside_ours() -> None:
    point = LatencyPoint(at=AT, duration=SPREAD, provider_duration=Spread(n=1, p50_us=300_000))
    lines = speed.lines(speed.MEASURES["Whole answer"], [point], GRID)
    assert {line.group: line.value for line in lines if line.value is not None}["provider"] == 0.3


def test_speed_is_told_in_tokens_per_second() -> None:
    point = LatencyPoint(at=AT, speed=Speed(n=3, p50=81.6, p05=12.0))
    lines = speed.lines(speed.MEASURES["Tokens per second"], [point], GRID)
    assert [line.told for line in lines if line.value is not None] == ["82 tokens/s (n 3)", "12 tokens/s (n 3)"]


def test_the_slowest_of_the_most_used_models_is_on_top() -> None:
    slow = Spread(n=2, p50_us=1, p95_us=9_000_000)
    rows = [a_row("a"), a_row("b", first_token=slow), a_row("c", first_token=Spread()), a_row("d")]
    pairs = speed.pairs(rows, lambda row: row.first_token, 2)
    assert [pair.name for pair in pairs] == ["b", "a"]
    assert pairs[0].told == "p50 0 ms, p95 9.0 s, n 2"


def test_a_model_of_two_providers_is_told_apart() -> None:
    pairs = speed.pairs([a_row(), a_row(provider="azure.ai.openai")], lambda row: row.first_token, 9)
    assert {pair.name for pair in pairs} == {"gpt-4o · openai", "gpt-4o · azure.ai.openai"}


def test_the_table_says_how_many_calls_each_percentile_stands_on() -> None:
    head, line = csv_of(Table(columns=speed.columns(), rows=[a_row()], alt="")).splitlines()
    assert head.startswith("Model,Provider,n first token,p50 first")
    assert line == "gpt-4o,openai,7,400000,1500000,2000000,0,,,,,"
