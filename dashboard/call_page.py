"""One call, as it happened: the conversation, what filters said, its time, usage and price, and the bytes."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from audit.call import ModelMatch, Price, Reading, Source
from audit.errors import AuditError, LedgerError
from audit.store.rows import CallDetail, CallRow
from audit.wire.encoding import decode
from audit.wire.parse import printable
from dashboard import (
    call_facts,
    call_filters,
    cards,
    conversation,
    data,
    decisions,
    diagrams,
    facts_list,
    figures,
    frame,
    transcript,
)
from dashboard.call_list import names, standing_word
from dashboard.diagrams import Stretch
from dashboard.frame import View
from dashboard.palette import badge_colour, word
from dashboard.pictures import pictures
from dashboard.tables import show

__all__ = ["draw"]

_TALL, _MANY = 1_600, 20
"""Characters and lines of a body beyond which it scrolls."""


def draw(here: View, wanted: str) -> None:
    """Draw the page of the call with this id, beginning of an id, or reference."""
    number = call_filters.page_number()
    further = {"page": str(number)} if number > 1 else {}
    frame.link("calls", "All calls", here.choice, icon=":material/arrow_back:", **further)
    try:
        detail = data.call(wanted)
    except AuditError as exc:  # such as a key that is not here
        st.title("This call cannot be read", anchor=False)
        st.code(str(exc), language=None, wrap_lines=True)
        return
    if detail is None:
        st.title("There is no such call", anchor=False)
        st.caption("No call, or more than one, has this id:")
        st.code(wanted, language=None)
        return
    if detail.gone is None and not _may_be_shown(detail):
        return
    _heading(here, detail)
    left, right = st.columns([5, 3])
    with left:
        if detail.gone is None:
            _conversation(detail, data.reading(detail.exchange))
            _findings(detail)
            _review(here, detail)
            _request(detail)
            _response(detail)
        else:
            st.info(str(detail.gone), icon=":material/delete:")
            _findings(detail)
            _review(here, detail)
    with right:
        _time(here, detail.row)
        _usage(detail)
        _facts(here, detail)


def _may_be_shown(detail: CallDetail) -> bool:
    """Whether its bodies may be, once the ledger was told who looks at them."""
    try:
        told = data.viewed(detail.row.id)
    except LedgerError as exc:
        st.error(str(exc), icon=":material/visibility_off:")
        return False
    if told:
        st.text(told)
    return True


def _heading(here: View, detail: CallDetail) -> None:
    row = detail.row
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="call-heading"):
        st.title(f"Call {str(row.id)[:8]}", anchor=False, width="content")
        st.badge(f"filters: {word(row.outcome)}", color=badge_colour(word(row.outcome)))
        st.badge(f"result: {standing_word(row)}", color=badge_colour(standing_word(row)))
        if row.model_match == ModelMatch.DIFFERENT:
            st.badge("served by another model", color="orange")
        for told in call_facts.remarks(row):
            st.badge(told, color="gray")
    st.text(f"{names(row)} · {figures.moment(row.started_at, here.zone)} · {figures.ago(row.started_at, here.now)}")
    if row.error_code or row.error_message:
        st.code(": ".join(text for text in (row.error_code, row.error_message) if text), language=None, wrap_lines=True)


def _conversation(detail: CallDetail, reading: Reading) -> None:
    exchange = detail.exchange
    bodies = (
        (exchange.request_body, exchange.request_headers),
        (exchange.response_body, exchange.response_headers),
    )
    shown = pictures(*(decode(body, dict(headers).get("content-encoding", "")).body for body, headers in bodies))
    said = conversation.turns(reading, detail.findings, shown)
    with cards.card("Conversation", height="content"):
        if said:
            transcript.draw(said, key=f"conversation-{detail.row.id}")
        else:
            st.caption("Nothing that was said could be read; the bodies are below.")
        if any(segment.tone for turn in said for block in turn.blocks for segment in block.segments):
            st.caption(
                "Marked: what filters spoke of; a dotted line: looked at, and clean. Where offsets count more than "
                "the text, such as the provider's template, they are taken to end where the text ends."
            )
        for note in detail.notes:
            st.text(f"Note: {note}")


def _findings(detail: CallDetail) -> None:
    with cards.card("Content filters", height="content"):
        for side in Source:
            if not any(finding.source is side for finding in detail.findings):
                st.caption(f":gray[:material/help:] The {side.value} was not assessed: no filter said anything of it.")
        if detail.findings:
            show(call_facts.findings_table(detail), f"findings-{detail.row.id}", most=24)
        if detail.block_reasons:
            st.caption("Blocked, because the reply says:")
            st.code("\n".join(detail.block_reasons), language=None, wrap_lines=True)


def _review(here: View, detail: CallDetail) -> None:
    """What was decided about it; most calls nobody has looked at, and nothing is said of those."""
    if detail.reviews:
        with cards.card("Review", height="content"):
            facts_list.draw(decisions.decisions(detail.reviews, here.zone), f"review-{detail.row.id}")


def _time(here: View, row: CallRow) -> None:
    parts = call_facts.stretches(row)
    with cards.card("Time", height="content"):
        if parts:
            alt = "; ".join(f"{part.name} {part.told}" for part in parts)
            cards.draw(diagrams.phases(parts, _phase_colours(here, parts), alt=alt), key=f"phases-{row.id}")
        st.table(call_facts.durations(row), border="horizontal", alt="How long the call took")


def _phase_colours(here: View, parts: Sequence[Stretch]) -> dict[str, str]:
    shades = {
        "to first byte": here.palette.other,
        "to first token": here.palette.percentiles["p95"],
        "to the end": here.palette.percentiles["p50"],
        "whole": here.palette.percentiles["p50"],
    }
    return {part.name: shades[part.name] for part in parts}


def _usage(detail: CallDetail) -> None:
    with cards.card("Usage and price", height="content"):
        st.table(call_facts.token_figures(detail), border="horizontal", alt="Tokens and cost")
        if detail.row.usage_partial:
            st.caption("The stream broke off: these are the figures it had told until then.")
        if detail.price is not None:
            _price(detail.price)
        elif detail.row.unpriced_reason:
            st.text(f"Unpriced: {detail.row.unpriced_reason}")


def _price(price: Price) -> None:
    if price.parts:
        show(call_facts.price_table(price), "price")
    factor = "" if price.multiplier == 1 else f", times {price.multiplier}"
    st.text(f"By {price.source}, as {price.model}{factor}")


def _facts(here: View, detail: CallDetail) -> None:
    row = detail.row
    with cards.card("Facts", height="content"):
        facts_list.draw(call_facts.facts(detail, here.zone), f"facts-{row.id}")
        if row.session:
            session = frame.narrowed(here.choice, sessions=(row.session,))
            frame.link("calls", "Same session", session, icon=":material/forum:")
        if row.conversation:
            conversation = frame.narrowed(here.choice, conversations=(str(row.conversation),))
            frame.link("calls", "Same conversation", conversation, icon=":material/account_tree:")
            before = str(row.continues)
            frame.link("calls", "The call it goes on from", here.choice, icon=":material/undo:", call=before)


def _request(detail: CallDetail) -> None:
    exchange = detail.exchange
    _body("Request", f"{exchange.method} {exchange.url}", exchange.request_headers, exchange.request_body, detail)


def _response(detail: CallDetail) -> None:
    exchange = detail.exchange
    status = "no response" if exchange.status is None else f"HTTP {exchange.status}"
    _body("Response", status, exchange.response_headers, exchange.response_body, detail)


def _as_received(key: str) -> bool:
    views = ["Formatted", "As received"]
    chosen = st.segmented_control(
        "Body", views, default=views[0], required=True, key=f"{key}-view", label_visibility="collapsed"
    )
    return chosen == views[1]


def _body(title: str, line: str, headers: Sequence[tuple[str, str]], body: bytes, detail: CallDetail) -> None:
    key = f"{title.lower()}-{detail.row.id}"
    with cards.card(title, height="content"):
        st.code(printable(line), language=None, wrap_lines=True)
        with st.expander(f"Headers ({len(headers)})"):
            lines = printable("\n".join(f"{name}: {value}" for name, value in headers))
            st.code(lines, language=None, wrap_lines=True)
        shown = call_facts.body_of(body, dict(headers).get("content-encoding", ""), formatted=True)
        if shown.language is not None and _as_received(key):
            shown = call_facts.body_of(body, dict(headers).get("content-encoding", ""), formatted=False)
        height = 420 if len(shown.text) > _TALL or shown.text.count("\n") > _MANY else None
        st.code(shown.text or "(empty)", language=shown.language, wrap_lines=True, height=height)
        st.caption(shown.told)
        st.download_button(
            "Bytes",
            data=body,
            file_name=f"{title.lower()}-{detail.row.id}.bin",
            mime="application/octet-stream",
            key=f"{key}-bytes",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
        )
