"""Calls: show me exactly what happened."""

from __future__ import annotations

import streamlit as st

from audit.store.rows import CallPage, CallRow
from audit.store.scope import Order, Scope
from dashboard import call_filters, call_list, call_page, cards, data, figures, frame
from dashboard.filters import DEFAULT_SORT
from dashboard.frame import View
from dashboard.tables import Table, csv_of, show

_PER_PAGE = 50
_MOST_EXPORTED = 10_000


def listing(here: View) -> None:
    """Draw the list of calls."""
    cards.heading("Calls", here, data.health())
    scope = here.choice.scope(here.now)
    _, order, descending = call_filters.ORDERS.get(here.choice.sort, call_filters.ORDERS[DEFAULT_SORT])
    number = call_filters.page_number()
    page = data.calls(scope, _PER_PAGE, _PER_PAGE * (number - 1), order, descending)
    if page.total == 0 and not call_filters.narrows(here.choice):
        cards.nothing("calls", here, data.health())
        return
    with st.container(border=True):
        _head(here, page, scope, order, descending)
        if page.rows:
            _table(here, page, number)
        else:
            st.caption("No call fits: take a filter away, or look at a longer time.")
        if page.unindexed:
            st.caption(f"{figures.plural(page.unindexed, 'call')} just recorded cannot be found by words yet.")
        call_filters.pages(-(-page.total // _PER_PAGE), number)


def _head(here: View, page: CallPage, scope: Scope, order: Order, descending: bool) -> None:
    columns = call_list.columns(here.zone, here.now)

    def everything() -> str:
        rows = data.every_call(scope, _MOST_EXPORTED, order, descending)
        return csv_of(Table(columns=columns, rows=rows, alt=""))

    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        bounded = " at least, among the newest that may fit" if page.bounded else ""
        st.subheader(figures.plural(page.total, "call") + bounded, anchor=False, width="content")
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            call_filters.order_control(here.choice)
            st.download_button(
                "CSV",
                data=everything,
                file_name="calls.csv",
                mime="text/csv",
                icon=":material/download:",
                type="tertiary",
                on_click="ignore",
                help=f"These calls, {figures.count(_MOST_EXPORTED)} at most",
            )


def _table(here: View, page: CallPage, number: int) -> None:
    def opened(row: CallRow) -> None:
        frame.go("calls", here.choice, call=str(row.id), **({"page": str(number)} if number > 1 else {}))

    table = Table(columns=call_list.columns(here.zone, here.now), rows=page.rows, alt=f"Calls, page {number}")
    show(table, "calls-table", most=_PER_PAGE, opened=opened)


wanted = st.query_params.get("call")
if wanted:
    call_page.draw(frame.view(), wanted)
else:
    call_filters.bar()
    frame.live(listing)
