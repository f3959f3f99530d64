"""The pieces that pages are put together from: cards with figures, charts, tables and notices.

Titles, labels and notes are our own words. What was recorded goes through `st.text`, `st.code`, tables and charts
only: the rest of Streamlit takes text for Markdown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pandas as pd  # type: ignore[import-untyped]  # pandas has no types of its own
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from audit.store.rows import Health, Tally, Totals
from dashboard import figures, spending
from dashboard.changes import Notice, Weight
from dashboard.charts import Chart
from dashboard.filters import CUSTOM, EVERYTHING, RANGES, Chosen
from dashboard.frame import View, link, narrowed
from dashboard.tables import MOST_SEEN, Row, Table, csv_of, show

__all__ = [
    "Lead",
    "card",
    "chart_card",
    "choice_row",
    "compared",
    "cost_card",
    "draw",
    "export",
    "figure_card",
    "heading",
    "leads_to",
    "nothing",
    "notice_list",
    "period_words",
    "picked",
    "share_card",
    "table_card",
    "welcome",
]

_DOCTOR = "audit doctor"
_COLOURS: dict[Weight, Literal["red", "orange", "blue", "gray"]] = {
    Weight.ALARM: "red",
    Weight.WARNING: "orange",
    Weight.CHANGE: "blue",
    Weight.NOTE: "gray",
}


@dataclass(frozen=True, slots=True)
class Lead:
    """A way from a figure to the calls behind it."""

    label: str
    """Our own words."""
    choice: Chosen


def leads_to(choice: Chosen, *wanted: tuple[str, int, Mapping[str, Sequence[str]]]) -> list[Lead]:
    """Return ways to calls: what they are called, how many there are, what narrows to them; no way where none are."""
    return [Lead(label, narrowed(choice, **narrowing)) for label, calls, narrowing in wanted if calls]


@contextmanager
def card(
    title: str, *, note: str | None = None, help: str | None = None, height: Literal["stretch", "content"] = "stretch"
) -> Iterator[None]:
    """A bordered box with a heading; `note` is said beneath it."""
    with st.container(border=True, height=height):
        _head(title, help)
        if note:
            st.caption(note)
        yield


def draw(chart: Chart, key: str, *, picks: bool = False) -> dict[str, Any] | None:
    """Draw a chart; return what was clicked on in it, when it can be."""
    frame = pd.DataFrame(list(chart.rows))
    spec = chart.spec if picks else {name: part for name, part in chart.spec.items() if name != "params"}
    if not picks:
        st.vega_lite_chart(frame, spec, height=chart.height, alt=chart.alt, key=key)
        return None
    event = st.vega_lite_chart(frame, spec, height=chart.height, alt=chart.alt, key=key, on_select="rerun")
    chosen = (event.get("selection") or {}).get("pick") or []
    return dict(chosen[0]) if chosen else None


def choice_row(label: str, options: Sequence[str], key: str) -> str:
    """Draw a choice among our own words, with its label beside it; return what is chosen."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"{key}-row"):
        st.text(label, width="content")
        return st.selectbox(
            label, list(options), key=key, width=220, label_visibility="collapsed", persist_state="session"
        )


def chart_card(
    title: str,
    chart: Chart | None,
    key: str,
    *,
    note: str | None = None,
    help: str | None = None,
    picks: bool = False,
    controls: Callable[[], None] | None = None,
    empty: str = "Nothing to draw in this time.",
) -> dict[str, Any] | None:
    """Draw a card with a chart that can be read as a table too; return what was clicked on."""
    with st.container(border=True, height="stretch"):
        with _head(title, help):
            if controls is not None:
                controls()
            as_table = _toggle(key)
        if note:
            st.caption(note)
        if chart is None or not chart.rows:
            st.caption(empty)
            return None
        if as_table:
            st.dataframe(
                _readable(chart), hide_index=True, height=chart.height, placeholder=figures.ABSENT, alt=chart.alt
            )
            return None
        return draw(chart, key, picks=picks)


