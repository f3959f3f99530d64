"""Rows that acts speak of and that stay beside them: each price, loss, decision and hold against its act."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, Text, cast, select, type_coerce
from sqlalchemy.types import NullType

from audit.errors import StoreError
from audit.store import holds, losses, reviews, tables
from audit.store.prices import digest_of
from audit.store.rows.acts import Kind
from audit.store.rows.verified import Verdict, Verified

__all__ = ["look_at_attested"]

Statement = Mapping[str, Any]
Told = Mapping[Kind, Sequence[Row[Any]]]
_UNKNOWN = "the ledger knows nothing of it as it is"


def look_at_attested(connection: Connection, told: Told, found: Verified) -> None:
    """Tell of prices, losses, decisions and holds that are altered, put in or gone; `told` are intact acts."""
    prices = Counter(str(act.statement["digest"]) for act in told.get(Kind.PRICE, ()))
    _compare("price", prices, Counter(_prices(connection)), found)
    for kind, table, statement_of, acts in (
        (Kind.LOSS, tables.losses, losses.statement_of, (act.statement for act in told.get(Kind.LOSS, ()))),
        (Kind.REVIEW, tables.reviews, reviews.statement_of, (act.statement for act in told.get(Kind.REVIEW, ()))),
        (Kind.HOLD, tables.holds, holds.terms_of, _holds(told)),
    ):
        _compare(kind.value, Counter(map(_line, acts)), Counter(_stated(connection, table, statement_of)), found)


def _holds(told: Told) -> Iterator[Statement]:
    """Yield what acts tell of each hold, also its release."""
    released = {act.statement["hold"]: act.at for act in told.get(Kind.RELEASE, ())}
    for act in told.get(Kind.HOLD, ()):
        placed = {"id": act.id, "placed_by": act.actor, "placed_at": act.at, "released_at": released.get(str(act.id))}
        yield holds.terms_of({**act.statement, **placed})


def _compare(what: str, told: Counter[str], stored: Counter[str], found: Verified) -> None:
    for one in sorted(stored - told):
        found.tell(Verdict.ALTERED, f"{what} {one}", _UNKNOWN)
    for one in sorted(told - stored):
        found.tell(Verdict.MISSING, f"{what} {one}", "it is not in the record as it was entered")


def _prices(connection: Connection) -> Iterator[str]:
    """Yield the digests of what is stored, each of which is also the one that it is found by."""
    prices = tables.prices.c
    for row in connection.execute(select(prices.pk, prices.digest, cast(prices.working, Text).label("working"))):
        try:
            digest = digest_of(json.loads(row.working))
            yield digest if digest == row.digest else f"{digest}, found by {row.digest}"
        except (TypeError, ValueError):  # a column that was tampered with
            yield f"number {row.pk}"


def _stated(connection: Connection, table: Table, statement_of: Callable[[Statement], Statement]) -> Iterator[str]:
    """Yield what acts would say of a table's rows, one by one: a column that was tampered with spoils its row alone."""
    (column,) = table.primary_key
    key = type_coerce(column, NullType())  # as it is, also where it was tampered with
    for pk in connection.execute(select(key).order_by(column)).scalars().all():
        try:
            row = connection.execute(select(table).where(key == pk)).one()
            yield _line(statement_of(row._asdict()))
        except (StoreError, AttributeError, TypeError, ValueError, OverflowError):
            yield f"number {pk!r}"


def _line(statement: Statement) -> str:
    return json.dumps(statement, sort_keys=True, ensure_ascii=False)
