"""From a call to the rows that hold it, cut and cleaned so that any database takes what a network may send.

A figure out of range becomes None with a note, a text is cut: a call is not lost over what a hostile reply says.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from audit.call import Call, Ending, Exchange, Finding, Price, PricePart, Reading, Usage
from audit.store.columns import FIELD, GROUP, RECORD
from audit.wire.parse import printable

__all__ = [
    "call_row",
    "finding_rows",
    "key_rows",
    "label_rows",
    "parts_of",
    "quantities",
    "terms",
    "unquoted",
    "working",
]

MAX_TEXT = 500
"""Characters of a name, an id, a reason: PostgreSQL cannot index much more."""
MAX_MESSAGE = 1_000
MAX_ROWS = 1_000
"""Findings, labels or notes of one call."""
MAX_DETAILS = 8_000
"""Bytes of a finding's details that are kept in its row; the exchange has them all."""
MAX_FIGURE = 10**12
"""Tokens of one call, microseconds (11 days): sums of nine million such figures stay below 2⁶³."""
MAX_COST = Decimal(9_000_000)
"""What a column of 10⁻¹² of a currency can hold."""
MAX_INTEGER = 2**31 - 1
Terms = tuple[str | None, str | None, str, str, tuple[tuple[str | None, str, int], ...]]
"""Source, model, currency, multiplier, and of each part its unit, its price and for how many that is."""
ENCRYPTED = "(encrypted, with the bodies)"
"""Stands where a provider may have quoted a body, in a record whose bodies are encrypted: that is there to be read."""


def call_row(call: Call, recorded_at: datetime) -> dict[str, Any]:
    """Return the row of `calls`, its keys empty, but for what is known of its conversation."""
    exchange, reading = call.exchange, call.reading
    figures = _figures(reading)
    believed = {name: _within(value) for name, value in figures.items()}
    doubted = [f"{name} is out of range" for name, value in figures.items() if value != believed[name]]
    return {
        "pk": None,
        "price_pk": None,
        "recorded_at": recorded_at,
        **_exchange_columns(exchange),
        **_reading_columns(reading, exchange),
        **believed,
        "usage_partial": (reading.usage is not None and reading.usage.partial) or None,
        "notes": _texts((*reading.notes, *doubted)),
        "outcome": call.outcome.value,
        **_price_columns(call),
    }


