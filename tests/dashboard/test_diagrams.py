"""Charts without a time axis."""

from __future__ import annotations

from dashboard import diagrams
from dashboard.diagrams import Cell, Pair, Stretch
from dashboard.palette import LIGHT


def a_pair(name: str) -> Pair:
    return Pair(name=name, model=name, provider="openai", low=0.4, high=1.5, told="p50 400 ms, p95 1.5 s")


def test_a_dumbbell_has_two_ends_that_lead_to_their_model() -> None:
    pair = a_pair("gpt-4o")
    chart = diagrams.dumbbells([pair], LIGHT, low="p50", high="p95", alt="x")
    assert [(row["mark"], row["at"]) for row in chart.rows] == [("p50", 0.4), ("p95", 1.5)]
    assert {(row["model"], row["provider"]) for row in chart.rows} == {("gpt-4o", "openai")}
    assert chart.spec["encoding"]["y"]["sort"] == ["gpt-4o"]


def test_more_models_make_a_taller_chart() -> None:
    pairs = [a_pair(str(number)) for number in range(9)]
    few, many = (diagrams.dumbbells(some, LIGHT, low="p50", high="p95", alt="x") for some in (pairs[:3], pairs))
    assert many.height > few.height


def test_a_heat_map_keeps_rows_and_columns_in_order() -> None:
    cells = [Cell(row="b", column="high", calls=9, told=""), Cell(row="a", column="safe", calls=1, told="")]
    chart = diagrams.heat_map(cells, ["safe", "high"], LIGHT, alt="x")
    assert chart.spec["encoding"]["y"]["sort"] == ["b", "a"]
    assert chart.spec["encoding"]["x"]["sort"] == ["safe", "high"]
    assert [row["calls"] for row in chart.rows] == [9, 1]


def test_an_empty_heat_map_is_a_chart_too() -> None:
    assert diagrams.heat_map([], [], LIGHT, alt="x").rows == ()


def test_stretches_of_time_lie_end_to_end() -> None:
    parts = [
        Stretch(name="to first byte", start=0, end=0.3, told="300 ms"),
        Stretch(name="to the end", start=0.3, end=2, told="1.7 s"),
    ]
    chart = diagrams.phases(parts, {part.name: "#1" for part in parts}, alt="x")
    assert [(row["start"], row["end"]) for row in chart.rows] == [(0, 0.3), (0.3, 2)]


def test_one_stretch_needs_no_legend() -> None:
    chart = diagrams.phases([Stretch(name="whole", start=0, end=2, told="2.0 s")], {"whole": "#1"}, alt="x")
    assert chart.spec["encoding"]["color"]["legend"] is None
