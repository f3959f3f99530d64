"""Models: do they work?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import streamlit as st

from audit.call import ModelMatch
from audit.canary.uptime import Uptime
from audit.store.rows import CheckRow, FlipRow, ModelRow, SubstitutionRow, UsageRow
from audit.store.scope import By
from dashboard import cards, data, figures, frame, strips, uptime
from dashboard.frame import View
from dashboard.strips import Day, Strip
from dashboard.tables import Column, Table
from dashboard.uptime import History

_DAYS = 90
_FEWEST_DAYS = 30
_FULL = 0.95
"""Coverage below which an uptime is not told without it."""
_MOST_STRIPS = 40
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


def _meant(here: View, model: ModelRow) -> bool:
    choice = here.choice
    return (not choice.providers or model.provider in choice.providers) and (
        not choice.models or model.model in choice.models
    )


def _checked(here: View, models: Sequence[ModelRow]) -> None:
    settings, flips = data.settings(), data.flips(limit=10_000)
    past = {
        (model.provider, model.model): uptime.history(model, flips, uptime.interval(settings, model), here.now)
        for model in models
    }
    now = {state: sum(one.state == state for one in past.values()) for state in ("up", "degraded", "down", "unknown")}
    with st.grid(4, min_column_width=150):
        for state, count in now.items():
            cards.figure_card(
                state.capitalize(), figures.count(count), notes=[f"of {figures.plural(len(models), 'model')}"]
            )
    days = {key: uptime.by_day(one, _DAYS, here.zone, here.now) for key, one in past.items()}
    whole = {key: one.between(here.now - timedelta(days=_DAYS), here.now) for key, one in past.items()}
    _strips(here, models, past, days, whole)
    _table(here, models, past, whole)


def _strips(
    here: View,
    models: Sequence[ModelRow],
    past: Mapping[tuple[str, str], History],
    days: Mapping[tuple[str, str], Mapping[date, Uptime]],
    whole: Mapping[tuple[str, str], Uptime | None],
) -> None:
    ranks = {"down": 0, "degraded": 1, "unknown": 2, "up": 3}
    ordered = sorted(models, key=lambda model: (ranks[past[_key(model)].state], model.provider, model.model))
    drawn = [
        Strip(
            name=f"{model.model} · {model.provider}",
            figure=_figure(past[_key(model)], whole[_key(model)]),
            days=tuple(_day(day, span) for day, span in days[_key(model)].items()),
        )
        for model in ordered[:_MOST_STRIPS]
    ]
    today = here.now.astimezone(here.zone).date()
    oldest = min(model.first_check_at.astimezone(here.zone).date() for model in models)
    first = min(max(today - timedelta(days=_DAYS - 1), oldest), today - timedelta(days=_FEWEST_DAYS))
    chart = strips.uptime_strips(
        drawn, first, today, here.palette, alt=f"State of {len(drawn)} models on each of {_DAYS} days"
    )
    cards.chart_card(
        f"Uptime, {_DAYS} days",
        chart,
        "models-uptime",
        note="By time, from a model's first check on. Uptime = (up + degraded) ÷ known time; coverage = how much is "
        "known. A state that lasted at all fills a tenth of its day's bar at least.",
    )


def _figure(past: History, whole: Uptime | None) -> str:
    coverage = _coverage(whole)
    known = "" if coverage is None or coverage >= _FULL else f" of {figures.percent(coverage)} known"
    return f"{past.state} · {_availability(whole)}{known}"


def _availability(span: Uptime | None) -> str:
    if span is None or span.availability is None:
        return figures.ABSENT
    return f"{100 * span.availability:.2f} %"


def _coverage(span: Uptime | None) -> float | None:
    return None if span is None else span.coverage


def _day(day: date, span: Uptime) -> Day:
    length = sum(span.seconds.values())
    told = ", ".join(
        f"{state.value} {figures.duration(seconds * 1_000_000)}" for state, seconds in span.seconds.items() if seconds
    )
    return Day(day=day, shares={state.value: seconds / length for state, seconds in span.seconds.items()}, told=told)


def _table(
    here: View,
    models: Sequence[ModelRow],
    past: Mapping[tuple[str, str], History],
    whole: Mapping[tuple[str, str], Uptime | None],
) -> None:
    def when(at: datetime | None) -> str:
        return figures.moment(at, here.zone)

    first_tokens = {(row.provider, row.model): row.first_token.p95_us for row in data.latency_by_model(here.scope)}
    columns: list[Column[ModelRow]] = [
        Column(title="Model", value=lambda model: model.model, width=200),
        Column(title="Provider", value=lambda model: model.provider, width=120),
        Column(title="State", value=lambda model: past[_key(model)].state, pills=True, width=92),
        Column(title="Since", value=lambda model: when(past[_key(model)].since), width=140),
        Column(title="Uptime", value=lambda model: _availability(whole[_key(model)]), figure=True, width=80),
        Column(title="Coverage", value=lambda model: _covered(whole[_key(model)]), figure=True, width=80),
        Column(
            title="First token, p95",
            value=lambda model: first_tokens.get(_key(model)),
            written=figures.duration,
            figure=True,
            width=104,
        ),
        Column(title="Last check", value=lambda model: when(_last(model, "started_at")), width=140),
        Column(title="Verdict", value=lambda model: _last(model, "verdict"), width=110),
        Column(title="Served as", value=lambda model: _last(model, "model_served"), width=190),
    ]
    table = Table(columns=columns, rows=models, alt="Models that are checked")
    cards.table_card("Models that are checked", table, "models-table", file_name="models.csv")


def _key(model: ModelRow) -> tuple[str, str]:
    return model.provider, model.model


def _last(model: ModelRow, field: str) -> Any:
    """A field of the model's latest check."""
    check = uptime.last_check(model)
    return None if check is None else getattr(check, field)


def _covered(span: Uptime | None) -> str:
    return figures.percent(_coverage(span))


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
    rows = data.usage(here.scope, By.MODEL)

    def opened(row: UsageRow) -> None:
        frame.go("calls", frame.narrowed(here.choice.shared(), models=(row.group or "",)))

    table: Table[UsageRow] = Table(
        columns=[
            Column(title="Model", value=lambda row: row.group or "unknown", width=240),
            Column(
                title="Calls",
                value=lambda row: figures.count(row.calls),
                opens=True,
                width=80,
                exported=lambda row: row.calls,
            ),
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
        Column(
            title="Calls",
            value=lambda row: figures.count(row.calls),
            opens=True,
            width=80,
            exported=lambda row: row.calls,
        ),
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
        rows=data.flips(here.scope.since, here.scope.until, limit=100),
        alt="Changes of state",
    )
    cards.table_card("Changes of state", table, "models-flips", empty="No model changed its state in this time.")


def _checks(here: View) -> None:
    failed = [check for check in data.checks(here.scope.since, here.scope.until, limit=2_000) if check.reasons]

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
        rows=failed[:100],
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