def table_card(
    title: str,
    table: Table[Row],
    key: str,
    *,
    note: str | None = None,
    help: str | None = None,
    empty: str = "No calls of this kind in this time.",
    opened: Callable[[Row], None] | None = None,
    file_name: str | None = None,
) -> None:
    """Draw a card with a table, and a way to take it along as CSV."""
    with st.container(border=True, height="stretch"):
        with _head(title, help):
            if len(table.rows) > MOST_SEEN:
                st.caption(f"{figures.count(len(table.rows))} rows, scroll for more", width="content")
            if file_name and table.rows:
                export(table, file_name, f"{key}-csv")
        if note:
            st.caption(note)
        if table.rows:
            show(table, key, opened=opened)
        else:
            st.caption(empty)


def export(table: Table[Row], file_name: str, key: str) -> None:
    """Draw a button that gives a table as a CSV file; the file is made when it is asked for."""
    st.download_button(
        "CSV",
        data=lambda: csv_of(table),
        file_name=file_name,
        mime="text/csv",
        key=key,
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )


def figure_card(
    label: str,
    value: str,
    *,
    notes: Sequence[str] = (),
    delta: str | None = None,
    worse_when: Literal["up", "down"] | None = None,
    spark: Sequence[float | None] = (),
    help: str | None = None,
    leads: Sequence[Lead] = (),
) -> None:
    """Draw a figure with how it moved, what it leaves out, its course, and ways to the calls behind it."""
    still = delta in (None, "0 %", "0 pp")
    colour: Literal["inverse", "normal", "off"] = "off" if still or worse_when is None else "inverse"
    if worse_when == "down" and not still:
        colour = "normal"
    with st.container(border=True, height="stretch", gap="xsmall"):
        st.metric(
            label,
            value,
            delta=delta,
            delta_color=colour,
            delta_arrow="off" if still else "auto",
            chart_data=[math.nan if at is None else at for at in spark] if any(spark) else None,
            chart_type="area",
            help=help,
        )
        if notes:
            st.caption("  \n".join(notes))
        if leads:
            with st.container(horizontal=True, gap="xsmall"):
                for lead in leads:
                    link("calls", lead.label, lead.choice, icon=":material/arrow_forward:")


def cost_card(
    totals: Totals, past: Totals | None, course: Sequence[Tally | None] = (), leads: Sequence[Lead] = ()
) -> None:
    """Draw what calls cost; how it moved is told of the currency in which most was spent."""
    currency = next(iter(spending.currencies([totals])), "")

    def of(tally: Tally | None) -> float:
        return float(spending.amount(tally, currency) or 0)

    figure_card(
        "Cost",
        figures.moneys([(cost.currency, cost.amount) for cost in totals.costs]),
        delta=compared(of(totals), past, of) if totals.costs else None,
        spark=[of(tally) for tally in course],
        leads=leads,
        notes=[f"{figures.count(totals.unpriced)} of {figures.plural(totals.calls, 'call')} unpriced"],
        help="An estimate by price lists. Calls without a known price are left out, never counted as free.",
    )


def share_card(
    label: str,
    part: Callable[[Tally], int],
    totals: Totals,
    past: Totals | None,
    course: Sequence[Tally | None],
    *,
    worse_when: Literal["up", "down"] | None = None,
    help: str,
    leads: Lead,
) -> None:
    """Draw which share of calls something happened to."""
    figure_card(
        label,
        figures.share(part(totals), totals.calls),
        delta=figures.points(part(totals), totals.calls, part(past), past.calls) if past else None,
        worse_when=worse_when,
        spark=[part(tally) / tally.calls if tally and tally.calls else None for tally in course],
        notes=[figures.among(part(totals), totals.calls)],
        help=help,
        leads=[leads] if part(totals) else [],
    )


def notice_list(found: Sequence[Notice], choice: Chosen, most: int = 6) -> None:
    """Draw what stands out, one line each, with a way to the calls behind it."""
    with st.container(gap="xsmall"):
        for number, notice in enumerate(found[:most]):
            with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"notice-{number}"):
                st.badge(notice.weight.name.lower(), color=_COLOURS[notice.weight], width=70)
                st.text(notice.text, width="content")
                if notice.narrowing:
                    link("calls", "Show calls", narrowed(choice, **notice.narrowing), icon=":material/arrow_forward:")
        if len(found) > most:
            st.caption(f"and {figures.plural(len(found) - most, 'more sentence')} of less weight")


