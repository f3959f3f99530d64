"""How calls get into the database: in batches, each in one transaction, each call once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError

from audit.call import Call, Price
from audit.store import tables
from audit.store.engine import blames_data, insert_new, store_error, upsert_span
from audit.store.records import call_row, exchange_row, finding_rows, key_rows, label_rows, working
from audit.store.search import add_to_index, spoken
from audit.wire.parse import printable

__all__ = ["Appended", "Writer", "name_key"]

MAX_PRICES = 10_000
"""Workings of prices whose keys are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """What became of a batch."""

    new: int = 0
    repeated: int = 0
    """Calls that were in the record already."""
    refused: tuple[tuple[UUID, str], ...] = ()
    """Calls that the database will not take, and why."""


def _now() -> datetime:
    return datetime.now(UTC)


class Writer:
    """Appends calls through one engine. Not for several threads at once."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = _now) -> None:
        self._engine = engine
        self._clock = clock
        self._price_pks: dict[str, int] = {}

    def append(self, calls: Sequence[Call]) -> Appended:
        """Store the calls that are not there yet, all at once; one that the database will not take is left out.

        Raises `StoreError` when the database cannot be used: it can be tried again, what is stored stays so.
        """
        if not calls:
            return Appended()
        try:
            return self._append(calls)
        except _SPOILT as exc:
            if isinstance(exc, DBAPIError) and not blames_data(exc):
                raise store_error(exc) from exc
            if len(calls) == 1:
                return Appended(refused=((calls[0].exchange.id, _reason(exc)),))
        except SQLAlchemyError as exc:
            raise store_error(exc) from exc
        middle = len(calls) // 2
        return _together(self.append(calls[:middle]), self.append(calls[middle:]))

    def lost(self, loss_id: UUID, at: datetime, count: int, reason: str) -> None:
        """Note that `count` exchanges could not be recorded; once for each id."""
        row = {"id": loss_id, "at": at, "count": count, "reason": printable(reason[:500])}
        with _transaction(self._engine) as connection:
            connection.execute(insert_new(connection, tables.losses, "id"), row)

    def _append(self, calls: Sequence[Call]) -> Appended:
        now = self._clock()
        with self._engine.begin() as connection:
            new = _unknown(connection, calls)
            workings = [_digested(call.price) if call.price else None for call in new]
            price_pks = self._stored_prices(connection, dict(one for one in workings if one))
            pks = [price_pks[one[0]] if one else None for one in workings]
            rows = [call_row(call, price_pk=pk, recorded_at=now) for call, pk in zip(new, pks, strict=True)]
            _insert(connection, new, rows)
        self._remember(price_pks)
        return Appended(new=len(new), repeated=len(calls) - len(new))

    def _stored_prices(self, connection: Connection, workings: dict[str, Any]) -> dict[str, int]:
        """Return the keys of workings by their digests, storing those that are not there yet."""
        prices = tables.prices
        known = {digest: pk for digest, pk in self._price_pks.items() if digest in workings}
        if missing := [digest for digest in workings if digest not in known]:
            rows = [{"digest": digest, "working": workings[digest]} for digest in sorted(missing)]
            connection.execute(insert_new(connection, prices, "digest"), rows)
            found = connection.execute(select(prices.c.digest, prices.c.pk).where(prices.c.digest.in_(missing)))
            known.update((row.digest, row.pk) for row in found)
        return known

    def _remember(self, price_pks: dict[str, int]) -> None:
        if len(self._price_pks) > MAX_PRICES:
            self._price_pks.clear()
        self._price_pks.update(price_pks)


def name_key(engine: Engine, fingerprint: str, name: str | None) -> bool:
    """Give an API key a name, or take it away; return whether such a key was ever seen. May raise `StoreError`."""
    keys = tables.api_keys
    named = keys.update().where(keys.c.fingerprint == fingerprint).values(name=name and printable(name[:200]))
    with _transaction(engine) as connection:
        return connection.execute(named).rowcount == 1


@contextmanager
def _transaction(engine: Engine) -> Iterator[Connection]:
    try:
        with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as exc:
        raise store_error(exc) from exc


def _unknown(connection: Connection, calls: Sequence[Call]) -> list[Call]:
    """The calls that are not in the record yet, each once."""
    by_id = {call.exchange.id: call for call in reversed(calls)}
    ids = tables.calls.c.id
    for known in connection.execute(select(ids).where(ids.in_(by_id))).scalars():
        del by_id[known]
    return list(reversed(by_id.values()))


def _insert(connection: Connection, calls: list[Call], rows: list[dict[str, Any]]) -> None:
    if not calls:
        return
    table = tables.calls
    connection.execute(table.insert(), rows)
    found = connection.execute(select(table.c.id, table.c.pk).where(table.c.id.in_([row["id"] for row in rows])))
    pks = {row.id: row.pk for row in found}
    fresh = [(pks[call.exchange.id], call) for call in calls]
    connection.execute(tables.exchanges.insert(), [exchange_row(pk, call.exchange) for pk, call in fresh])
    if findings := [row for pk, call in fresh for row in finding_rows(pk, call.reading.findings)]:
        connection.execute(tables.findings.insert(), findings)
    if labels := [row for pk, call in fresh for row in label_rows(pk, call.exchange.tags.labels)]:
        connection.execute(tables.call_labels.insert(), labels)
    if keys := key_rows(calls):
        upsert = upsert_span(connection, tables.api_keys, "fingerprint", first="first_seen_at", last="last_seen_at")
        connection.execute(upsert, _named(connection, keys))
    add_to_index(connection, [(pk, printable(spoken(call.reading))) for pk, call in fresh])


def _named(connection: Connection, keys: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give keys that were issued here the names they were issued under: they count when a key is seen first."""
    issued = tables.issued_keys.c
    ours = select(issued.fingerprint, issued.name).where(issued.fingerprint.in_([key["fingerprint"] for key in keys]))
    names = {row.fingerprint: row.name for row in connection.execute(ours)}
    return [{**key, "name": names.get(key["fingerprint"])} for key in keys]


def _digested(price: Price) -> tuple[str, dict[str, Any]]:
    made = working(price)
    return "sha256:" + hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest(), made


def _reason(exc: Exception) -> str:
    cause = exc.orig if isinstance(exc, StatementError) and exc.orig is not None else exc
    return printable(f"{type(cause).__name__}: {cause}"[:500])


def _together(first: Appended, second: Appended) -> Appended:
    return Appended(
        new=first.new + second.new,
        repeated=first.repeated + second.repeated,
        refused=first.refused + second.refused,
    )


_SPOILT = (StatementError, ValueError, TypeError, ArithmeticError, RecursionError)
"""What one call's values can raise on their way into the database; `OverflowError` is an `ArithmeticError`."""
