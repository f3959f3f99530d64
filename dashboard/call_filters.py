"""The filters of the list of calls, which other pages do not have. They too live in the URL."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from audit.call import ModelMatch, Operation, Outcome
from audit.store.scope import Order, Standing
from dashboard import data, frame
from dashboard.filters import DEFAULT_SORT, PRICE, USAGE, Chosen
from dashboard.palette import word

__all__ = ["ORDERS", "bar", "narrows", "order_control", "page_number", "pages"]

ORDERS = {
    DEFAULT_SORT: ("Newest first", Order.STARTED_AT, True),
    "oldest": ("Oldest first", Order.STARTED_AT, False),
    "longest": ("Longest", Order.DURATION, True),
    "first-token": ("Latest first token", Order.FIRST_TOKEN, True),
    "input": ("Most input", Order.INPUT_TOKENS, True),
    "output": ("Most output", Order.OUTPUT_TOKENS, True),
    "dearest": ("Dearest", Order.COST, True),
}
"""By the URL's word: what the list is sorted by, in words and for the record; whether the greatest come first."""

_LISTS: dict[str, tuple[str, list[str]]] = {
    "outcomes": ("Content filter", [outcome.value for outcome in Outcome]),
    "standings": ("Result", [standing.value for standing in Standing]),
    "operations": ("Operation", [operation.value for operation in Operation]),
    "matches": ("Served as asked", [match.value for match in ModelMatch]),
    "lacking": ("Without", [PRICE, USAGE]),
}
_LED_BY = {
    "sessions": "session",
    "conversations": "conversation",
    "requested": "asked for",
    "categories": "category",
    "sides": "side",
    "levels": "level",
}


def bar() -> None:
    """Draw the filters; what is chosen goes into the URL, and comes from there."""
    choice = frame.view().choice
    st.session_state["q"] = choice.search or ""
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="call-filters"):
        st.text_input(
            "Search",
            key="q",
            placeholder="Words said, “a phrase”, or an id",
            icon=":material/search:",
            on_change=_write,
            width=300,
        )
        for field, (title, values) in _LISTS.items():
            taken = [str(value) for value in getattr(choice, field)]  # members of an enum would not fit the options
            st.session_state[field] = taken
            st.multiselect(
                title,
                list(dict.fromkeys([*values, *taken])),
                key=field,
                format_func=word,
                placeholder="any",
                on_change=_write,
                width=160,
            )
    if choice.search and data.is_encrypted():
        st.caption("Bodies are encrypted, and not indexed: ids are found, and words of calls that are stored plainly.")
    if told := _told(choice):
        with st.container(horizontal=True, vertical_alignment="center", key="led-by"):
            st.text(told)
            st.button("Any", type="tertiary", icon=":material/close:", on_click=_any)


def narrows(choice: Chosen) -> bool:
    """Whether the list shows less than other pages count."""
    return replace(choice, sort=DEFAULT_SORT) != choice.shared()


def order_control(choice: Chosen) -> None:
    """Draw the choice of what the list is sorted by."""
    st.session_state["sort"] = choice.sort if choice.sort in ORDERS else DEFAULT_SORT
    st.selectbox(
        "Order",
        list(ORDERS),
        key="sort",
        format_func=lambda word: ORDERS[word][0],
        label_visibility="collapsed",
        on_change=_write,
        width=180,
    )


def page_number() -> int:
    """Return which page of the list the URL asks for, from 1."""
    asked = st.query_params.get("page", "1")
    return int(asked) if asked.isdecimal() and 0 < int(asked) < 1_000_000 else 1


def pages(count: int, number: int) -> None:
    """Draw the way to the other pages of the list, if there are any."""
    if count < 2 and number == 1:
        return
    key = f"page-{number}"  # another number in the URL is another widget: it alone decides
    st.pagination(max(count, number), default=number, key=key, on_change=lambda: _turn(int(st.session_state[key])))


def _turn(number: int) -> None:
    st.query_params["page"] = str(number)


def _write() -> None:
    state = st.session_state
    changed = replace(
        frame.view().choice,
        search=state.get("q", "").strip() or None,
        outcomes=tuple(state.get("outcomes", ())),
        standings=tuple(Standing(value) for value in state.get("standings", ())),
        operations=tuple(state.get("operations", ())),
        matches=tuple(state.get("matches", ())),
        lacking=tuple(state.get("lacking", ())),
        sort=state.get("sort", DEFAULT_SORT),
    )
    st.query_params.from_dict(changed.query())


def _any() -> None:
    nothing: dict[str, tuple[str, ...]] = dict.fromkeys(_LED_BY, ())
    st.query_params.from_dict(frame.narrowed(frame.view().choice, **nothing).query())


def _told(choice: Chosen) -> str:
    """Return in words what no control stands for: what links of other pages have narrowed the list to."""
    found = [f"{word} {' or '.join(values)}" for field, word in _LED_BY.items() if (values := getattr(choice, field))]
    return f"Only {' · '.join(found)}" if found else ""