def heading(title: str, here: View, known: Health) -> None:
    """Draw a page's title, and how old the data is."""
    newest = figures.ago(known.recorded_at, datetime.now(UTC))
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key="heading"):
        st.title(title, anchor=False, width="content")
        st.caption(
            f":green[:material/sensors:] Live · {figures.plural(known.calls, 'call')} on record, newest {newest}",
            width="content",
            help=f"Looked at {figures.moment(here.now, here.zone)}, newest record taken "
            f"{figures.moment(known.recorded_at, here.zone)} ({here.zone_name})",
        )


def nothing(page: str, here: View, known: Health) -> None:
    """Say why a page is empty although there is a record, and what to do next."""
    st.subheader("No calls fit", anchor=False)
    st.caption(
        f"The record holds {figures.plural(known.calls, 'call')}, from {figures.moment(known.first_at, here.zone)} "
        f"to {figures.moment(known.last_at, here.zone)}; none of them is in {period_words(here.choice)} "
        "with these filters."
    )
    with st.container(horizontal=True):
        everything = replace(here.choice, range=EVERYTHING, since=None, until=None)
        if here.choice.range != EVERYTHING:
            link(page, "Show all time", everything, icon=":material/all_inclusive:")
        if here.choice.narrows:
            link(page, "Clear the filters", Chosen(range=EVERYTHING), icon=":material/filter_list_off:")


def welcome(place: str) -> None:
    """Say how to fill a record that is empty, the one at `place`."""
    st.subheader("Nothing has been recorded yet", anchor=False)
    st.caption("Fill this page with made-up traffic, without any key or network:")
    st.code("audit demo", language=None)
    st.caption("Or read what was recorded elsewhere (HAR or JSON lines):")
    st.code("audit import FILE", language=None)
    st.caption("Or record your own calls, of Python code with its own client:")
    st.code("import audit\nfrom openai import OpenAI\n\nclient = audit.attach(OpenAI())", language="python")
    st.caption(f"These pages look at the record below. If yours is another one, `{_DOCTOR}` tells what is set up here.")
    st.code(place, language=None, wrap_lines=True)


def period_words(choice: Chosen) -> str:
    """Return the time range in words."""
    if choice.range == EVERYTHING:
        return "all time"
    if choice.range == CUSTOM:
        return "the chosen time"
    length: timedelta = RANGES[choice.range]
    hours = int(length.total_seconds() // 3600)
    return f"the last {'hour' if hours == 1 else f'{hours} hours' if hours <= 24 else f'{hours // 24} days'}"


def picked(choice: Chosen, at: str, bucket_s: int) -> Chosen:
    """Return the choice of the calls behind one bar of a chart over time."""
    since = datetime.fromisoformat(at).astimezone(UTC)
    return replace(choice, range=CUSTOM, since=since, until=since + timedelta(seconds=bucket_s))


def compared(now: float, before: Totals | None, of: Callable[[Totals], float]) -> str | None:
    """Return how a figure moved against the period before, where there was one."""
    return None if before is None or before.calls == 0 else figures.change(now, of(before))


def _head(title: str, help: str | None) -> DeltaGenerator:
    """Draw a card's heading; return what is to its right."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader(title, help=help, anchor=False, width="content")
        return st.container(horizontal=True, vertical_alignment="center", width="content", gap="small")


def _toggle(key: str) -> bool:
    views = {"chart": ":material/bar_chart:", "table": ":material/table_rows:"}
    shown = st.segmented_control(
        "Shown as",
        list(views),
        default="chart",
        required=True,
        format_func=views.__getitem__,
        key=f"{key}-shown",
        label_visibility="collapsed",
    )
    return shown == "table"


def _readable(chart: Chart) -> Any:
    names = {"when": "When", "group": "Of", "name": "Name", "row": "Category", "column": "Level", "told": "Value"}
    kept = [name for name in names if chart.rows and name in chart.rows[0]]
    return pd.DataFrame([{names[name]: row[name] for name in kept} for row in chart.rows]).drop_duplicates()
