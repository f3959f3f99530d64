"""Charts over time are rows of figures and a specification; what is not known is not drawn as zero."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dashboard import charts
from dashboard.charts import Bar, Grid, Line
from dashboard.palette import LIGHT, OTHER

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 1, 10, 22, 30, tzinfo=UTC)  # 23:30 in Berlin


def a_grid(hours: int = 3, bucket_s: int = 3_600) -> Grid:
    return Grid(since=START, until=START + timedelta(hours=hours), bucket_s=bucket_s, zone=BERLIN)


def encoding(spec: charts.Spec, channel: str) -> Any:
    return spec["encoding"][channel]


def test_spans_begin_where_the_record_cuts_them() -> None:
    starts = a_grid().starts
    assert starts[0] == datetime(2026, 1, 10, 22, tzinfo=UTC)
    assert len(starts) == 4
    assert starts[-1] + timedelta(hours=1) >= START + timedelta(hours=3)


def test_days_begin_at_midnight_on_the_pages_clock() -> None:
    assert a_grid(hours=48, bucket_s=86_400).starts[0] == datetime(2026, 1, 9, 23, tzinfo=UTC)


def test_a_moment_is_one_span() -> None:
    assert len(Grid(since=START, until=START, bucket_s=60, zone=UTC).starts) == 1


@pytest.mark.parametrize(
    ("seconds", "words"), [(60, "minute"), (1_800, "30 min"), (3_600, "hour"), (10_800, "3 h"), (86_400, "day")]
)
def test_a_span_has_a_name(seconds: int, words: str) -> None:
    assert a_grid(bucket_s=seconds).words == words


def test_bars_carry_what_a_click_needs_and_what_a_tooltip_says() -> None:
    bar = Bar(at=a_grid().starts[0], group="k1", value=2, told="2 calls")
    chart = charts.bars_over_time(
        [bar], a_grid(), colours={"k1": "#111111"}, unit=charts.COUNT, alt="x", names={"k1": "Ann's key"}
    )
    (row,) = chart.rows
    assert (row["at"], row["key"], row["group"], row["told"]) == (bar.at.isoformat(), "k1", "Ann's key", "2 calls")
    assert row["when"] == "Sat 10 Jan 23:00–00:00"
    assert row["to"] - row["from"] == 3_600_000
    assert datetime.fromtimestamp(row["from"] / 1000, UTC).hour == 23, "what the clock on the wall shows"
    assert encoding(chart.spec, "color")["scale"] == {"domain": ["Ann's key"], "range": ["#111111"]}
    assert encoding(chart.spec, "color")["legend"] is None, "one group needs no legend"


def test_shares_add_up_to_the_whole() -> None:
    bars = [Bar(at=START, group=group, value=1, told="") for group in ("a", "b")]
    chart = charts.bars_over_time(
        bars, a_grid(), colours={"b": "#1", "a": "#2"}, unit=charts.COUNT, alt="x", shares=True
    )
    assert encoding(chart.spec, "y")["stack"] == "normalize"
    assert encoding(chart.spec, "y")["axis"]["labelExpr"] == charts.SHARE.label
    assert [row["rank"] for row in chart.rows] == [1, 0], "stacked in the order of the colours"
    assert encoding(chart.spec, "color")["legend"]["orient"] == "bottom"


def test_a_missing_value_breaks_the_line() -> None:
    lines = [Line(at=START, group="p50", value=value, told="") for value in (0.0, None)]
    chart = charts.lines_over_time(lines, a_grid(), colours={"p50": "#1"}, unit=charts.SECONDS, alt="x")
    assert [row["value"] for row in chart.rows] == [0.0, None]
    assert chart.spec["layer"][0]["mark"]["invalid"] == "break-paths-show-path-domains"


def test_a_point_of_a_line_leads_to_its_span() -> None:
    line = Line(at=START, group="p50", value=1.0, told="")
    chart = charts.lines_over_time([line], a_grid(), colours={"p50": "#1"}, unit=charts.SECONDS, alt="x")
    assert (chart.rows[0]["at"], chart.rows[0]["key"]) == (START.isoformat(), "p50")
    (pick,) = chart.spec["params"]
    assert pick["views"] == [chart.spec["layer"][1]["name"]]


def test_whole_spans_are_those_that_have_begun_and_ended() -> None:
    grid = Grid(since=START, until=START + timedelta(hours=3), bucket_s=3_600, zone=UTC)
    assert grid.whole == [grid.starts[1], grid.starts[2]]


def test_an_axis_reaches_over_the_whole_window() -> None:
    x = encoding(charts.lines_over_time([], a_grid(), colours={}, unit=charts.COUNT, alt="x").spec, "x")
    first, last = x["scale"]["domain"]
    assert (first["date"], first["hours"], first["utc"]) == (10, 23, True)
    assert (last["date"], last["hours"]) == (11, 3)


@pytest.mark.parametrize(
    ("hours", "bucket_s", "sign"), [(3, 60, "%H:%M"), (24 * 40, 86_400, "%d %b"), (24 * 400, 604_800, "%b %Y")]
)
def test_times_are_told_as_finely_as_the_window_needs(hours: int, bucket_s: int, sign: str) -> None:
    chart = charts.bars_over_time([], a_grid(hours, bucket_s), colours={}, unit=charts.COUNT, alt="x")
    assert sign in encoding(chart.spec, "x")["axis"]["labelExpr"]


@pytest.mark.parametrize(("bucket_s", "told"), [(86_400, "Sat 10 Jan 2026"), (604_800, "10 Jan–16 Jan 2026")])
def test_long_spans_are_told_by_their_days(bucket_s: int, told: str) -> None:
    bar = Bar(at=START, group="a", value=1, told="")
    chart = charts.bars_over_time([bar], a_grid(9, bucket_s), colours={"a": "#1"}, unit=charts.COUNT, alt="x")
    assert chart.rows[0]["when"] == told


def test_groups_without_a_colour_are_other_and_come_last() -> None:
    colours = {"a": "#1", "b": "#2"}
    assert charts.grouped(["a", "c"], colours) == {"a": "a", "c": OTHER}
    assert charts.legend(colours, LIGHT, ["b", OTHER]) == {"b": "#2", OTHER: LIGHT.other}
    assert charts.legend(colours, LIGHT, ["b"]) == {"b": "#2"}


def test_small_money_is_not_told_in_thousandths() -> None:
    assert "~s" in charts.money_unit("USD", 1_000).label
    assert ",.0f" in charts.money_unit("USD", 50).label
    assert ".2f" in charts.money_unit("USD", 0.5).label
    assert "~r" in charts.money_unit("USD", 0.01).label


def test_a_legend_has_as_many_columns_as_its_names_leave_room_for() -> None:
    short, long = (charts.key(names)["columns"]["expr"] for names in (["p50", "p95"], ["x" * 200]))
    assert short == "max(2, floor(width / 51))"
    assert long == "max(2, floor(width / 202))", "longer names are cut"
