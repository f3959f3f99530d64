"""Latency: is it slow, where, since when?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from audit.store.rows import CallRow, LatencyPoint, LatencyRow, Spread, Totals
from dashboard import call_list, cards, charts, data, diagrams, figures, frame
from dashboard.charts import Grid, Line, Unit
from dashboard.diagrams import Pair
from dashboard.frame import View
from dashboard.tables import Column, Table

_MOST_MODELS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measure:
    title: str
    series: dict[str, Callable[[LatencyPoint], float | None]]
    """In seconds, or tokens per second."""
    n: Callable[[LatencyPoint], int]
    written: Callable[[float], str]
    unit: Unit
    note: str


def _seconds(microseconds: int | None) -> float | None:
    return None if microseconds is None else microseconds / 1_000_000


def _time(seconds: float) -> str:
    return figures.duration(seconds * 1_000_000)


_MEASURES = {
    measure.title: measure
    for measure in (
        _Measure(
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
        ),
        _Measure(
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
        ),
        _Measure(
            title="Tokens per second",
            series={"p50": lambda point: point.speed.p50, "p05": lambda point: point.speed.p05},
            n=lambda point: point.speed.n,
            written=lambda value: f"{value:,.0f} tokens/s",
            unit=charts.PER_SECOND,
            note="Output tokens by the time they took to come, first token not counted; 95 in 100 calls reach p05.",
        ),
    )
}


def body(here: View) -> None:
    """Draw the page."""
    totals = data.totals(here.scope)
    cards.heading("Latency", here, data.health())
    if totals.calls == 0:
        cards.nothing("latency", here, data.health())
        return
    _figures(totals, data.totals(here.past) if here.past else None)
    _over_time(here, here.grid(totals))
    rows = data.latency_by_model(here.scope)
    left, right = st.columns(2)
    with left:
        _dumbbells(here, "First token by model", rows, lambda row: row.first_token, "latency-first")
    with right:
        _dumbbells(here, "Whole answer by model", rows, lambda row: row.duration, "latency-duration")
    _models(here, rows)
    _slowest(here)


def _figures(totals: Totals, past: Totals | None) -> None:
    with st.grid(4, min_column_width=150):
        for title, read in _CARDS.items():
            now, spread = read(totals)
            cards.figure_card(
                title,
                figures.duration(now),
                delta=cards.compared(now, past, _reading(read)) if now else None,
                worse_when="up",
                notes=[f"n {figures.count(spread.n)} of {figures.plural(totals.calls, 'call')}"],
            )


_Read = Callable[[Totals], tuple[int | None, Spread]]
_CARDS: dict[str, _Read] = {
    "First token, p50": lambda totals: (totals.first_token.p50_us, totals.first_token),
    "First token, p95": lambda totals: (totals.first_token.p95_us, totals.first_token),
    "Whole answer, p50": lambda totals: (totals.duration.p50_us, totals.duration),
    "Whole answer, p95": lambda totals: (totals.duration.p95_us, totals.duration),
}


def _reading(read: _Read) -> Callable[[Totals], float]:
    return lambda totals: read(totals)[0] or 0


def _over_time(here: View, grid: Grid) -> None:
    measure = _MEASURES.get(st.session_state.get("latency-measure", "")) or _MEASURES["First token"]
    points = {point.at: point for point in data.latency(here.scope, grid.bucket_s, offset_s=here.offset_s)}
    lines = [
        _line(measure, name, read, grid.starts[number], points.get(grid.starts[number]))
        for name, read in measure.series.items()
        for number in range(len(grid.starts))
    ]
    drawn = [line for line in lines if line.value is not None]
    palette = {**here.palette.percentiles, "p05": here.palette.percentiles["p95"]}
    chart = charts.lines_over_time(
        lines if drawn else [],
        grid,
        colours={name: palette[name] for name in measure.series},
        unit=measure.unit,
        alt=f"{measure.title} per {grid.words}: " + (_extent(measure, drawn) if drawn else "nothing measured"),
    )
    cards.chart_card(
        f"{measure.title} per {grid.words}",
        chart,
        "latency-time",
        note=measure.note + " Gaps: no such calls.",
        controls=_measure_control,
        empty="No call in this time has such a figure. Imported recordings often tell no times.",
    )


def _measure_control() -> None:
    st.segmented_control(
        "Measure",
        list(_MEASURES),
        key="latency-measure",
        default="First token",
        required=True,
        label_visibility="collapsed",
        persist_state="session",
    )


def _line(
    measure: _Measure, name: str, read: Callable[[LatencyPoint], float | None], at: object, point: LatencyPoint | None
) -> Line:
    value = None if point is None else read(point)
    n = 0 if point is None else measure.n(point)
    told = figures.ABSENT if value is None else f"{measure.written(value)} (n {figures.count(n)})"
    return Line(at=at, group=name, value=value, told=told)  # type: ignore[arg-type]  # a start of the grid


def _extent(measure: _Measure, drawn: Sequence[Line]) -> str:
    values = [line.value for line in drawn if line.value is not None]
    return f"between {measure.written(min(values))} and {measure.written(max(values))}"


def _dumbbells(
    here: View, title: str, rows: Sequence[LatencyRow], read: Callable[[LatencyRow], Spread], key: str
) -> None:
    timed = [row for row in rows if read(row).p50_us is not None][:_MOST_MODELS]
    several = len({row.model for row in timed}) < len(timed)
    pairs = [_pair(row, read(row), several) for row in sorted(timed, key=lambda row: -(read(row).p95_us or 0))]
    slowest = f"slowest {pairs[0].name} with {pairs[0].told}" if pairs else "no model measured"
    chart = diagrams.dumbbells(pairs, here.palette, low="p50", high="p95", alt=f"{title}: {slowest}")
    cards.chart_card(title, chart, key, empty="No model has such a figure in this time.")


def _pair(row: LatencyRow, spread: Spread, several: bool) -> Pair:
    low, high = spread.p50_us or 0, spread.p95_us or 0
    return Pair(
        name=f"{row.model} · {row.provider}" if several else row.model,
        low=low / 1_000_000,
        high=high / 1_000_000,
        told=f"p50 {figures.duration(low)}, p95 {figures.duration(high)}, n {figures.count(spread.n)}",
    )


def _models(here: View, rows: Sequence[LatencyRow]) -> None:
    def time(title: str, read: Callable[[LatencyRow], int | None]) -> Column[LatencyRow]:
        return Column(title=title, value=read, written=figures.duration, figure=True, width=88)

    def number(title: str, read: Callable[[LatencyRow], int]) -> Column[LatencyRow]:
        return Column(title=title, value=read, written=figures.count, figure=True, width=72)

    def opened(row: LatencyRow) -> None:
        frame.go("calls", frame.narrowed(here.choice.shared(), models=(row.model,), providers=(row.provider,)))

    table: Table[LatencyRow] = Table(
        columns=[
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
        ],
        rows=rows,
        alt="Percentiles of latency by model",
    )
    cards.table_card(
        "By model",
        table,
        "latency-models",
        note="Calls that came to their end. “First” is the time to the first token, “answer” to the last.",
        opened=opened,
        file_name="latency-by-model.csv",
    )


def _slowest(here: View) -> None:
    rows = [row for row in data.slowest(here.scope, 15) if row.duration_us is not None]

    def opened(row: CallRow) -> None:
        frame.go("calls", here.choice, call=str(row.id))

    table = Table(columns=call_list.columns(here.zone, here.now), rows=rows, alt="The calls that took longest")
    cards.table_card("Slowest calls", table, "latency-slowest", opened=opened, note="Failed ones included.")


frame.live(body)
