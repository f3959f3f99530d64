"""What the ledger was told of calls, as it is stored now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, select

from audit.store import tables
from audit.store.entries import metadata_of, request_of, response_of
from audit.store.parts import Expand, expanded
from audit.store.read.exchanges import labels_of, salted_exchanges

__all__ = ["MOST_BYTES", "Committed", "committed", "sizes_of_bodies"]

MOST_BYTES = 32 * 1024 * 1024
"""Of bodies that are read at once, which are in memory several times; of a greater one, itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """What commitments are made to, of one call."""

    pk: int
    id: UUID
    metadata: bytes
    body_salt: bytes | None
    """None when the bodies are gone; likewise the two that follow."""
    request: bytes | None
    response: bytes | None


def sizes_of_bodies(connection: Connection, pks: Sequence[int]) -> dict[int, int]:
    """Return how many bytes the bodies of calls with these keys have, up to a thousand, as their rows tell."""
    calls = tables.calls.c
    rows = connection.execute(select(calls.pk, calls.request_bytes, calls.response_bytes).where(calls.pk.in_(pks)))
    return {row.pk: sum(size for size in row[1:] if isinstance(size, int)) for row in rows}  # or tampered with


def committed(connection: Connection, pks: Sequence[int], expand: Expand = expanded) -> Iterator[Committed]:
    """Yield what is stored of calls with these keys, up to a thousand; nothing for those that are gone.

    `expand` gives the parts of their bodies. Raises `ValueError` for bodies that cannot be put together,
    `EncryptionError` for those that want a key.
    """
    calls = tables.calls
    rows = connection.execute(select(calls).where(calls.c.pk.in_(pks)).order_by(calls.c.pk)).all()
    findings, labels = _findings(connection, pks), labels_of(connection, pks)
    workings = _workings(connection, {row.price_pk for row in rows if row.price_pk is not None})
    exchanges = dict(salted_exchanges(connection, calls.c.pk.in_(pks), limit=len(pks), expand=expand))
    for row in rows:
        salted = exchanges.get(row.pk)
        exchange = None if salted is None else salted.exchange
        told = metadata_of(
            dict(row._mapping), workings.get(row.price_pk), findings.get(row.pk, ()), dict(labels.get(row.pk, ()))
        )
        yield Committed(
            pk=row.pk,
            id=row.id,
            metadata=told,
            body_salt=None if salted is None else salted.salt,
            request=None if exchange is None else request_of(exchange) + exchange.request_body,
            response=None if exchange is None else response_of(exchange) + exchange.response_body,
        )


def _findings(connection: Connection, pks: Sequence[int]) -> dict[int, list[Any]]:
    table = tables.findings
    found: dict[int, list[Any]] = {}
    for row in _of(connection, table, pks, table.c.number):
        found.setdefault(row.call_pk, []).append(row._mapping)
    return found


def _workings(connection: Connection, pks: set[int]) -> dict[int, Any]:
    prices = tables.prices.c
    rows = connection.execute(select(prices.pk, prices.working).where(prices.pk.in_(pks)))
    return {row.pk: row.working for row in rows}


def _of(connection: Connection, table: Table, pks: Sequence[int], *order: Any) -> Sequence[Any]:
    return connection.execute(select(table).where(table.c.call_pk.in_(pks)).order_by(*order)).all()
