"""How fast answers come: what can be drawn over time, and what a table says of each model. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.store.rows import LatencyPoint, LatencyRow, Spread
from dashboard import charts, figures
from dashboard.charts import Grid, Line, Unit
from dashboard.diagrams import Pair
from dashboard.tables import Column

__all__ = ["MEASURES", "Measure", "columns", "extent", "lines", "pairs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A kind of speed."""

    title: str
    series: Mapping[str, Callable[[LatencyPoint], float | None]]
    """By name; in seconds, or tokens per second."""
    n: Callable[[LatencyPoint], int]
    written: Callable[[float], str]
    unit: Unit
    note: str
    sort: str
    """How a list of calls is sorted that tells where a figure comes from."""


def _seconds(microseconds: int | None) -> float | None:
    return None if microseconds is None else microseconds / 1_000_000


def _time(seconds: float) -> str:
    return figures.duration(seconds * 1_000_000)


MEASURES = {
    measure.title: measure
    for measure in (
        Measure(
            title="First token",
            series={
                "p50": lambda point: _seconds(point.first_token.p50_us),
                "p95": lambda point: _seconds(point.first_token.p95_us),
                "p99": lambda point: _seconds(point.first_token.p99_us),
            },
            n=lambda point: point.first_token.n,
            written=_time,
            unit=charts.SECONDS,
            note="From sending the request to the first piece of content; streamed answers only.",
            sort="first-token",
        ),
        Measure(
            title="Whole answer",
            series={
                "p50": lambda point: _seconds(point.duration.p50_us),
                "p95": lambda point: _seconds(point.duration.p95_us),
                "p99": lambda point: _seconds(point.duration.p99_us),
                "provider": lambda point: _seconds(point.provider_duration.p50_us),
            },
            n=lambda point: point.duration.n,
            written=_time,
            unit=charts.SECONDS,
            note="From sending the request to the end of the answer. “provider” is the median of what providers say "
            "it took them.",
            sort="longest",
        ),
        Measure(
            title="Tokens per second",
            series={"p50": lambda point: point.speed.p50, "p05": lambda point: point.speed.p05},
            n=lambda point: point.speed.n,
            written=lambda value: f"{value:,.0f} tokens/s",
            unit=charts.PER_SECOND,
            note="Output tokens by the time they took to come, first token not counted; 95 in 100 calls reach p05.",
            sort="longest",
        ),
    )
}


def lines(measure: Measure, points: Sequence[LatencyPoint], grid: Grid) -> list[Line]:
    """Return a line for each series, with a gap where there were no such calls."""
    found = {point.at: point for point in points}
    return [
        _line(measure, name, read, at, found.get(at)) for name, read in measure.series.items() for at in grid.starts
    ]


def extent(measure: Measure, drawn: Sequence[Line]) -> str:
    """Return between which values lines run, in words."""
    values = [line.value for line in drawn if line.value is not None]
    if not values:
        return "nothing measured"
    return f"between {measure.written(min(values))} and {measure.written(max(values))}"


def pairs(rows: Sequence[LatencyRow], read: Callable[[LatencyRow], Spread], most: int) -> list[Pair]:
    """Return the percentiles of `most` models, of those with most calls; the slowest first."""
    timed = [row for row in rows if read(row).p50_us is not None][:most]
    several = len({row.model for row in timed}) < len(timed)
    return [_pair(row, read(row), several) for row in sorted(timed, key=lambda row: -(read(row).p95_us or 0))]


def columns() -> list[Column[LatencyRow]]:
    """Return what the table of models says."""

    def time(title: str, read: Callable[[LatencyRow], int | None]) -> Column[LatencyRow]:
        return Column(title=title, value=read, written=figures.duration, figure=True, width=88)

    def number(title: str, read: Callable[[LatencyRow], int]) -> Column[LatencyRow]:
        return Column(title=title, value=read, written=figures.count, figure=True, width=72)

    return [
        Column(title="Model", value=lambda row: row.model, width=210),
        Column(title="Provider", value=lambda row: row.provider, width=120),
        Column(title="Calls", value=lambda _: "Show", opens=True, width=64),
        number("n first token", lambda row: row.first_token.n),
        time("p50 first", lambda row: row.first_token.p50_us),
        time("p95 first", lambda row: row.first_token.p95_us),
        time("p99 first", lambda row: row.first_token.p99_us),
        number("n answer", lambda row: row.duration.n),
        time("p50 answer", lambda row: row.duration.p50_us),
        time("p95 answer", lambda row: row.duration.p95_us),
        time("p99 answer", lambda row: row.duration.p99_us),
        time("Provider's p50", lambda row: row.provider_duration.p50_us),
        Column(
            title="Tokens/s",
            value=lambda row: row.speed.p50,
            written=lambda value: f"{value:,.0f}",
            figure=True,
            help="Median; by calls that tell both output tokens and times.",
        ),
    ]


def _line(
    measure: Measure,
    name: str,
    read: Callable[[LatencyPoint], float | None],
    at: datetime,
    point: LatencyPoint | None,
) -> Line:
    value = None if point is None else read(point)
    n = 0 if point is None else measure.n(point)
    told = figures.ABSENT if value is None else f"{measure.written(value)} (n {figures.count(n)})"
    return Line(at=at, group=name, value=value, told=told)


def _pair(row: LatencyRow, spread: Spread, several: bool) -> Pair:
    low, high = spread.p50_us or 0, spread.p95_us or 0
    return Pair(
        name=f"{row.model} · {row.provider}" if several else row.model,
        model=row.model,
        provider=row.provider,
        low=low / 1_000_000,
        high=high / 1_000_000,
        told=f"p50 {figures.duration(low)}, p95 {figures.duration(high)}, n {figures.count(spread.n)}",
    )
