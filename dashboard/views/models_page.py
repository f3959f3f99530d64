"""Models: do they work?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial

import streamlit as st

from audit.call import ModelMatch
from audit.canary.uptime import Uptime
from audit.canary.verdict import Verdict
from audit.store.rows import CheckRow, FlipRow, ModelRow, Spread, SubstitutionRow, UsageRow
from audit.store.scope import By
from dashboard import cards, data, figures, frame, strips, uptime
from dashboard.frame import View
from dashboard.strips import Day, Strip
from dashboard.tables import Column, Table, calls_column
from dashboard.uptime import DAYS, Checked

_FEWEST_DAYS = 30
_MOST_STRIPS = 40
_MOST_LISTED = 100
_NOT_WELL = tuple(verdict.value for verdict in Verdict if verdict is not Verdict.OK)
_SETUP = """\
[providers.openai]
base_url = "https://api.openai.com"
key_env = "OPENAI_API_KEY"

[[models]]
name = "gpt-4o"
provider = "openai"
"""


def body(here: View) -> None:
    """Draw the page."""
    data.together(
        partial(data.latency_by_model, here.scope),
        partial(data.usage, here.scope, By.REQUESTED),
        partial(data.substitutions, here.scope),
        data.models,
    )
    cards.heading("Models", here, data.health())
    models = [model for model in data.models() if _meant(here, model)]
    if models:
        _checked(here, models)
    else:
        _unchecked()
    _traffic(here)
    _substitutions(here)
    if models:
        _flips(here)
        _checks(here)


def _meant(here: View, model: ModelRow | FlipRow | CheckRow) -> bool:
    choice = here.choice
    return (not choice.providers or model.provider in choice.providers) and (
        not choice.models or model.model in choice.models
    )


def _checked(here: View, models: Sequence[ModelRow]) -> None:
    found = uptime.checked(models, data.flips(limit=10_000), data.settings(), here.now)
    with st.grid(4, min_column_width=150):
        for state in ("up", "degraded", "down", "unknown"):
            count = sum(one.state == state for one in found)
            cards.figure_card(
                state.capitalize(), figures.count(count), notes=[f"of {figures.plural(len(models), 'model')}"]
            )
    _strips(here, found)
    _table(here, found)


def _strips(here: View, found: Sequence[Checked]) -> None:
    drawn = [
        Strip(
            name=f"{one.model.model} · {one.model.provider}",
            figure=f"{one.state} · {one.told}",
            days=tuple(_day(day, span) for day, span in uptime.by_day(one.past, DAYS, here.zone, here.now).items()),
        )
        for one in found[:_MOST_STRIPS]
    ]
    today = here.now.astimezone(here.zone).date()
    oldest = min(one.model.first_check_at.astimezone(here.zone).date() for one in found)
    first = min(max(today - timedelta(days=DAYS - 1), oldest), today - timedelta(days=_FEWEST_DAYS))
    chart = strips.uptime_strips(
        drawn, first, today, here.palette, alt=f"State of {len(drawn)} models on each of {DAYS} days"
    )
    cards.chart_card(
        f"Uptime, {DAYS} days",
        chart,
        "models-uptime",
        note="By time, from a model's first check on. Uptime = (up + degraded) ÷ known time; coverage = how much is "
        "known. A state that lasted at all fills a tenth of its day's bar at least.",
    )


def _day(day: date, span: Uptime) -> Day:
    length = sum(span.seconds.values())
    told = ", ".join(
        f"{state.value} {figures.duration(seconds * 1_000_000)}" for state, seconds in span.seconds.items() if seconds
    )
    return Day(day=day, shares={state.value: seconds / length for state, seconds in span.seconds.items()}, told=told)


def _table(here: View, found: Sequence[Checked]) -> None:
    def opened(one: Checked) -> None:
        names = {one.model.model, *([one.last.model_served] if one.last and one.last.model_served else [])}
        frame.go("calls", frame.narrowed(here.choice.shared(), models=tuple(sorted(names))))

    table = Table(columns=_checked_columns(here), rows=found, alt="Models that are checked")
    cards.table_card(
        "Models that are checked",
        table,
        "models-table",
        note="Uptime and coverage over 90 days, or since the first check. First token: of callers' streams in "
        f"{cards.period_words(here.choice)}.",
        opened=opened,
        file_name="models.csv",
    )


def _checked_columns(here: View) -> list[Column[Checked]]:
    def when(at: datetime | None) -> str:
        return figures.short_moment(at, here.zone, here.now)

    speeds = {(row.provider, row.model): row.first_token for row in data.latency_by_model(here.scope)}

    def first_token(one: Checked) -> Spread:
        """By the name that serves, else by the one that is asked for."""
        served = one.last.model_served if one.last else None
        keys = [(one.model.provider, name) for name in (served, one.model.model) if name]
        return next((speeds[key] for key in keys if key in speeds), Spread())

    return [
        Column(title="Model", value=lambda one: one.model.model, width=190),
        Column(title="Provider", value=lambda one: one.model.provider, width=110),
        Column(title="Calls", value=lambda _: "Show", opens=True, width=58),
        Column(title="State", value=lambda one: one.state, pills=True, width=92),
        Column(title="Since", value=lambda one: when(one.past.since), width=116),
        Column(title="Uptime", value=lambda one: one.availability, figure=True, width=78),
        Column(title="Coverage", value=lambda one: one.coverage, written=figures.percent, figure=True, width=78),
        Column(
            title="First token, p95",
            value=lambda one: first_token(one).p95_us,
            written=figures.duration,
            figure=True,
            width=100,
        ),
        Column(title="n", value=lambda one: first_token(one).n, written=figures.count, figure=True, width=56),
        Column(title="Last check", value=lambda one: when(one.last.started_at if one.last else None), width=116),
        Column(title="Verdict", value=lambda one: one.last.verdict if one.last else None, width=90),
        Column(title="Served as", value=lambda one: one.last.model_served if one.last else None, width=170),
    ]


def _unchecked() -> None:
    with cards.card("No model is checked yet"):
        st.caption(
            "A canary asks each model a short question every few minutes, and tells an outage from a slow day. "
            "Name the models in audit.toml:"
        )
        st.code(_SETUP, language="toml")
        st.caption("Then let the canaries run, or look at made-up ones:")
        st.code("audit canary run\naudit demo", language="bash")


def _traffic(here: View) -> None:
    rows = data.usage(here.scope, By.REQUESTED)

    def opened(row: UsageRow) -> None:
        frame.go("calls", frame.narrowed(here.choice.shared(), requested=(row.group or "",)))

    table: Table[UsageRow] = Table(
        columns=[
            Column(title="Model asked for", value=lambda row: row.group or "unknown", width=240),
            calls_column(width=80),
            Column(title="Errors", value=lambda row: figures.rate(row.errors, row.calls), width=210),
            Column(title="Unfinished", value=lambda row: row.unfinished, written=figures.count, figure=True),
            Column(title="Refusals", value=lambda row: row.refusals, written=figures.count, figure=True),
            Column(title="First call", value=lambda row: figures.moment(row.first_at, here.zone), width=150),
            Column(title="Last call", value=lambda row: figures.moment(row.last_at, here.zone), width=150),
        ],
        rows=rows,
        alt="How models did in recorded traffic",
    )
    cards.table_card(
        "In recorded traffic",
        table,
        "models-traffic",
        opened=opened,
        note=f"What callers met with in {cards.period_words(here.choice)}: checks of our own do not count here.",
        file_name="models-in-traffic.csv",
    )


def _substitutions(here: View) -> None:
    def opened(row: SubstitutionRow) -> None:
        choice = frame.narrowed(here.choice.shared(), models=(row.served,), providers=(row.provider,))
        frame.go("calls", frame.narrowed(choice, matches=(row.match,)))

    rows = sorted(data.substitutions(here.scope), key=lambda row: (row.match != ModelMatch.DIFFERENT, -row.calls))
    cards.table_card(
        "Served under another name",
        Table(columns=_substitution_columns(here), rows=rows, alt="Which models served in the place of which"),
        "models-substitutions",
        opened=opened,
        empty="Every call was served by the model it asked for, as far as replies tell.",
        file_name="substitutions.csv",
    )


def _substitution_columns(here: View) -> list[Column[SubstitutionRow]]:
    return [
        Column(title="Asked for", value=lambda row: row.requested, width=230),
        Column(title="Served", value=lambda row: row.served, width=230),
        Column(title="Provider", value=lambda row: row.provider, width=120),
        Column(
            title="Match",
            value=lambda row: row.match,
            pills=True,
            width=92,
            help="alias: a dated snapshot of the name, or a configured alias; different: another model",
        ),
        calls_column(width=80),
        Column(title="First", value=lambda row: figures.moment(row.first_at, here.zone), width=140),
        Column(title="Last", value=lambda row: figures.moment(row.last_at, here.zone), width=140),
    ]


def _flips(here: View) -> None:
    table: Table[FlipRow] = Table(
        columns=[
            Column(title="When", value=lambda flip: figures.moment(flip.at, here.zone), width=150),
            Column(title="Model", value=lambda flip: flip.model, width=210),
            Column(title="Provider", value=lambda flip: flip.provider, width=120),
            Column(title="From", value=lambda flip: flip.state_before, pills=True, width=92),
            Column(title="To", value=lambda flip: flip.state, pills=True, width=92),
            Column(title="Why", value=lambda flip: flip.reason, width=420),
        ],
        rows=[flip for flip in data.flips(here.scope.since, here.scope.until) if _meant(here, flip)][:_MOST_LISTED],
        alt="Changes of state",
    )
    cards.table_card("Changes of state", table, "models-flips", empty="No model changed its state in this time.")


def _checks(here: View) -> None:
    found = data.checks(here.scope.since, here.scope.until, verdicts=_NOT_WELL)
    failed = [check for check in found if _meant(here, check)][:_MOST_LISTED]

    def opened(check: CheckRow) -> None:
        if check.call_id is not None:
            frame.go("calls", here.choice, call=str(check.call_id))

    table: Table[CheckRow] = Table(
        columns=[
            Column(
                title="When", value=lambda check: figures.moment(check.started_at, here.zone), opens=True, width=150
            ),
            Column(title="Canary", value=lambda check: check.canary, width=110),
            Column(title="Model", value=lambda check: check.model, width=190),
            Column(title="Verdict", value=lambda check: check.verdict, width=110),
            Column(title="Why", value=lambda check: "; ".join(check.reasons), width=420),
            Column(title="Whole", value=lambda check: check.duration_us, written=figures.duration, figure=True),
        ],
        rows=failed,
        alt="Checks that did not go well",
    )
    cards.table_card(
        "Checks that did not go well",
        table,
        "models-checks",
        opened=opened,
        empty="All checks in this time went well.",
    )


frame.live(body)
