"""Rows that acts speak of and that stay beside them: each price and each loss against the act that entered it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Text, cast, select

from audit.errors import StoreError
from audit.store import tables
from audit.store.losses import statement_of
from audit.store.prices import digest_of
from audit.store.rows.acts import Kind
from audit.store.rows.verified import Verdict, Verified

__all__ = ["look_at_attested"]

Told = Mapping[Kind, Sequence[Mapping[str, Any]]]
_UNKNOWN = "the ledger knows nothing of it as it is"


def look_at_attested(connection: Connection, told: Told, found: Verified) -> None:
    """Tell of prices and losses that are altered, put in or gone; `told` is what intact acts say of them."""
    prices = Counter(str(one["digest"]) for one in told.get(Kind.PRICE, ()))
    _compare("price", prices, Counter(_prices(connection)), found)
    losses = Counter(_line(one) for one in told.get(Kind.LOSS, ()))
    _compare("loss", losses, Counter(_losses(connection)), found)


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


def _losses(connection: Connection) -> Iterator[str]:
    losses = tables.losses
    for pk in connection.execute(select(losses.c.pk).order_by(losses.c.pk)).scalars().all():
        try:
            row = connection.execute(select(losses).where(losses.c.pk == pk)).one()
            yield _line(statement_of(row._asdict()))
        except (StoreError, AttributeError, TypeError, ValueError, OverflowError):  # likewise
            yield f"number {pk}"


def _line(statement: Mapping[str, Any]) -> str:
    return json.dumps(statement, sort_keys=True, ensure_ascii=False)
