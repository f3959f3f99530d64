"""What is told of one call: tables and figures. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import tzinfo

from audit.call import Ending, Finding, Price, PricePart
from audit.store.rows import CallDetail, CallRow
from audit.wire.encoding import decode
from audit.wire.parse import parse_json, printable
from dashboard import figures
from dashboard.conversation import tone
from dashboard.diagrams import Stretch
from dashboard.tables import Column, Table

__all__ = [
    "Body",
    "body_of",
    "durations",
    "facts",
    "findings_table",
    "price_table",
    "remarks",
    "stretches",
    "token_figures",
]

_VERDICTS = {
    "blocked": "blocked",
    "failed": "filter failed",
    "masked": "masked",
    "annotated": "annotated",
    "clean": "clean",
}
"""What `conversation.tone` says, in the words of outcomes, the gravest first."""
_ENDINGS = {
    Ending.EOF.value: "all of it was received",
    Ending.CLOSED.value: "the caller closed it",
    Ending.CANCELLED.value: "the caller cancelled it",
    Ending.ABANDONED.value: "the caller left it unread",
    Ending.FAILED.value: "the connection failed",
    Ending.UNKNOWN.value: "unknown: recording ended before",
}
MOST_SHOWN = 200_000
"""Characters of a body that a page shows; all of it can be taken along as a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A body as it can be shown."""

    text: str
    language: str | None
    """How it is coloured; None: not at all."""
    told: str
    """Its size, and what is wrong with it."""


def remarks(row: CallRow) -> list[str]:
    """Return what is out of the ordinary about a call, in a few words each."""
    said = {
        "the model refused": row.refusal,
        "streamed": row.streamed,
        "canary": row.canary is not None,
        "answer cut short": row.complete is False,
        "a retry": bool(row.attempt),
    }
    return [told for told, holds in said.items() if holds]


def stretches(row: CallRow) -> list[Stretch]:
    """Return how the call's time was spent: what lies between the marks that were measured, in order."""
    if row.duration_us is None:
        return []
    parted = row.first_byte_us is not None or row.first_token_us is not None
    marks = (
        ("to first byte", row.first_byte_us),
        ("to first token", row.first_token_us),
        ("to the end" if parted else "whole", row.duration_us),
    )
    found: list[Stretch] = []
    begin = 0
    for name, at in marks:
        if at is not None and at >= begin:
            told = f"{figures.duration(at - begin)}, from {figures.duration(begin)} to {figures.duration(at)}"
            found.append(Stretch(name=name, start=begin / 1_000_000, end=at / 1_000_000, told=told))
            begin = at
    return found


def durations(row: CallRow) -> dict[str, str]:
    """Return what was measured here, and what the provider says."""
    return {
        "First byte": figures.duration(row.first_byte_us),
        "First token": figures.duration(row.first_token_us),
        "Whole": figures.duration(row.duration_us),
        "Provider's first token": figures.duration(row.provider_first_token_us),
        "Provider's whole": figures.duration(row.provider_duration_us),
    }


def token_figures(detail: CallDetail) -> dict[str, str]:
    """Return what was used, as all providers would count it and as this one does."""
    row, native = detail.row, detail.usage
    own = (native.input_tokens, native.output_tokens, native.total_tokens)
    return {
        "Input, all": figures.count(row.input_tokens),
        "of it read from cache": figures.count(row.cached_input_tokens),
        "of it written to cache": figures.count(row.cache_write_tokens),
        "Output, all": figures.count(row.output_tokens),
        "of it reasoning": figures.count(row.reasoning_tokens),
        "As the provider counts: in / out / total": " / ".join(figures.count(number) for number in own),
        "Cost": figures.money(row.cost, row.currency),
    }


def price_table(price: Price) -> Table[PricePart]:
    """Return the working of a price."""
    return Table(
        columns=[
            Column(title="Unit", value=lambda part: part.unit.replace("_", " "), width=120),
            Column(title="Quantity", value=lambda part: part.quantity, written=figures.count, figure=True, width=90),
            Column(title="Unit price", value=lambda part: _unit_price(part, price.currency), figure=True, width=130),
            Column(
                title="Amount", value=lambda part: figures.money(part.amount, price.currency), figure=True, width=90
            ),
        ],
        rows=price.parts,
        alt="The working of the price",
    )


