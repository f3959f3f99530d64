"""Content filter: what did the filters do, and how much was even looked at?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from audit.call import Outcome, Source
from audit.store.rows import CallRow, CoverageRow, OutcomeRow, Totals
from audit.store.scope import Scope
from dashboard import call_list, cards, charts, data, diagrams, figures, frame, verdicts
from dashboard.cards import Lead
from dashboard.charts import Grid
from dashboard.diagrams import Cell
from dashboard.filters import Chosen
from dashboard.frame import View
from dashboard.palette import word
from dashboard.spending import GROUPINGS, NONE, Grouping
from dashboard.tables import Table
from dashboard.verdicts import LEVELS, Verdicts

_SHOWN = ["Model asked for", "Provider", "Project", "User", "API key"]
_MOST_SAMPLES = 12
_TELLING = (Outcome.BLOCKED_PROMPT, Outcome.BLOCKED_COMPLETION, Outcome.MASKED, Outcome.FILTER_ERROR, Outcome.ANNOTATED)


def body(here: View) -> None:
    """Draw the page."""
    _ask_ahead(here)
    cards.heading("Content filter", here, data.health())
    found = data.outcomes(here.scope, here.bucket_s(), offset_s=here.offset_s)
    if not found:
        cards.nothing("filters", here, data.health())
        return
    times = [row.at for row in found if row.at is not None]
    grid = here.grid(Totals(first_at=min(times), last_at=max(times)))
    rows = data.outcomes(here.scope, grid.bucket_s, offset_s=here.offset_s)
    _figures(here, _sums(rows), _sums(_by_group(here.past, GROUPINGS[_grouped()])) if here.past else {})
    _over_time(here, grid, rows)
    _categories(here)
    grouping = _grouping()
    _groups(here, grouping)
    _coverage(here, grouping)
    _samples(here)


def _ask_ahead(here: View) -> None:
    grouping = GROUPINGS[_grouped()]
    data.together(
        partial(data.categories, here.scope),
        partial(data.coverage, here.scope, grouping.by),
        partial(data.outcomes, here.scope, here.bucket_s(), offset_s=here.offset_s),
        *(partial(_by_group, scope, grouping) for scope in (here.scope, here.past) if scope is not None),
        partial(data.calls, _telling(here).scope(here.now), _MOST_SAMPLES),
    )


def _by_group(scope: Scope, grouping: Grouping) -> tuple[OutcomeRow, ...]:
    return data.outcomes(scope, None, grouping.by)


def _telling(here: View) -> Chosen:
    return frame.narrowed(here.choice.shared(), outcomes=tuple(outcome.value for outcome in _TELLING))


def _sums(rows: Sequence[OutcomeRow]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for row in rows:
        sums[row.outcome] = sums.get(row.outcome, 0) + row.calls
    return sums


def _figures(here: View, now: dict[str, int], before: dict[str, int]) -> None:
    calls = sum(now.values())
    assessed = calls - now.get(Outcome.NOT_ASSESSED, 0)
    shown = (
        ("Assessed at all", assessed, None, "Calls with at least one word from a filter, or blocked."),
        ("Blocked prompts", now.get(Outcome.BLOCKED_PROMPT, 0), Outcome.BLOCKED_PROMPT, "The prompt was refused."),
        (
            "Blocked completions",
            now.get(Outcome.BLOCKED_COMPLETION, 0),
            Outcome.BLOCKED_COMPLETION,
            "The answer was withheld or cut.",
        ),
        (
            "Annotated",
            now.get(Outcome.ANNOTATED, 0),
            Outcome.ANNOTATED,
            "Something was found, and delivered all the same.",
        ),
        ("Filter failed", now.get(Outcome.FILTER_ERROR, 0), Outcome.FILTER_ERROR, "Neither safe nor blocked."),
        ("Not assessed", now.get(Outcome.NOT_ASSESSED, 0), Outcome.NOT_ASSESSED, "No filter said anything."),
    )
    past = sum(before.values())
    with st.grid(6, min_column_width=150):
        for title, number, outcome, meaning in shown:
            then = before.get(outcome, 0) if outcome else past - before.get(Outcome.NOT_ASSESSED, 0)
            cards.figure_card(
                title,
                figures.share(number, calls),
                delta=figures.points(number, calls, then, past),
                notes=[f"{figures.count(number)} of {figures.count(calls)}", _interval(number, calls)],
                help=meaning,
                leads=_lead(here, outcome, number),
            )


def _lead(here: View, outcome: Outcome | None, number: int) -> list[Lead]:
    wanted = (outcome,) if outcome else tuple(one for one in Outcome if one is not Outcome.NOT_ASSESSED)
    narrowing = {"outcomes": [one.value for one in wanted]}
    return cards.leads_to(here.choice.shared(), ("Show calls", number, narrowing))


def _interval(part: int, whole: int) -> str:
    interval = figures.wilson(part, whole)
    return f"95 %: {100 * interval.low:.1f}–{100 * interval.high:.1f} %"


def _over_time(here: View, grid: Grid, rows: Sequence[OutcomeRow]) -> None:
    sums = _sums(rows)
    shown = ", ".join(f"{word(outcome)} {figures.share(calls, sum(sums.values()))}" for outcome, calls in sums.items())
    chart = charts.bars_over_time(
        verdicts.bars(rows),
        grid,
        colours={outcome: colour for outcome, colour in here.palette.outcomes.items() if outcome in sums},
        unit=charts.COUNT,
        names={outcome: word(outcome) for outcome in sums},
        shares=st.session_state.get("filters-measure", "Shares") == "Shares",
        alt=f"What content filters did over time: {shown}",
    )
    title = f"Outcomes per {grid.words}"
    hit = cards.chart_card(title, chart, "filters-time", picks=True, controls=_measure_control)
    if hit:
        choice = cards.picked(here.choice.shared(), hit["at"], grid.bucket_s)
        frame.go("calls", frame.narrowed(choice, outcomes=(hit["key"],)))


def _measure_control() -> None:
    st.segmented_control(
        "Measure",
        ["Shares", "Calls"],
        key="filters-measure",
        default="Shares",
        required=True,
        label_visibility="collapsed",
        persist_state="session",
    )


def _categories(here: View) -> None:
    rows = data.categories(here.scope)
    left, right = st.columns(2)
    for column, source in ((left, Source.PROMPT), (right, Source.COMPLETION)):
        cells = verdicts.cells(rows, source)
        hidden = len({row.category for row in rows if row.source == source}) - len({cell.row for cell in cells})
        seen = [level for level in LEVELS if any(cell.column == level for cell in cells)]
        grave = sum(verdicts.alarming({cell.column: cell.calls}) for cell in cells)
        chart = diagrams.heat_map(
            cells,
            seen,
            here.palette,
            alt=f"Calls by category and level on the {source.value} side; {figures.count(grave)} above safe",
        )
        with column:
            hit = cards.chart_card(
                f"{source.value.capitalize()}: categories by level",
                chart if cells else None,
                f"filters-{source.value}",
                note="Calls by what was said of them; one may be in several fields. Providers grade differently."
                + (f" Left out: {figures.plural(hidden, 'more category', 'more categories')}." if hidden > 0 else ""),
                picks=True,
                empty=f"No filter said anything about a {source.value} in this time.",
            )
        if hit:
            _open_cell(here, source, next(cell for cell in cells if _is_meant(cell, hit)))


def _is_meant(cell: Cell, hit: Mapping[str, Any]) -> bool:
    return (cell.category, cell.column) == (hit["category"], hit["column"])


def _open_cell(here: View, source: Source, cell: Cell) -> None:
    narrowing = {"categories": (cell.category,), "sides": (source.value,), "levels": cell.levels}
    frame.go("calls", frame.narrowed(here.choice.shared(), **narrowing))


def _grouped() -> str:
    return str(st.session_state.get("filters-by", _SHOWN[0]))


def _grouping() -> Grouping:
    return GROUPINGS[cards.choice_row("Group by", _SHOWN, "filters-by")]


def _groups(here: View, grouping: Grouping) -> None:
    before = _by_group(here.past, grouping) if here.past else ()
    rows = verdicts.side_by_side(_by_group(here.scope, grouping), before)

    def opened(row: Verdicts) -> None:
        frame.go("calls", frame.narrowed(here.choice.shared(), **grouping.chosen(row.group or NONE)))

    table = Table(
        columns=verdicts.columns(grouping.title, frame.names(grouping.by)),
        rows=rows,
        alt=f"Content filter outcomes by {grouping.word}",
    )
    cards.table_card(
        f"Outcomes by {grouping.word}",
        table,
        "filters-groups",
        opened=opened,
        file_name=f"filter-outcomes-by-{grouping.title.lower().replace(' ', '-')}.csv",
    )


def _coverage(here: View, grouping: Grouping) -> None:
    def opened(row: CoverageRow) -> None:
        frame.go("calls", frame.narrowed(here.choice.shared(), **grouping.chosen(row.group or NONE)))

    table = Table(
        columns=verdicts.coverage_columns(grouping.title, frame.names(grouping.by)),
        rows=data.coverage(here.scope, grouping.by),
        alt=f"How much was assessed by {grouping.word}",
    )
    cards.table_card(
        f"Coverage by {grouping.word}",
        table,
        "filters-coverage",
        opened=opened,
        note="How many calls had a verdict at all. What was not assessed is not safe: nobody looked.",
        file_name=f"filter-coverage-by-{grouping.title.lower().replace(' ', '-')}.csv",
    )


def _samples(here: View) -> None:
    choice = _telling(here)
    page = data.calls(choice.scope(here.now), _MOST_SAMPLES)

    def opened(row: CallRow) -> None:
        frame.go("calls", choice, call=str(row.id))

    table = Table(
        columns=call_list.columns(here.zone, here.now), rows=page.rows, alt="Latest calls that a filter spoke up about"
    )
    cards.table_card(
        "Latest calls that a filter spoke up about",
        table,
        "filters-samples",
        opened=opened,
        empty="No filter found anything in this time.",
    )
    if page.total > len(page.rows):
        frame.link("calls", f"All {figures.plural(page.total, 'call')}", choice, icon=":material/arrow_forward:")


frame.live(body)
