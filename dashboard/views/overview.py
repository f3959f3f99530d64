"""Overview: is anything wrong, and what changed?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from audit.store.rows import FlipRow, Point, Totals, UsageRow
from audit.store.scope import By
from dashboard import cards, charts, data, figures, frame, uptime
from dashboard.changes import Period, notices
from dashboard.charts import Bar, Grid
from dashboard.frame import View
from dashboard.palette import word
from dashboard.tables import Column, Table, show

_MOST = 8


def body(here: View) -> None:
    """Draw the page."""
    _ask_ahead(here)
    known, totals = data.health(), data.totals(here.scope)
    cards.heading("Overview", here, known)
    if totals.calls == 0:
        cards.nothing("overview", here, known)
        return
    past = data.totals(here.past) if here.past else None
    grid = here.grid(totals)
    _stands_out(here, totals, past)
    _figures(totals, past, grid, data.series(here.scope, grid.bucket_s, offset_s=here.offset_s))
    left, right = st.columns([4, 3])
    with left:
        _outcomes(here, grid)
    with right:
        _models(here)
    _below(here, past)


def _ask_ahead(here: View) -> None:
    """Have all that the page needs looked up at once: most of the time it takes is the database's."""
    scopes = [scope for scope in (here.scope, here.past) if scope is not None]
    data.together(
        *(partial(ask, scope) for scope in scopes for ask in (data.totals, data.latency_by_model, data.substitutions)),
        *(partial(data.usage, scope, By.MODEL) for scope in scopes),
        partial(data.outcomes, here.scope),
        data.models,
    )


def _below(here: View, past: Totals | None) -> None:
    flips = data.flips(here.scope.since, here.scope.until, limit=_MOST)
    sections: list[Callable[[], None]] = [lambda: _record(here)]
    if flips:
        sections.insert(0, lambda: _incidents(here, flips))
    if here.past is not None and past and past.calls:
        sections.insert(0, lambda: _movers(here))
    for column, section in zip(st.columns(len(sections)), sections, strict=True):
        with column:
            section()


def _stands_out(here: View, totals: Totals, past: Totals | None) -> None:
    now = _period(here, totals)
    before = None
    if here.past is not None and past is not None and past.calls:
        before = Period(
            totals=past,
            usage=data.usage(here.past, By.MODEL),
            latency=data.latency_by_model(here.past),
            substitutions=data.substitutions(here.past),
        )
    found = notices(now, before)
    words = cards.period_words(here.choice)
    compared = "against the period before" if before else "there is no earlier period to compare with"
    with cards.card("What stands out", note=f"In {words}; {compared}."):
        if found:
            cards.notice_list(found, here.choice.shared())
        else:
            st.caption(f":green[:material/check:] Nothing, in {figures.plural(totals.calls, 'call')}.")


def _period(here: View, totals: Totals) -> Period:
    return Period(
        totals=totals,
        usage=data.usage(here.scope, By.MODEL),
        latency=data.latency_by_model(here.scope),
        outcomes=data.outcomes(here.scope),
        substitutions=data.substitutions(here.scope),
    )


def _figures(totals: Totals, past: Totals | None, grid: Grid, points: tuple[Point, ...]) -> None:
    at = {point.at: point for point in points}
    course = [at.get(start) for start in grid.starts]
    with st.grid(6, min_column_width=150):
        cards.figure_card(
            "Calls",
            figures.count(totals.calls),
            delta=cards.compared(totals.calls, past, lambda before: before.calls),
            spark=[point.calls if point else 0 for point in course],
            notes=[f"{figures.count(totals.unfinished)} unfinished"],
            help="Calls for which a model was made to work.",
        )
        cards.cost_card(totals, past, course)
        _token_card(totals, past, course)
        cards.share_card(
            "Error rate",
            lambda tally: tally.errors,
            totals,
            past,
            course,
            worse_when="up",
            help="Transport failures, HTTP status from 400 that is no block, errors in a reply, answers cut short.",
        )
        _first_token_card(totals, past)
        cards.share_card(
            "Blocked",
            lambda tally: tally.blocked,
            totals,
            past,
            course,
            help="Calls whose prompt or completion a content filter withheld or stopped.",
        )


def _token_card(totals: Totals, past: Totals | None, course: list[Point | None]) -> None:
    cards.figure_card(
        "Tokens",
        figures.tokens(_tokens(totals)),
        delta=cards.compared(_tokens(totals) or 0, past, lambda before: _tokens(before) or 0),
        spark=[(_tokens(point) or 0) if point else 0 for point in course],
        notes=[
            f"{figures.tokens(totals.input_tokens)} in · {figures.tokens(totals.output_tokens)} out",
            f"{figures.count(totals.without_usage)} without usage",
        ],
    )


def _first_token_card(totals: Totals, past: Totals | None) -> None:
    first = totals.first_token
    cards.figure_card(
        "First token, p95",
        figures.duration(first.p95_us),
        delta=cards.compared(first.p95_us, past, lambda before: before.first_token.p95_us or 0)
        if first.p95_us
        else None,
        worse_when="up",
        notes=[f"p50 {figures.duration(first.p50_us)} · n {figures.count(first.n)}" if first.n else "not measured"],
        help="From sending a request to the first piece of content; streamed answers only.",
    )


