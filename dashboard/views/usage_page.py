"""Usage and cost: who spent what, on which model?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from audit.store.rows import Tally, Totals, UsageRow
from audit.store.scope import Scope, Standing
from dashboard import cards, charts, data, figures, frame, palette, spending
from dashboard.cards import Lead
from dashboard.filters import PRICE, USAGE
from dashboard.frame import View
from dashboard.spending import GROUPINGS, SPENDING, Grouping, Measure
from dashboard.tables import Table

_LABEL = "Label "
_INPUT = "All input: uncached, cache reads and writes, tool results."
_OUTPUT = "All output, reasoning too."
_REASONING = "Output that the model spent on thinking, where the provider tells."
_CALLS = "Calls for which a model was made to work."


def body(here: View) -> None:
    """Draw the page."""
    _ask_ahead(here, _grouped())
    totals = _whole(here.scope)
    cards.heading("Usage and cost", here, data.health())
    if totals.calls == 0:
        cards.nothing("usage", here, data.health())
        return
    _sums(here, totals, _whole(here.past) if here.past else None)
    grouping = _grouping()
    _over_time(here, totals, grouping)
    _groups(here, grouping)


def _ask_ahead(here: View, grouping: Grouping) -> None:
    scopes = [scope for scope in (here.scope, here.past) if scope is not None]
    data.together(
        partial(data.series, here.scope, here.bucket_s(), grouping.by, label=grouping.label, offset_s=here.offset_s),
        *(partial(data.usage, scope, grouping.by, label=grouping.label) for scope in scopes),
    )


def _whole(scope: Scope) -> Totals:
    grouping = _grouped()
    return spending.whole(data.usage(scope, grouping.by, label=grouping.label))


def _sums(here: View, totals: Totals, past: Totals | None) -> None:
    choice = here.choice.shared()
    unpriced = cards.leads_to(choice, ("Unpriced", totals.unpriced, {"lacking": (PRICE,)}))
    untold = cards.leads_to(choice, ("No usage", totals.without_usage, {"lacking": (USAGE,)}))
    astray = cards.leads_to(
        choice,
        ("Failed", totals.errors, {"standings": (Standing.ERROR,)}),
        ("Unfinished", totals.unfinished, {"standings": (Standing.UNFINISHED,)}),
    )
    without = f"without {figures.count(totals.without_usage)} of {figures.plural(totals.calls, 'call')}"
    cached = f"{figures.tokens(totals.cached_input_tokens)} of {figures.tokens(totals.cacheable_input_tokens)} input"
    left = f"{figures.count(totals.errors)} errors · {figures.count(totals.unfinished)} unfinished"
    of_cache = "Of the input of those calls that tell how much of it was cached."
    with st.grid(6, min_column_width=150):
        cards.cost_card(totals, past, leads=unpriced)
        _sum("Input tokens", lambda sums: sums.input_tokens, totals, past, without, _INPUT, untold)
        cards.figure_card("Read from cache", figures.percent(spending.hit_rate(totals)), notes=[cached], help=of_cache)
        _sum("Output tokens", lambda sums: sums.output_tokens, totals, past, without, _OUTPUT, untold)
        _sum("Reasoning tokens", lambda sums: sums.reasoning_tokens, totals, past, "part of the output", _REASONING, [])
        _sum("Calls", lambda sums: sums.calls, totals, past, left, _CALLS, astray)


def _sum(
    label: str,
    read: Callable[[Tally], int | None],
    totals: Totals,
    past: Totals | None,
    note: str,
    meaning: str,
    leads: Sequence[Lead],
) -> None:
    value = read(totals)
    cards.figure_card(
        label,
        figures.tokens(value) if "tokens" in label else figures.count(value),
        delta=cards.compared(value or 0, past, lambda before: read(before) or 0),
        notes=[note],
        help=meaning,
        leads=leads,
    )


def _grouped() -> Grouping:
    """What has been chosen before the control for it is drawn."""
    title = str(st.session_state.get("usage-by", "Model"))
    return GROUPINGS.get(title) or Grouping(title="Label", field="labels", label=title.removeprefix(_LABEL))


def _grouping() -> Grouping:
    labels = [f"{_LABEL}{name}" for name, _ in data.choices().labels]
    cards.choice_row("Group by", [*SPENDING, *labels], "usage-by")
    return _grouped()


def _over_time(here: View, totals: Totals, grouping: Grouping) -> None:
    grid = here.grid(totals)
    points = data.series(here.scope, grid.bucket_s, grouping.by, label=grouping.label, offset_s=here.offset_s)
    choices = spending.measures(points)
    measure = choices.get(st.session_state.get("usage-measure", "")) or next(iter(choices.values()))
    calls = Counter[str]()
    for point in points:
        calls[point.group or spending.NONE] += point.calls
    colours = frame.colours(here, grouping.by, [group for group, _ in calls.most_common()])
    bars = spending.stacks(points, measure, colours)
    title = f"{measure.title} per {grid.words}, by {grouping.word}"
    chart = charts.bars_over_time(
        bars,
        grid,
        colours=charts.legend(colours, here.palette, [bar.group for bar in bars]),
        unit=measure.unit,
        names=frame.names(grouping.by),
        alt=f"{title}: {measure.written(sum(bar.value for bar in bars))} in all",
    )
    hit = cards.chart_card(
        title,
        chart,
        "usage-time",
        picks=True,
        controls=lambda: _measure_control(choices, measure),
        note=spending.left_out(points, measure),
    )
    if hit:
        choice = cards.picked(here.choice.shared(), hit["at"], grid.bucket_s)
        narrowing = {} if hit["key"] == palette.OTHER else grouping.chosen(hit["key"])
        frame.go("calls", frame.narrowed(choice, **narrowing))


def _measure_control(choices: dict[str, Measure], measure: Measure) -> None:
    st.segmented_control(
        "Measure",
        list(choices),
        key="usage-measure",
        default=measure.title,
        required=True,
        label_visibility="collapsed",
        persist_state="session",
    )


def _groups(here: View, grouping: Grouping) -> None:
    rows = data.usage(here.scope, grouping.by, label=grouping.label)
    before: dict[str | None, UsageRow] = {}
    if here.past is not None:
        before = {row.group: row for row in data.usage(here.past, grouping.by, label=grouping.label)}
    ranked = sorted(rows, key=_by_cost(spending.currencies(rows)))

    def opened(row: UsageRow, /, **further: Sequence[str]) -> None:
        narrowing = {**further, **grouping.chosen(row.group or spending.NONE)}
        frame.go("calls", frame.narrowed(here.choice.shared(), **narrowing))

    table = Table(
        columns=spending.columns(grouping, rows, before, frame.names(grouping.by), opened),
        rows=ranked,
        alt=f"Usage and cost by {grouping.word}",
    )
    cards.table_card(
        f"By {grouping.word}",
        table,
        "usage-groups",
        note="Costs are estimates by price lists; calls without a known price are counted under “Unpriced” only. "
        "“Before” is the period of the same length that came before.",
        file_name=f"usage-by-{grouping.title.lower().replace(' ', '-')}.csv",
    )


def _by_cost(currencies: list[str]) -> Callable[[UsageRow], tuple[float, ...]]:
    return lambda row: (*(-float(spending.amount(row, currency) or 0) for currency in currencies), -row.calls)


frame.live(body)
