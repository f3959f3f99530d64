"""Rows that acts speak of and that stay beside them: each price, loss and decision against the act that entered it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, Text, cast, select

from audit.errors import StoreError
from audit.store import losses, reviews, tables
from audit.store.prices import digest_of
from audit.store.rows.acts import Kind
from audit.store.rows.verified import Verdict, Verified

__all__ = ["look_at_attested"]

Statement = Mapping[str, Any]
Told = Mapping[Kind, Sequence[Statement]]
_UNKNOWN = "the ledger knows nothing of it as it is"


def look_at_attested(connection: Connection, told: Told, found: Verified) -> None:
    """Tell of prices, losses and decisions that are altered, put in or gone; `told` is what intact acts say of them."""
    prices = Counter(str(one["digest"]) for one in told.get(Kind.PRICE, ()))
    _compare("price", prices, Counter(_prices(connection)), found)
    for kind, table, statement_of in (
        (Kind.LOSS, tables.losses, losses.statement_of),
        (Kind.REVIEW, tables.reviews, reviews.statement_of),
    ):
        entered = Counter(_line(one) for one in told.get(kind, ()))
        _compare(kind.value, entered, Counter(_stated(connection, table, statement_of)), found)


def _compare(what: str, told: Counter[str], stored: Counter[str], found: Verified) -> None:
    for one in sorted(stored - told):
        found.tell(Verdict.ALTERED, f"{what} {one}", _UNKNOWN)
    for one in sorted(told - stored):
        found.tell(Verdict.MISSING, f"{what} {one}", "it is not in the record as it was entered")


def _prices(connection: Connection) -> Iterator[str]:
    prices = tables.prices.c
    for row in connection.execute(select(prices.pk, cast(prices.working, Text).label("working"))):
        try:
            yield digest_of(json.loads(row.working))
        except (TypeError, ValueError):  # a column that was tampered with
            yield f"number {row.pk}"


def _stated(connection: Connection, table: Table, statement_of: Callable[[Statement], Statement]) -> Iterator[str]:
    """Yield what acts would say of a table's rows, one by one: a column that was tampered with spoils its row alone."""
    for pk in connection.execute(select(table.c.pk).order_by(table.c.pk)).scalars().all():
        try:
            row = connection.execute(select(table).where(table.c.pk == pk)).one()
            yield _line(statement_of(row._asdict()))
        except (StoreError, AttributeError, TypeError, ValueError, OverflowError):
            yield f"number {pk}"


def _line(statement: Statement) -> str:
    return json.dumps(statement, sort_keys=True, ensure_ascii=False)
