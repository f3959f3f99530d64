"""Latency: is it slow, where, since when?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from audit.store.rows import CallRow, LatencyRow, Spread, Totals
from dashboard import call_list, cards, charts, data, diagrams, figures, frame, speed
from dashboard.charts import Grid
from dashboard.frame import View
from dashboard.tables import MOST_SEEN, Table

_MOST_MODELS = 15


def body(here: View) -> None:
    """Draw the page."""
    _ask_ahead(here)
    totals = data.course(here.scope, here.bucket_s(), offset_s=here.offset_s).totals
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


def _ask_ahead(here: View) -> None:
    data.together(
        partial(data.course, here.scope, here.bucket_s(), offset_s=here.offset_s),
        *([partial(data.totals, here.past)] if here.past else []),
        partial(data.latency, here.scope, here.bucket_s(), offset_s=here.offset_s),
        partial(data.latency_by_model, here.scope),
        partial(data.slowest, here.scope, MOST_SEEN),
    )


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
    measure = speed.MEASURES.get(st.session_state.get("latency-measure", "")) or speed.MEASURES["First token"]
    points = data.latency(here.scope, grid.bucket_s, offset_s=here.offset_s)
    lines = speed.lines(measure, points, grid)
    colours = {**here.palette.percentiles, "p05": here.palette.percentiles["p95"]}
    chart = charts.lines_over_time(
        lines if any(line.value is not None for line in lines) else [],
        grid,
        colours={name: colours[name] for name in measure.series},
        unit=measure.unit,
        alt=f"{measure.title} per {grid.words}: {speed.extent(measure, lines)}",
    )
    hit = cards.chart_card(
        f"{measure.title} per {grid.words}",
        chart,
        "latency-time",
        note=measure.note + " Gaps: no such calls.",
        picks=True,
        controls=_measure_control,
        empty="No call in this time has such a figure. Imported recordings often tell no times.",
    )
    if hit:
        frame.go("calls", replace(cards.picked(here.choice.shared(), hit["at"], grid.bucket_s), sort=measure.sort))


def _measure_control() -> None:
    st.segmented_control(
        "Measure",
        list(speed.MEASURES),
        key="latency-measure",
        default="First token",
        required=True,
        label_visibility="collapsed",
        persist_state="session",
    )


def _dumbbells(
    here: View, title: str, rows: Sequence[LatencyRow], read: Callable[[LatencyRow], Spread], key: str
) -> None:
    pairs = speed.pairs(rows, read, _MOST_MODELS)
    slowest = f"slowest {pairs[0].name} with {pairs[0].told}" if pairs else "no model measured"
    chart = diagrams.dumbbells(pairs, here.palette, low="p50", high="p95", alt=f"{title}: {slowest}")
    hit = cards.chart_card(title, chart, key, picks=True, empty="No model has such a figure in this time.")
    if hit:
        frame.go("calls", frame.narrowed(here.choice.shared(), models=(hit["model"],), providers=(hit["provider"],)))


def _models(here: View, rows: Sequence[LatencyRow]) -> None:
    def opened(row: LatencyRow) -> None:
        frame.go("calls", frame.narrowed(here.choice.shared(), models=(row.model,), providers=(row.provider,)))

    cards.table_card(
        "By model",
        Table(columns=speed.columns(), rows=rows, alt="Percentiles of latency by model"),
        "latency-models",
        note="Calls that came to their end. “First” is the time to the first token, “answer” to the last.",
        opened=opened,
        file_name="latency-by-model.csv",
    )


def _slowest(here: View) -> None:
    rows = [row for row in data.slowest(here.scope, MOST_SEEN) if row.duration_us is not None]

    def opened(row: CallRow) -> None:
        frame.go("calls", here.choice, call=str(row.id))

    table = Table(columns=call_list.columns(here.zone, here.now), rows=rows, alt="The calls that took longest")
    cards.table_card("Slowest calls", table, "latency-slowest", opened=opened, note="Failed ones included.")


frame.live(body)