def finding_rows(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return the rows of `findings`, but for the call's key."""
    return [{"number": number, **_finding(finding)} for number, finding in enumerate(findings[:MAX_ROWS])]


def label_rows(labels: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Return the rows of `call_labels`, but for the call's key; of a name that comes twice, the last counts."""
    cut = {_cut(name, 120): _cut(value) for name, value in labels[:MAX_ROWS]}
    return [{"name": name, "value": value} for name, value in cut.items()]


def unquoted(
    call: Call, row: dict[str, Any], findings: Sequence[dict[str, Any]]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the rows of a call and of its findings without the texts in which a provider may quote a body."""
    quoted = call.reading.error is not None and row["error_message"] is not None
    told = {"error": ENCRYPTED, "details": {"left_out": ENCRYPTED}}
    rows = [
        {name: told.get(name, value) if value is not None else None for name, value in finding.items()}
        for finding in findings
    ]
    return ({**row, "error_message": ENCRYPTED} if quoted else row), rows


def key_rows(calls: Sequence[Call]) -> list[dict[str, Any]]:
    """Return the rows of `api_keys`: one for each key, with its first and last use and where it was first used.

    They are in the order of the keys: two writers that lock rows in different orders would block each other.
    """
    rows: dict[str, dict[str, Any]] = {}
    for call in sorted(calls, key=lambda call: call.exchange.started_at):
        fingerprint, at = _name(call.exchange.key_fingerprint, 24), call.exchange.started_at
        if fingerprint is not None:
            provider = _cut(call.reading.provider, 255)
            new = {"fingerprint": fingerprint, "provider": provider, "first_seen_at": at}
            rows.setdefault(fingerprint, new)["last_seen_at"] = at
    return [rows[fingerprint] for fingerprint in sorted(rows)]


def terms(price: Price) -> Terms:
    """Return how a price came about, but for what differs from call to call: of most calls it is the same."""
    parts = tuple((_cut(part.unit), str(part.unit_price), part.per) for part in price.parts)
    return _cut(price.source), _cut(price.model), price.currency, str(price.multiplier), parts


def working(terms: Terms) -> dict[str, Any]:
    """Return that as it is stored."""
    source, model, currency, multiplier, parts = terms
    return {
        "source": source,
        "model": model,
        "currency": currency,
        "multiplier": multiplier,
        "parts": [list(part) for part in parts],
    }


def quantities(price: Price) -> str:
    """Return what does: how much of each part there was."""
    return ",".join(str(part.quantity) for part in price.parts)


def parts_of(working: Mapping[str, Any], quantities: str) -> tuple[PricePart, ...]:
    """Return a price's parts from what `working` and `quantities` made of them."""
    counts = quantities.split(",") if quantities else []
    return tuple(
        PricePart(unit=unit, quantity=Decimal(count), unit_price=Decimal(unit_price), per=per)
        for (unit, unit_price, per), count in zip(working["parts"], counts, strict=True)
    )


def _exchange_columns(exchange: Exchange) -> dict[str, Any]:
    tags = exchange.tags
    return {
        "id": exchange.id,
        "started_at": exchange.started_at,
        "origin": exchange.origin.value,
        "reference": _name(exchange.reference),
        "status": _within(exchange.status, MAX_INTEGER),
        "ending": exchange.ending.value,
        "first_byte_us": _within(exchange.first_byte_us),
        "duration_us": _within(exchange.duration_us),
        "key_fingerprint": _name(exchange.key_fingerprint, 24),
        "project": _name(tags.project),
        "user_id": _name(tags.user),
        "session_id": _name(tags.session),
        "canary": _name(tags.canary, 64),
        "request_bytes": len(exchange.request_body),
        "response_bytes": len(exchange.response_body),
    }


def _reading_columns(reading: Reading, exchange: Exchange) -> dict[str, Any]:
    code, message = _error(reading, exchange)
    return {
        "provider": _cut(reading.provider, 255),
        "operation": reading.operation.value,
        "dialect": reading.dialect,
        "dialect_version": reading.dialect_version,
        "streamed": reading.streamed,
        "model_requested": _name(reading.model_requested),
        "model_served": _name(reading.model_served),
        "model_match": reading.model_match.value,
        "response_id": _name(reading.response_id),
        "request_id": _name(reading.request_id),
        "attempt": _within(reading.attempt, MAX_INTEGER),
        "complete": reading.complete,
        "finish_reason": _cut(",".join(reading.finish_reasons[:MAX_ROWS]) or reading.finish_reason),
        "refusal": reading.refusal,
        "error_code": code,
        "error_message": message,
        "block_reasons": _texts(reading.block_reasons),
    }


def _error(reading: Reading, exchange: Exchange) -> tuple[str | None, str | None]:
    """The provider's error, else the transport's: why a call gave no answer."""
    if reading.error is not None:
        return _cut(reading.error.code), _cut(reading.error.message, MAX_MESSAGE)
    if exchange.ending is Ending.FAILED and exchange.failure is not None:
        name, _, message = exchange.failure.partition(": ")
        return _cut(name), _cut(message, MAX_MESSAGE)
    return None, None


def _figures(reading: Reading) -> dict[str, int | None]:
    usage = reading.usage or Usage()
    return {
        "first_token_us": reading.first_token_us,
        "provider_first_token_us": reading.provider_first_token_us,
        "provider_duration_us": reading.provider_duration_us,
        "input_tokens": usage.all_input_tokens,
        "cached_input_tokens": usage.cached_input_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "output_tokens": usage.all_output_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "native_input_tokens": usage.input_tokens,
        "native_output_tokens": usage.output_tokens,
        "native_total_tokens": usage.total_tokens,
    }


def _price_columns(call: Call) -> dict[str, Any]:
    price, reason = call.price, _cut(call.unpriced_reason)
    if price is not None and not (price.amount.is_finite() and abs(price.amount) <= MAX_COST):
        price, reason = None, "the price is out of range"
    return {
        "cost": price.amount if price else None,
        "currency": price.currency if price else None,
        "quantities": quantities(price) if price else None,
        "unpriced_reason": reason,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "source": finding.source.value,
        "category": _cut(finding.category),
        "severity": _cut(finding.severity),
        "probability": _cut(finding.probability),
        "score": _number(finding.score),
        "detected": finding.detected,
        "filtered": finding.filtered,
        "masked": finding.masked,
        "error": _cut(finding.error),
        "choice": _within(finding.choice, MAX_INTEGER),
        "start_offset": _within(finding.start_offset),
        "end_offset": _within(finding.end_offset),
        "check_offset": _within(finding.check_offset),
        "details": _details(finding),
        "place": _cut(finding.place),
    }


def _number(score: float | None) -> float | None:
    """Return a number that every database gives back as it is: SQLite knows no negative zero."""
    return score + 0.0 if score is not None and math.isfinite(score) else None


def _details(finding: Finding) -> Any:
    try:
        details = _clean(dict(finding.details))
        size = len(json.dumps(details))
    except (RecursionError, ValueError):  # nested too deep; an integer of too many digits
        return {"left_out": "not readable"}
    return {"left_out": f"{size} bytes"} if size > MAX_DETAILS else details or None


def _clean(value: Any) -> Any:
    """Make JSON of the network fit for a database: no NUL, no lone surrogates, no NaN."""
    if isinstance(value, dict):
        return {printable(str(key)): _clean(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return printable(value) if isinstance(value, str) else value


def _texts(values: Sequence[str]) -> list[str | None] | None:
    return [_cut(value) for value in values[:MAX_ROWS]] or None


def _within(value: int | None, most: int = MAX_FIGURE) -> int | None:
    return value if value is not None and 0 <= value <= most else None


def _name(value: str | None, most: int = MAX_TEXT) -> str | None:
    """An empty name is none."""
    return _cut(value, most) or None


def _cut(value: str | None, most: int = MAX_TEXT) -> str | None:
    if value is None or (value.isascii() and value.isprintable()):  # as nearly all names are
        return value and value[:most]
    return printable(value[:most]).translate(_SEPARATORS)


_SEPARATORS = str.maketrans({FIELD: "\u241f", RECORD: "\u241e", GROUP: "\u241d"})
