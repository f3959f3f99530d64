"""Overview: is anything wrong, and what changed?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from audit.call import ModelMatch, Outcome
from audit.store.rows import FlipRow, OutcomeRow, Totals, UsageRow
from audit.store.scope import By, Scope, Standing
from dashboard import cards, charts, data, figures, frame, headline, state_strip, uptime
from dashboard.changes import Period, notices
from dashboard.charts import Bar, Grid
from dashboard.frame import View
from dashboard.palette import word
from dashboard.state_strip import Chip
from dashboard.tables import Column, Table, show

_MOST, _MOST_CHIPS = 8, 24
_BLOCKED = tuple(outcome.value for outcome in Outcome if outcome.blocked)
_COURSES = (data.course, data.outcomes)


def body(here: View) -> None:
    """Draw the page."""
    _ask_ahead(here)
    known, totals = data.health(), data.course(here.scope, here.bucket_s(), offset_s=here.offset_s).totals
    cards.heading("Overview", here, known)
    if totals.calls == 0:
        cards.nothing("overview", here, known)
        return
    past = data.totals(here.past) if here.past else None
    grid = here.grid(totals)
    outcomes = data.outcomes(here.scope, grid.bucket_s, offset_s=here.offset_s)
    _stands_out(here, totals, past, outcomes)
    headline.draw(here, totals, past, grid)
    _checked(here)
    left, right = st.columns([4, 3])
    with left:
        _outcomes(here, grid, outcomes)
    with right:
        _models(here)
    _below(here, past)


def _ask_ahead(here: View) -> None:
    """Have all that the page needs looked up at once: most of the time it takes is the database's."""
    scopes = [scope for scope in (here.scope, here.past) if scope is not None]
    compared = scopes if here.past else []
    data.together(
        *(partial(data.substitutions, scope) for scope in scopes),
        *([partial(data.totals, here.past)] if here.past else []),
        *(partial(data.usage, scope, By.REQUESTED) for scope in scopes),
        *(partial(ask, scope) for scope in compared for ask in (data.latency_by_model, _by_served)),
        *(partial(ask, here.scope, here.bucket_s(), offset_s=here.offset_s) for ask in _COURSES),
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


def _stands_out(here: View, totals: Totals, past: Totals | None, outcomes: Sequence[OutcomeRow]) -> None:
    now = Period(
        totals=totals,
        usage=data.usage(here.scope, By.REQUESTED),
        served=_by_served(here.scope) if here.past is not None else (),
        latency=data.latency_by_model(here.scope) if here.past is not None else (),
        outcomes=outcomes,
        substitutions=data.substitutions(here.scope),
    )
    before = None
    if here.past is not None and past is not None and past.calls:
        before = Period(
            totals=past,
            usage=data.usage(here.past, By.REQUESTED),
            served=_by_served(here.past),
            latency=data.latency_by_model(here.past),
            substitutions=data.substitutions(here.past),
        )
    found = notices(now, before)
    words = cards.period_words(here.choice)
    compared = "against the period before" if before else "the record holds no whole period before to compare with"
    with cards.card("What stands out", note=f"In {words}; {compared}."):
        if found:
            cards.notice_list(found, here.choice.shared())
        else:
            st.caption(f":green[:material/check:] Nothing, in {figures.plural(totals.calls, 'call')}.")


def _by_served(scope: Scope) -> tuple[UsageRow, ...]:
    return data.usage(scope, By.MODEL)


def _checked(here: View) -> None:
    found = uptime.checked(data.models(), data.flips(limit=10_000), data.settings(), here.now)
    with st.container(border=True, gap="small"):
        if not found:
            st.caption(":gray[:material/help:] No model is checked: nobody knows whether they work.", width="content")
            frame.link("models", "Have them checked", here.choice.shared(), icon=":material/arrow_forward:")
            return
        chips = [
            Chip(model=one.model.model, provider=one.model.provider, state=one.state, told=one.told) for one in found
        ]
        st.caption("Checked models, and their uptime")
        pressed = state_strip.draw(chips[:_MOST_CHIPS], "overview-states")
        if len(chips) > _MOST_CHIPS:
            left = figures.plural(len(chips) - _MOST_CHIPS, "more checked model")
            frame.link("models", f"and {left}", here.choice.shared(), icon=":material/arrow_forward:")
    if pressed:
        frame.go("models", frame.narrowed(here.choice.shared(), models=(pressed.model,)))


def _outcomes(here: View, grid: Grid, rows: Sequence[OutcomeRow]) -> None:
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
    rows = data.usage(here.scope, By.REQUESTED)

    def opened(row: UsageRow, **further: tuple[str, ...]) -> None:
        frame.go("calls", frame.narrowed(here.choice.shared(), requested=(row.group or "",), **further))

    state: Column[UsageRow] = Column(
        title="State",
        value=lambda row: states.get(row.group or "", "not checked"),
        pills=True,
        width=96,
        help="By canaries; how callers fared is told by the columns to the right",
    )
    failed, blocked = partial(opened, standings=(Standing.ERROR,)), partial(opened, outcomes=_BLOCKED)
    table: Table[UsageRow] = Table(
        columns=[
            Column(title="Model asked for", value=lambda row: row.group or "unknown", width=170),
            state,
            _leading("Calls", lambda row: figures.count(row.calls), opened),
            _leading("Errors", lambda row: figures.share(row.errors, row.calls), failed),
            _leading("Blocked", lambda row: figures.share(row.blocked, row.calls), blocked),
        ],
        rows=rows[:_MOST],
        alt="Models asked for by number of calls, with state, errors and blocks",
    )

    with cards.card("Models asked for, by calls"):
        show(table, "overview-models")
        left_out = len(rows) - len(table.rows)
        frame.link("models", f"All {len(rows)} models" if left_out > 0 else "Uptime and checks", here.choice.shared())


def _leading(title: str, value: Callable[[UsageRow], str], opened: Callable[[UsageRow], None]) -> Column[UsageRow]:
    told = "Opens the list of these calls"
    return Column(title=title, value=value, opens=True, opened=opened, figure=True, width=72, help=told)


def _states(here: View) -> dict[str, str]:
    """The state of checked models by every name they go by; of several providers' the worst."""
    found: dict[str, str] = {}
    for one in uptime.checked(data.models(), data.flips(limit=10_000), data.settings(), here.now):
        for name in filter(None, (one.last.model_served if one.last else None, one.model.model)):
            found.setdefault(name, one.state)
    for pair in data.substitutions(here.scope):
        if pair.match == ModelMatch.ALIAS and pair.requested in found:
            found.setdefault(pair.served, found[pair.requested])
    return found


def _movers(here: View) -> None:
    before = {row.group: row for row in data.usage(here.past, By.REQUESTED)} if here.past else {}
    rows = sorted(data.usage(here.scope, By.REQUESTED), key=lambda row: -abs(row.calls - _calls(before.get(row.group))))
    table: Table[UsageRow] = Table(
        columns=[
            Column(title="Model asked for", value=lambda row: row.group or "unknown", width=150),
            Column(title="Calls", value=lambda row: figures.count(row.calls), opens=True, figure=True),
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

    def opened(row: UsageRow) -> None:
        frame.go("calls", frame.narrowed(here.choice.shared(), requested=(row.group or "",)))

    cards.table_card("Top movers", table, "overview-movers", opened=opened, empty="No model's number of calls moved.")


def _incidents(here: View, flips: Sequence[FlipRow]) -> None:
    table: Table[FlipRow] = Table(
        columns=[
            Column(title="When", value=lambda flip: figures.short_moment(flip.at, here.zone, here.now), width=120),
            Column(title="Model", value=lambda flip: flip.model, width=150),
            Column(title="State", value=lambda flip: flip.state, pills=True, width=92),
            Column(title="Why", value=lambda flip: flip.reason, width=260),
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
                "Newest came in": figures.moment(known.recorded_at, here.zone),
                "Journal on this machine": figures.size(data.journal_bytes()),
                "Known to be lost": f"{figures.count(known.lost)} · last day {figures.count(known.lost_last_day)}",
                "Not wholly understood": f"{figures.count(known.noted)} of {figures.count(known.calls)}",
                "Of unknown format": figures.count(known.unknown_dialect),
                "Cut off by a crash of ours": figures.count(known.unknown_ending),
                "Size": figures.size(known.size_bytes),
            },
            border="horizontal",
            alt="How the record itself does",
        )


frame.live(body)
