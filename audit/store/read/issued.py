"""Keys of our own making: what they may, what they have spent, whether they are let through."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, literal, select

from audit.store import tables
from audit.store.columns import UtcTime, member
from audit.store.periods import Period, began
from audit.store.read.tallies import MONEY, costs_of
from audit.store.rows import Budget, IssuedKeyRow, KeyState, Spending

__all__ = ["issued_keys", "spending"]

_c, _i = tables.calls.c, tables.issued_keys.c


def issued_keys(connection: Connection, now: datetime, *, spending: bool) -> tuple[IssuedKeyRow, ...]:
    """Return all keys, the newest first; `now` is when their states hold."""
    seen = tables.api_keys.c
    both = select(tables.issued_keys, seen.last_seen_at)
    both = both.join_from(tables.issued_keys, tables.api_keys, _i.fingerprint == seen.fingerprint, isouter=True)
    rows = connection.execute(both.order_by(_i.pk.desc())).all()
    amounts = _amounts(connection, now) if spending else None
    return tuple(_row(row, now, amounts) for row in rows)


def spending(connection: Connection, now: datetime, after: int) -> Spending:
    """Return what keys have spent since their periods began; with `after`, by calls with greater keys alone."""
    newest = connection.execute(select(func.coalesce(func.max(_c.pk), 0))).scalar_one()
    fresh = _c.pk.between(after + 1, newest) if after else None
    return Spending(newest=newest, amounts=_amounts(connection, now, fresh))


def _amounts(connection: Connection, now: datetime, fresh: ColumnElement[bool] | None = None) -> dict[str, Decimal]:
    """Return what was spent by fingerprint, of fresh calls or of all since the earliest period began."""
    begins = {period: began(period, now) for period in Period}
    few = _c.started_at >= min(begins.values()) if fresh is None else fresh
    sums = select(_c.key_fingerprint, _c.currency, *MONEY).where(
        few,
        _c.key_fingerprint == _i.fingerprint,
        _c.currency == _i.budget_currency,
        _c.started_at
        >= case({period.value: literal(at, UtcTime()) for period, at in begins.items()}, value=_i.budget_period),
    )
    ordered = connection.execute(sums.group_by(_c.key_fingerprint, _c.currency).order_by(_c.key_fingerprint))
    by_key = groupby(ordered, key=lambda row: row.key_fingerprint)
    return {fingerprint: cost.amount for fingerprint, rows in by_key for cost in costs_of(rows)}


def _row(row: Any, now: datetime, amounts: Mapping[str, Decimal] | None) -> IssuedKeyRow:
    budget = _budget(row)
    spent = amounts.get(row.fingerprint, Decimal()) if amounts is not None and budget is not None else None
    return IssuedKeyRow(
        pk=row.pk,
        name=row.name,
        digest=row.digest,
        fingerprint=row.fingerprint,
        project=row.project,
        user=row.user_id,
        labels=tuple((row.labels or {}).items()),
        providers=tuple(row.providers),
        models=tuple(row.models),
        rpm=row.rpm,
        budget=budget,
        spent=spent,
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_seen_at,
        state=_state(row, now, over=budget is not None and spent is not None and spent >= budget.amount),
    )


def _budget(row: Any) -> Budget | None:
    if row.budget is None:
        return None
    return Budget(amount=row.budget, currency=row.budget_currency, period=member(Period, row.budget_period))


def _state(row: Any, now: datetime, *, over: bool) -> KeyState:
    if row.revoked_at is not None:
        return KeyState.REVOKED
    if row.expires_at is not None and row.expires_at <= now:
        return KeyState.EXPIRED
    return KeyState.OVER_BUDGET if over else KeyState.ACTIVE