def findings_table(detail: CallDetail) -> Table[Finding]:
    """Return what content filters said of a call, the gravest first; what none of them tells has no column."""
    columns: list[Column[Finding]] = [
        Column(title="Side", value=lambda finding: finding.source.value, width=84),
        Column(title="Category", value=lambda finding: finding.category, width=130),
        Column(title="Verdict", value=lambda finding: _VERDICTS[tone(finding)], pills=True, width=96),
        Column(title="Level", value=_level, width=110),
        Column(title="Detected", value=lambda finding: _yes(finding.detected), width=70),
        Column(title="Filtered", value=lambda finding: _yes(finding.filtered), width=66),
        Column(title="Characters", value=_offsets, width=82, help="As the provider counts them"),
        Column(title="Choice", value=lambda finding: finding.choice, figure=True, width=56),
        Column(title="Error", value=lambda finding: finding.error, width=110),
        Column(title="Details", value=_details, width=150),
        Column(title="Stands at", value=lambda finding: finding.place or None, width=220, help="Where in the reply"),
    ]
    return Table(
        columns=[column for column in columns if any(column.value(finding) is not None for finding in detail.findings)],
        rows=sorted(detail.findings, key=lambda finding: list(_VERDICTS).index(tone(finding))),
        alt="What content filters said",
    )


def facts(detail: CallDetail, zone: tzinfo) -> dict[str, str]:
    """Return what else is known of a call; what is absent is left out."""
    known = {**_tag_facts(detail.row), **_wire_facts(detail), **_time_facts(detail, zone)}
    return {name: value for name, value in known.items() if value}


def body_of(body: bytes, encoding: str, *, formatted: bool) -> Body:
    """Return a body as text with its content encoding undone; `formatted` sets JSON out in lines."""
    plain = decode(body, encoding)
    lines = _indented(plain.body) if formatted else None
    text = printable(plain.body.decode("utf-8", "replace")) if lines is None else lines
    told = [figures.size(len(body)), plain.problem or ""]
    if len(text) > MOST_SHOWN:
        told.append(f"the first {figures.count(MOST_SHOWN)} characters are shown")
    language = None if lines is None else "json"
    return Body(text=text[:MOST_SHOWN], language=language, told=" · ".join(part for part in told if part))


def _indented(plain: bytes) -> str | None:
    if plain[:1] not in (b"{", b"[") or len(plain) > MOST_SHOWN:
        return None
    parsed = parse_json(plain)
    if parsed.value is None or parsed.problem:
        return None
    try:
        lines = printable(json.dumps(parsed.value, indent=2, ensure_ascii=False))
    except RecursionError:  # what can just be read can be too deep to be written in lines
        return None
    return lines if len(lines) <= MOST_SHOWN else None


def _wire_facts(detail: CallDetail) -> dict[str, str | None]:
    row, exchange = detail.row, detail.exchange
    return {
        "Call": str(row.id),
        "Reference": row.reference,
        "Request": f"{exchange.method} {exchange.url}" if detail.gone is None else None,
        "Provider": row.provider,
        "Format": f"{row.dialect} {detail.dialect_version}",
        "Operation": row.operation,
        "Asked for": row.model_requested,
        "Served": row.model_served,
        "Match": row.model_match,
        "Finish": row.finish_reason,
        "Answer complete": _yes(row.complete),
        "Reply ended": _ENDINGS.get(row.ending, row.ending),
        "Failure": exchange.failure,
        "Response id": row.response_id,
        "Request id": row.request_id,
        "Attempt": None if row.attempt is None else str(row.attempt + 1),
        "Came in by": row.origin,
    }


def _tag_facts(row: CallRow) -> dict[str, str | None]:
    return {
        "API key": row.key_name or row.key_fingerprint,
        "Project": row.project,
        "User": row.user,
        "Session": row.session,
        "Canary": row.canary,
        "Labels": ", ".join(f"{name}={value}" for name, value in row.labels),
    }


def _time_facts(detail: CallDetail, zone: tzinfo) -> dict[str, str | None]:
    return {
        "Began": figures.moment(detail.row.started_at, zone),
        "Recorded": figures.moment(detail.row.recorded_at, zone),
    }


def _unit_price(part: PricePart, currency: str) -> str:
    per = {1: "each", 1_000: "per 1 k", 1_000_000: "per 1 M"}.get(part.per, f"per {part.per:,}")
    return f"{figures.money(part.unit_price, currency)} {per}"


def _details(finding: Finding) -> str | None:
    return json.dumps(dict(finding.details), ensure_ascii=False) if finding.details else None


def _level(finding: Finding) -> str | None:
    told = [text for text in (finding.severity, finding.probability) if text]
    if finding.score is not None:
        told.append(f"{finding.score:.3g}")
    return " · ".join(told) or None


def _offsets(finding: Finding) -> str | None:
    if finding.start_offset is None or finding.end_offset is None:
        return None
    return f"{finding.start_offset}–{finding.end_offset}"


def _yes(value: bool | None) -> str | None:
    return None if value is None else "yes" if value else "no"
