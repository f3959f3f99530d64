"""Canaries' checks, and the changes of state that they brought about."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Row, and_, func, select, type_coerce

from audit.store import tables
from audit.store.read.selection import DAY_S
from audit.store.read.tallies import span_start
from audit.store.rows import CheckDay, CheckRow, FlipRow, ModelRow

__all__ = ["checks", "days", "flips", "models"]

_k, _f = tables.checks.c, tables.flips.c


def checks(
    connection: Connection, times: tuple[datetime | None, datetime | None], limit: int, **wanted: Any
) -> tuple[CheckRow, ...]:
    """Return checks by when they were due, newest first; `wanted` names columns and what they must hold."""
    found = select(tables.checks).where(*_between(_k.slot_at, times), *_equal(tables.checks, wanted))
    rows = connection.execute(found.order_by(_k.slot_at.desc(), _k.pk.desc()).limit(limit))
    return tuple(_check(row) for row in rows)


def flips(
    connection: Connection, times: tuple[datetime | None, datetime | None], limit: int, **wanted: Any
) -> tuple[FlipRow, ...]:
    """Return changes of state, newest first; `wanted` names columns and what they must hold."""
    found = select(tables.flips).where(*_between(_f.at, times), *_equal(tables.flips, wanted))
    return tuple(_flip(row) for row in connection.execute(found.order_by(_f.at.desc(), _f.pk.desc()).limit(limit)))


def days(connection: Connection, times: tuple[datetime | None, datetime | None], offset_s: int) -> tuple[CheckDay, ...]:
    """Return how many checks had which verdict, by model and day, oldest first."""
    day = ((type_coerce(_k.slot_at, BigInteger) + offset_s * 1_000_000) // (DAY_S * 1_000_000)).label("day")
    counted = select(_k.provider, _k.model, day, _k.verdict, func.count().label("checks"))
    grouped = counted.where(*_between(_k.slot_at, times)).group_by(_k.provider, _k.model, "day", _k.verdict)
    rows = [
        CheckDay(
            provider=row.provider,
            model=row.model,
            at=span_start(row.day, DAY_S, offset_s),
            verdict=row.verdict,
            checks=row.checks,
        )
        for row in connection.execute(grouped)
    ]
    return tuple(sorted(rows, key=lambda row: (row.at, row.provider, row.model, row.verdict or "")))


def models(connection: Connection) -> tuple[ModelRow, ...]:
    """Return the models that have been checked, by provider and name."""
    last: dict[tuple[str, str], list[CheckRow]] = {}
    for check in _last_checks(connection):
        last.setdefault((check.provider, check.model), []).append(check)
    turned = {(flip.provider, flip.model): flip for flip in _last_flips(connection)}
    begun = select(_k.provider, _k.model, func.min(_k.started_at).label("at")).group_by(_k.provider, _k.model)
    rows = [
        ModelRow(
            provider=row.provider,
            model=row.model,
            flip=turned.get((row.provider, row.model)),
            last=tuple(last.get((row.provider, row.model), ())),
            first_check_at=row.at,
        )
        for row in connection.execute(begun)
    ]
    return tuple(sorted(rows, key=lambda row: (str(row.provider), str(row.model))))  # SQLite takes anything


def _last_checks(connection: Connection) -> list[CheckRow]:
    newest = (
        select(_k.canary, _k.provider, _k.model, func.max(_k.slot_at).label("slot_at"))
        .where(_k.ended_at.is_not(None))
        .group_by(_k.canary, _k.provider, _k.model)
        .subquery()
    )
    same = and_(*(column == tables.checks.c[column.name] for column in newest.c))
    found = connection.execute(select(tables.checks).join_from(tables.checks, newest, same))
    return sorted(map(_check, found), key=lambda check: check.canary)


def _last_flips(connection: Connection) -> list[FlipRow]:
    newest = select(func.max(_f.pk)).group_by(_f.provider, _f.model)
    return [_flip(row) for row in connection.execute(select(tables.flips).where(_f.pk.in_(newest)))]


def _between(
    column: ColumnElement[Any], times: tuple[datetime | None, datetime | None]
) -> Iterable[ColumnElement[bool]]:
    since, until = times
    if since is not None:
        yield column >= since
    if until is not None:
        yield column < until


def _equal(table: Any, wanted: dict[str, Any]) -> Iterable[ColumnElement[bool]]:
    for name, value in wanted.items():
        if value:
            yield table.c[name].in_(value) if isinstance(value, tuple) else table.c[name] == value


def _check(row: Row[Any]) -> CheckRow:
    fields = dict(row._mapping)
    del fields["claimed_by"]
    return CheckRow(**{**fields, "reasons": tuple(row.reasons or ())})


def _flip(row: Row[Any]) -> FlipRow:
    fields = dict(row._mapping)
    del fields["pk"]
    return FlipRow(**fields)
