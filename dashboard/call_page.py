"""One call, as it happened: the conversation, what filters said, its time, usage and price, and the bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal

import streamlit as st

from audit.call import Finding, ModelMatch, Price, PricePart, Reading
from audit.store.rows import CallDetail, CallRow
from audit.wire.encoding import decode
from audit.wire.parse import parse_json, printable
from dashboard import cards, conversation, data, diagrams, figures, frame, transcript
from dashboard.call_list import names, standing_word
from dashboard.diagrams import Stretch
from dashboard.frame import View
from dashboard.palette import badge_colour, word
from dashboard.tables import Column, Table, show

__all__ = ["draw"]

_MOST_SHOWN = 200_000
"""Bytes of a body that a page shows; all of it can be taken along as a file."""


def draw(here: View, wanted: str) -> None:
    """Draw the page of the call with this id, beginning of an id, or reference."""
    frame.link("calls", "All calls", here.choice, icon=":material/arrow_back:")
    detail = data.call(wanted)
    if detail is None:
        st.subheader("There is no such call", anchor=False)
        st.caption("No call, or more than one, has this id:")
        st.code(wanted, language=None)
        return
    reading = data.reading(detail.exchange)
    _heading(here, detail)
    left, right = st.columns([5, 3])
    with left:
        _conversation(detail, reading)
        _findings(detail)
        _request(detail)
        _response(detail)
    with right:
        _time(here, detail)
        _usage(detail)
        _facts(here, detail)


def _heading(here: View, detail: CallDetail) -> None:
    row = detail.row
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="call-heading"):
        st.title(f"Call {str(row.id)[:8]}", anchor=False, width="content")
        for told in dict.fromkeys((word(row.outcome), standing_word(row))):
            st.badge(told, color=badge_colour(told))
        if row.model_match == ModelMatch.DIFFERENT:
            st.badge("served by another model", color="orange")
        for told in _remarks(row):
            st.badge(told, color="gray")
    st.text(f"{names(row)} · {figures.moment(row.started_at, here.zone)} · {figures.ago(row.started_at, here.now)}")
    if row.error_code or row.error_message:
        st.code(": ".join(text for text in (row.error_code, row.error_message) if text), language=None, wrap_lines=True)


def _remarks(row: CallRow) -> list[str]:
    said = {
        "the model refused": row.refusal,
        "streamed": row.streamed,
        "canary": row.canary is not None,
        "answer cut short": row.complete is False,
        "a retry": bool(row.attempt),
    }
    return [told for told, holds in said.items() if holds]


def _conversation(detail: CallDetail, reading: Reading) -> None:
    said = conversation.turns(reading, detail.findings)
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


def _time(here: View, detail: CallDetail) -> None:
    row = detail.row
    parts = _stretches(row)
    with cards.card("Time", height="content"):
        if parts:
            colours = {part.name: colour for part, colour in zip(parts, _phase_colours(here, parts), strict=True)}
            cards.draw(diagrams.phases(parts, colours, alt=_phases_told(parts)), key=f"phases-{row.id}")
        st.table(
            {
                "First byte": figures.duration(row.first_byte_us),
                "First token": figures.duration(row.first_token_us),
                "Whole": figures.duration(row.duration_us),
                "Provider's first token": figures.duration(row.provider_first_token_us),
                "Provider's whole": figures.duration(row.provider_duration_us),
            },
            border="horizontal",
            alt="How long the call took",
        )


def _stretches(row: CallRow) -> list[Stretch]:
    """The marks that were measured, in order: what lies between them is a stretch."""
    if row.duration_us is None:
        return []
    marks = [
        ("until first byte", row.first_byte_us),
        ("until first token", row.first_token_us),
        ("until end", row.duration_us),
    ]
    found: list[Stretch] = []
    begin = 0
    for name, at in marks:
        if at is not None and at >= begin:
            told = f"{figures.duration(at - begin)}, from {figures.duration(begin)} to {figures.duration(at)}"
            found.append(Stretch(name=name, start=begin / 1_000_000, end=at / 1_000_000, told=told))
            begin = at
    return found


def _phase_colours(here: View, parts: Sequence[Stretch]) -> list[str]:
    shades = {
        "until first byte": here.palette.other,
        "until first token": here.palette.percentiles["p95"],
        "until end": here.palette.percentiles["p50"],
    }
    return [shades[part.name] for part in parts]


def _phases_told(parts: Sequence[Stretch]) -> str:
    return "; ".join(f"{part.name} {part.told}" for part in parts)


def _findings(detail: CallDetail) -> None:
    table: Table[Finding] = Table(
        columns=[
            Column(title="Side", value=lambda finding: finding.source.value, width=86),
            Column(title="Category", value=lambda finding: finding.category, width=130),
            Column(title="Level", value=_level, width=90),
            Column(title="Detected", value=lambda finding: _yes(finding.detected), width=72),
            Column(title="Filtered", value=lambda finding: _yes(finding.filtered), width=70),
            Column(title="Characters", value=_offsets, width=84),
            Column(title="Choice", value=lambda finding: finding.choice, figure=True, width=56),
            Column(title="Error", value=lambda finding: finding.error, width=90),
            Column(title="Details", value=_details, width=120),
            Column(title="Stands at", value=lambda finding: finding.place or None, width=150),
        ],
        rows=detail.findings,
        alt="What content filters said",
    )
    with cards.card("Content filters", height="content"):
        for side in ("prompt", "completion"):
            found = [finding for finding in detail.findings if finding.source == side]
            if not found:
                st.caption(f":gray[:material/help:] The {side} was not assessed: no filter said anything about it.")
        if detail.findings:
            show(table, f"findings-{detail.row.id}", most=24)
        if detail.block_reasons:
            st.caption("Blocked, because the reply says:")
            st.code("\n".join(detail.block_reasons), language=None, wrap_lines=True)


def _details(finding: Finding) -> str | None:
    return json.dumps(dict(finding.details), ensure_ascii=False) if finding.details else None


def _level(finding: Finding) -> str | None:
    told = [text for text in (finding.severity, finding.probability) if text]
    if finding.score is not None:
        told.append(f"{finding.score:.3g}")
    return " · ".join(told) or None


def _yes(value: bool | None) -> str | None:
    return None if value is None else "yes" if value else "no"


def _offsets(finding: Finding) -> str | None:
    if finding.start_offset is None or finding.end_offset is None:
        return None
    return f"{finding.start_offset}–{finding.end_offset}"


def _usage(detail: CallDetail) -> None:
    row, native = detail.row, detail.usage
    figures_of: dict[str, str] = {
        "Input, all": figures.count(row.input_tokens),
        "of it read from cache": figures.count(row.cached_input_tokens),
        "of it written to cache": figures.count(row.cache_write_tokens),
        "Output, all": figures.count(row.output_tokens),
        "of it reasoning": figures.count(row.reasoning_tokens),
        "As the provider counts: in / out / total": " / ".join(
            figures.count(number) for number in (native.input_tokens, native.output_tokens, native.total_tokens)
        ),
        "Cost": figures.money(row.cost, row.currency),
    }
    with cards.card("Usage and price", height="content"):
        st.table(figures_of, border="horizontal", alt="Tokens and cost")
        if row.usage_partial:
            st.caption("The stream broke off: these are the figures it had told until then.")
        if detail.price is not None:
            _price(detail.price)
        elif row.unpriced_reason:
            st.text(f"Unpriced: {row.unpriced_reason}")


def _price(price: Price) -> None:
    table: Table[PricePart] = Table(
        columns=[
            Column(title="Unit", value=lambda part: part.unit, width=120),
            Column(title="Quantity", value=lambda part: part.quantity, written=figures.count, figure=True, width=90),
            Column(title="Unit price", value=lambda part: _unit_price(part, price.currency), figure=True, width=130),
            Column(
                title="Amount", value=lambda part: figures.money(part.amount, price.currency), figure=True, width=90
            ),
        ],
        rows=price.parts,
        alt="The working of the price",
    )
    if price.parts:
        show(table, "price")
    factor = "" if price.multiplier == 1 else f", times {price.multiplier}"
    st.text(f"By {price.source}, as {price.model}{factor}")


def _unit_price(part: PricePart, currency: str) -> str:
    per = {1: "each", 1_000: "per 1 k", 1_000_000: "per 1 M"}.get(part.per, f"per {part.per:,}")
    return f"{figures.money(Decimal(part.unit_price), currency)} {per}"


def _facts(here: View, detail: CallDetail) -> None:
    row, exchange = detail.row, detail.exchange
    facts = {
        "Call": str(row.id),
        "Reference": row.reference,
        "Request": f"{exchange.method} {exchange.url}",
        "Provider": row.provider,
        "Format": f"{row.dialect} {detail.dialect_version}",
        "Operation": row.operation,
        "Asked for": row.model_requested,
        "Served": row.model_served,
        "Match": row.model_match,
        "Finish": row.finish_reason,
        "Answer complete": _yes(row.complete),
        "Bytes ended": row.ending,
        "Response id": row.response_id,
        "Request id": row.request_id,
        "Attempt": None if row.attempt is None else str(row.attempt + 1),
        "API key": row.key_name or row.key_fingerprint,
        "Project": row.project,
        "User": row.user,
        "Session": row.session,
        "Canary": row.canary,
        "Labels": ", ".join(f"{name}={value}" for name, value in row.labels) or None,
        "Came in by": row.origin,
        "Began": figures.moment(row.started_at, here.zone),
        "Recorded": figures.moment(row.recorded_at, here.zone),
        "Failure": exchange.failure,
    }
    rows = [(name, value) for name, value in facts.items() if value]
    table: Table[tuple[str, str]] = Table(
        columns=[
            Column(title="Fact", value=lambda fact: fact[0], width=120),
            Column(title="Value", value=lambda fact: fact[1]),
        ],
        rows=rows,
        alt="Facts about the call",
    )
    with cards.card("Facts", height="content"):
        show(table, f"facts-{row.id}", most=len(rows))
        if row.session:
            frame.link(
                "calls", "Same session", frame.narrowed(here.choice, sessions=(row.session,)), icon=":material/forum:"
            )


def _request(detail: CallDetail) -> None:
    exchange = detail.exchange
    _body("Request", f"{exchange.method} {exchange.url}", exchange.request_headers, exchange.request_body, detail)


def _response(detail: CallDetail) -> None:
    exchange = detail.exchange
    status = "no response" if exchange.status is None else f"HTTP {exchange.status}"
    _body("Response", status, exchange.response_headers, exchange.response_body, detail)


def _body(title: str, line: str, headers: Sequence[tuple[str, str]], body: bytes, detail: CallDetail) -> None:
    key = f"{title.lower()}-{detail.row.id}"
    with cards.card(title, height="content"):
        st.code(line, language=None, wrap_lines=True)
        with st.expander(f"Headers ({len(headers)})"):
            st.code("\n".join(f"{name}: {value}" for name, value in headers), language=None, wrap_lines=True)
        views = ["Formatted", "As received"]
        shown = st.segmented_control(
            "Body", views, default=views[0], required=True, key=f"{key}-view", label_visibility="collapsed"
        )
        plain = decode(body, dict(headers).get("content-encoding", ""))
        text, language = _text(plain.body, formatted=shown == views[0])
        st.code(
            text[:_MOST_SHOWN] or "(empty)", language=language, wrap_lines=True, height=420 if len(text) > 900 else None
        )
        told = [figures.size(len(body)), plain.problem or ""]
        if len(text) > _MOST_SHOWN:
            told.append(f"the first {figures.count(_MOST_SHOWN)} characters are shown")
        st.caption(" · ".join(part for part in told if part))
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


def _text(plain: bytes, *, formatted: bool) -> tuple[str, str | None]:
    """Return a body as text, and the language it is coloured as."""
    if formatted and plain[:1] in (b"{", b"[") and len(plain) <= _MOST_SHOWN:
        parsed = parse_json(plain)
        if parsed.value is not None and not parsed.problem:
            return printable(json.dumps(parsed.value, indent=2, ensure_ascii=False)), "json"
    return printable(plain.decode("utf-8", "replace")), None