def _tokens(sums: Totals | Point) -> int | None:
    if sums.input_tokens is None and sums.output_tokens is None:
        return None
    return (sums.input_tokens or 0) + (sums.output_tokens or 0)


def _outcomes(here: View, grid: Grid) -> None:
    rows = data.outcomes(here.scope, grid.bucket_s, offset_s=here.offset_s)
    sums: dict[str, int] = {}
    for row in rows:
        sums[row.outcome] = sums.get(row.outcome, 0) + row.calls
    colours = {outcome: colour for outcome, colour in here.palette.outcomes.items() if outcome in sums}
    bars = [
        Bar(at=row.at, group=row.outcome, value=row.calls, told=figures.plural(row.calls, "call"))
        for row in rows
        if row.at is not None
    ]
    told = ", ".join(f"{word(outcome)} {figures.count(calls)}" for outcome, calls in sums.items())
    chart = charts.bars_over_time(
        bars,
        grid,
        colours=colours,
        unit=charts.COUNT,
        names={outcome: word(outcome) for outcome in sums},
        alt=f"Calls per {grid.words} by what content filters did: {told}",
        height=300,
    )
    hit = cards.chart_card(f"Calls per {grid.words}, by content filter outcome", chart, "overview-outcomes", picks=True)
    if hit:
        choice = cards.picked(here.choice.shared(), hit["at"], grid.bucket_s)
        frame.go("calls", frame.narrowed(choice, outcomes=(hit["key"],)))


def _models(here: View) -> None:
    states = _states(here)
    rows = data.usage(here.scope, By.MODEL)
    table: Table[UsageRow] = Table(
        columns=[
            Column(title="Model", value=lambda row: row.group or "unknown", width=170),
            Column(title="State", value=lambda row: states.get(row.group or ""), pills=True, width=92),
            Column(title="Calls", value=lambda row: row.calls, written=figures.count, figure=True, width=72),
            Column(
                title="Errors", value=lambda row: row.errors / row.calls, written=figures.percent, figure=True, width=72
            ),
            Column(
                title="Blocked",
                value=lambda row: row.blocked / row.calls,
                written=figures.percent,
                figure=True,
                width=72,
            ),
        ],
        rows=rows[:_MOST],
        alt="Models by number of calls, with state, errors and blocks",
    )
    with cards.card("Models"):
        show(table, "overview-models")
        left_out = len(rows) - len(table.rows)
        frame.link("models", f"All {len(rows)} models" if left_out > 0 else "Uptime and checks", here.choice.shared())


def _states(here: View) -> dict[str, str]:
    """The state of checked models, by the name they were asked for and the one that last served."""
    found: dict[str, str] = {}
    for model in data.models():
        past = uptime.history(model, data.flips(limit=10_000), uptime.interval(data.settings(), model), here.now)
        last = uptime.last_check(model)
        for name in filter(None, (last.model_served if last else None, model.model)):
            found[name] = past.state
    return found


def _movers(here: View) -> None:
    before = {row.group: row for row in data.usage(here.past, By.MODEL)} if here.past else {}
    rows = sorted(data.usage(here.scope, By.MODEL), key=lambda row: -abs(row.calls - _calls(before.get(row.group))))
    table: Table[UsageRow] = Table(
        columns=[
            Column(title="Model", value=lambda row: row.group or "unknown", width=150),
            Column(title="Calls", value=lambda row: row.calls, written=figures.count, figure=True),
            Column(title="Before", value=lambda row: _calls(before.get(row.group)), written=figures.count, figure=True),
            Column(
                title="Change",
                value=lambda row: row.calls - _calls(before.get(row.group)),
                written=lambda moved: f"{moved:+,.0f}",
                figure=True,
            ),
        ],
        rows=[row for row in rows if row.calls != _calls(before.get(row.group))][:_MOST],
        alt="Models whose number of calls moved most",
    )
    cards.table_card("Top movers", table, "overview-movers", empty="No model's number of calls moved.")


def _incidents(here: View, flips: Sequence[FlipRow]) -> None:
    table: Table[FlipRow] = Table(
        columns=[
            Column(title="When", value=lambda flip: figures.short_moment(flip.at, here.zone, here.now), width=120),
            Column(title="Model", value=lambda flip: flip.model, width=150),
            Column(title="State", value=lambda flip: flip.state, pills=True, width=92),
        ],
        rows=flips,
        alt="Latest changes of state",
    )
    cards.table_card("Latest changes of state", table, "overview-flips")


def _calls(row: UsageRow | None) -> int:
    return row.calls if row else 0


def _record(here: View) -> None:
    known = data.health()
    with cards.card("The record itself"):
        st.table(
            {
                "Calls on record": figures.count(known.calls),
                "Recorded last": figures.moment(known.recorded_at, here.zone),
                "Known to be lost": figures.count(known.lost),
                "of it in the last day": figures.count(known.lost_last_day),
                "Read with notes": f"{figures.count(known.noted)} of {figures.count(known.calls)}",
                "Of unknown format": figures.count(known.unknown_dialect),
                "End not seen": figures.count(known.unknown_ending),
                "Size": figures.size(known.size_bytes),
            },
            border="horizontal",
            alt="How the record itself does",
        )


frame.live(body)
