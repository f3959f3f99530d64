"""How calls get into the database: in batches, each in one transaction, each call once."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError, OperationalError

from audit.call import Call, Ending, Exchange, Finding, Price, Reading, Usage
from audit.errors import StoreError
from audit.store import tables
from audit.store.engine import insert_new, is_sqlite, upsert
from audit.store.packing import CODEC, pack, pack_head
from audit.store.search import add_to_index, spoken
from audit.wire.parse import printable

__all__ = ["Appended", "Writer"]

_MOST_DETAILS = 8_000
"""Bytes of a finding's details that are kept in its row; the exchange has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """What became of a batch."""

    new: int
    repeated: int
    """Calls that were in the record already."""
    refused: tuple[tuple[UUID, str], ...] = ()
    """Calls that the database will not take, and why."""


class Writer:
    """Appends calls through one engine. Not for several threads at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._price_pks: dict[str, int] = {}

    def append(self, calls: Sequence[Call]) -> Appended:
        """Store the calls that are not there yet, all or none; those that spoil it for the others one by one.

        Raises `StoreError` when the database cannot be reached: nothing is stored then, and it can be tried again.
        """
        try:
            return self._append(calls)
        except DBAPIError as exc:
            self._price_pks.clear()
            if isinstance(exc, OperationalError) or exc.connection_invalidated:
                raise StoreError(f"the database does not take calls: {exc.orig}", permanent=False) from exc
            if len(calls) == 1:
                return Appended(new=0, repeated=0, refused=((calls[0].exchange.id, str(exc.orig)[:500]),))
        return _together([self.append([call]) for call in calls])

    def lost(self, loss_id: UUID, at: datetime, count: int, reason: str) -> None:
        """Note that `count` exchanges could not be recorded."""
        row = {"id": loss_id, "at": at, "count": count, "reason": reason[:500]}
        with self._engine.begin() as connection:
            connection.execute(insert_new(connection, tables.losses, "id"), row)

    def _append(self, calls: Sequence[Call]) -> Appended:
        with self._engine.begin() as connection:
            pks = _insert_calls(connection, [self._row(connection, call) for call in calls])
            fresh = [(pks.pop(call.exchange.id), call) for call in calls if call.exchange.id in pks]
            _insert_details(connection, fresh)
        return Appended(new=len(fresh), repeated=len(calls) - len(fresh))

    def _row(self, connection: Connection, call: Call) -> dict[str, Any]:
        exchange, reading = call.exchange, call.reading
        return {
            **_exchange_columns(exchange),
            **_reading_columns(reading, exchange),
            **_usage_columns(reading.usage),
            "outcome": call.outcome.value,
            "cost": call.price.amount if call.price else None,
            "currency": call.price.currency if call.price else None,
            "price_pk": self._price_pk(connection, call.price) if call.price else None,
            "unpriced_reason": call.unpriced_reason,
        }

    def _price_pk(self, connection: Connection, price: Price) -> int:
        working = _working(price)
        digest = "sha256:" + hashlib.sha256(json.dumps(working, sort_keys=True).encode()).hexdigest()
        if digest not in self._price_pks:
            row = {"digest": digest, "working": working}
            connection.execute(insert_new(connection, tables.prices, "digest"), row)
            found = select(tables.prices.c.pk).where(tables.prices.c.digest == digest)
            self._price_pks[digest] = connection.execute(found).scalar_one()
        return self._price_pks[digest]


def _together(parts: Sequence[Appended]) -> Appended:
    return Appended(
        new=sum(part.new for part in parts),
        repeated=sum(part.repeated for part in parts),
        refused=tuple(refusal for part in parts for refusal in part.refused),
    )


def _insert_calls(connection: Connection, rows: list[dict[str, Any]]) -> dict[UUID, int]:
    """Insert calls that are not there yet; return the keys of those."""
    table = tables.calls
    unique = list({row["id"]: row for row in rows}.values())
    statement = insert_new(connection, table, "id").returning(table.c.id, table.c.pk)
    return {row.id: row.pk for row in connection.execute(statement, unique)}


def _insert_details(connection: Connection, fresh: list[tuple[int, Call]]) -> None:
    if not fresh:
        return
    connection.execute(tables.exchanges.insert(), [_packed(pk, call.exchange) for pk, call in fresh])
    if found := [_finding(pk, finding) for pk, call in fresh for finding in call.reading.findings]:
        connection.execute(tables.findings.insert(), found)
    if labels := [row for pk, call in fresh for row in _labels(pk, call)]:
        connection.execute(tables.call_labels.insert(), labels)
    if keys := _keys(fresh):
        connection.execute(upsert(connection, tables.api_keys, "fingerprint", "last_seen_at"), keys)
    if is_sqlite(connection):
        add_to_index(connection, [(pk, printable(spoken(call.reading))) for pk, call in fresh])


def _exchange_columns(exchange: Exchange) -> dict[str, Any]:
    tags = exchange.tags
    return {
        "id": exchange.id,
        "started_at": exchange.started_at,
        "origin": exchange.origin.value,
        "reference": _cut(exchange.reference),
        "status": exchange.status,
        "ending": exchange.ending.value,
        "first_byte_us": exchange.first_byte_us,
        "duration_us": exchange.duration_us,
        "key_fingerprint": exchange.key_fingerprint,
        "project": _cut(tags.project),
        "user_id": _cut(tags.user),
        "session_id": _cut(tags.session),
        "canary": tags.canary,
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
        "model_requested": _cut(reading.model_requested),
        "model_served": _cut(reading.model_served),
        "model_match": reading.model_match.value,
        "response_id": _cut(reading.response_id),
        "request_id": _cut(reading.request_id),
        "attempt": reading.attempt,
        "complete": reading.complete,
        "finish_reason": _cut(",".join(reading.finish_reasons) or reading.finish_reason),
        "refusal": reading.refusal,
        "error_code": code,
        "error_message": message,
        "block_reasons": [_cut(reason) for reason in reading.block_reasons] or None,
        "notes": [_cut(note) for note in reading.notes] or None,
        "first_token_us": reading.first_token_us,
        "provider_first_token_us": reading.provider_first_token_us,
        "provider_duration_us": reading.provider_duration_us,
    }


def _error(reading: Reading, exchange: Exchange) -> tuple[str | None, str | None]:
    """The provider's error, else the transport's: why a call gave no answer."""
    if reading.error is not None:
        return _cut(reading.error.code), _cut(reading.error.message, 1000)
    if exchange.failure is not None:
        name, _, message = exchange.failure.partition(": ")
        return _cut(name), _cut(message, 1000)
    return (exchange.ending.value, None) if exchange.ending is Ending.UNKNOWN else (None, None)


def _usage_columns(usage: Usage | None) -> dict[str, Any]:
    usage = usage or Usage()
    return {
        "input_tokens": usage.all_input_tokens,
        "cached_input_tokens": usage.cached_input_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "output_tokens": usage.all_output_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "native_input_tokens": usage.input_tokens,
        "native_output_tokens": usage.output_tokens,
        "native_total_tokens": usage.total_tokens,
        "usage_partial": usage.partial or None,
    }


def _packed(pk: int, exchange: Exchange) -> dict[str, Any]:
    return {
        "call_pk": pk,
        "codec": CODEC,
        "head": pack_head(exchange),
        "request_body": pack(exchange.request_body),
        "response_body": pack(exchange.response_body),
    }


def _finding(pk: int, finding: Finding) -> dict[str, Any]:
    return {
        "call_pk": pk,
        "source": finding.source.value,
        "category": _cut(finding.category),
        "severity": _cut(finding.severity),
        "probability": _cut(finding.probability),
        "score": finding.score,
        "detected": finding.detected,
        "filtered": finding.filtered,
        "masked": finding.masked,
        "error": _cut(finding.error),
        "choice": finding.choice,
        "start_offset": finding.start_offset,
        "end_offset": finding.end_offset,
        "check_offset": finding.check_offset,
        "details": _details(finding),
        "place": _cut(finding.place),
    }


def _details(finding: Finding) -> Any:
    details = _clean(dict(finding.details))
    size = len(json.dumps(details))
    return {"left_out": f"{size} bytes"} if size > _MOST_DETAILS else details or None


def _clean(value: Any) -> Any:
    """Make JSON of the network fit for a database: no NUL, no lone surrogates, no NaN."""
    if isinstance(value, dict):
        return {printable(str(key)): _clean(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return printable(value) if isinstance(value, str) else value


def _labels(pk: int, call: Call) -> list[dict[str, Any]]:
    labels = {_cut(name, 120): _cut(value) for name, value in call.exchange.tags.labels}
    return [{"call_pk": pk, "name": name, "value": value} for name, value in labels.items()]


def _keys(fresh: list[tuple[int, Call]]) -> list[dict[str, Any]]:
    """One row for each API key of the batch, at its latest use."""
    rows: dict[str, dict[str, Any]] = {}
    for _, call in sorted(fresh, key=lambda pair: pair[1].exchange.started_at):
        fingerprint, at = call.exchange.key_fingerprint, call.exchange.started_at.astimezone(UTC)
        if fingerprint is not None:
            first = rows.get(fingerprint, {}).get("first_seen_at", at)
            provider = _cut(call.reading.provider, 255)
            rows[fingerprint] = {
                "fingerprint": fingerprint,
                "provider": provider,
                "first_seen_at": first,
                "last_seen_at": at,
            }
    return list(rows.values())


def _working(price: Price) -> dict[str, Any]:
    return {
        "source": price.source,
        "model": price.model,
        "currency": price.currency,
        "multiplier": str(price.multiplier),
        "unit_prices": {part.unit: [str(part.unit_price), part.per] for part in price.parts},
    }


def _cut(value: str | None, most: int = 500) -> str | None:
    return None if value is None else printable(value)[:most]
