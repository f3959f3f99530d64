"""Sums over calls: how many, how many tokens, how much money, and of how many calls a figure is missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Row, and_, case, func, select, type_coerce

from audit.call import ModelMatch
from audit.store import tables
from audit.store.columns import from_picos
from audit.store.read.quantiles import Keys, spreads
from audit.store.read.selection import BLOCKED, STANDING, kind, selected, span
from audit.store.rows import Cost, Point, Totals, UsageRow
from audit.store.scope import By, Scope, Standing

__all__ = ["MONEY", "costs_of", "group_name", "series", "span_start", "totals", "usage"]

_c = tables.calls.c
_PICOS: ColumnElement[int] = type_coerce(_c.cost, BigInteger)
_SPLIT = 1_000_000

MONEY = (
    func.count(_c.cost).label("priced"),
    func.count(_c.unpriced_reason).label("unpriced"),
    # Two hostile costs can exceed 64 bits together, their halves cannot.
    func.sum(_PICOS // _SPLIT).label("cost_high"),
    func.sum(_PICOS % _SPLIT).label("cost_low"),
)
"""What `costs_of` adds up; the rows must be apart by currency."""


def costs_of(rows: Iterable[Row[Any]]) -> tuple[Cost, ...]:
    """Return sums of money from rows that have a currency and `MONEY`."""
    priced = {row.currency: int(row.cost_high) * _SPLIT + int(row.cost_low) for row in rows if row.priced}
    return tuple(Cost(currency=currency, amount=from_picos(picos)) for currency, picos in sorted(priced.items()))


def totals(connection: Connection, scope: Scope) -> Totals:
    """Return a scope in figures."""
    where = selected(connection, scope).where
    rows = _rows(connection, where, {})
    ended = and_(where, STANDING == Standing.OK)
    losses = tables.losses.c
    times = [losses.at >= scope.since] if scope.since else []
    times += [losses.at < scope.until] if scope.until else []
    return Totals(
        **_sums(rows),
        **_times(rows),
        **_spreads(connection, ended),
        substitutions=sum(row.substitutions for row in rows),
        lost=int(connection.execute(select(func.coalesce(func.sum(losses.count), 0)).where(*times)).scalar_one()),
    )


def series(
    connection: Connection, scope: Scope, bucket_s: int, by: By, label: str | None, offset_s: int
) -> tuple[Point, ...]:
    """Return sums for each span of time and each group, oldest first."""
    keys = {"span": span(bucket_s, offset_s), "kind": kind(by, label, offset_s)}
    found = groupby(_rows(connection, selected(connection, scope).where, keys), key=lambda row: (row.span, row.kind))
    return tuple(
        Point(at=span_start(number, bucket_s, offset_s), group=group_name(by, label, value), **_sums(list(rows)))
        for (number, value), rows in found
    )


def usage(connection: Connection, scope: Scope, by: By, label: str | None, offset_s: int) -> tuple[UsageRow, ...]:
    """Return sums for each group, most calls first."""
    keys = {"kind": kind(by, label, offset_s)}
    found = groupby(_rows(connection, selected(connection, scope).where, keys), key=lambda row: row.kind)
    groups = [(value, list(rows)) for value, rows in found]
    made = [
        UsageRow(
            group=group_name(by, label, value),
            priced=sum(row.priced for row in rows),
            **_times(rows),
            **_sums(rows),
        )
        for value, rows in groups
    ]
    return tuple(sorted(made, key=lambda row: (-row.calls, row.group or "")))


def span_start(number: int, width_s: int, offset_s: int) -> datetime:
    """Return when a span of time begins that `span` has numbered."""
    return _EPOCH + timedelta(seconds=number * width_s - offset_s)


def group_name(by: By, label: str | None, value: Any) -> str | None:
    """Return what a group is called: days come from the database as numbers."""
    if by is By.DAY and label is None:
        return (_EPOCH + timedelta(days=value)).date().isoformat()
    return None if value is None else str(value)


def _rows(connection: Connection, where: ColumnElement[bool], keys: Keys) -> Sequence[Any]:
    named = [value.label(name) for name, value in keys.items()]
    sums = select(*named, _c.currency, *_COUNTS, *_FIGURES, *_TIMES, *MONEY).where(where)
    return connection.execute(sums.group_by(*keys, _c.currency).order_by(*keys)).all()


def _sums(rows: Sequence[Row[Any]]) -> dict[str, Any]:
    counts = {name: sum(row._mapping[name] for row in rows) for name in _TALLIED}
    figures = {name: _sum(row._mapping[name] for row in rows) for name in _SUMMED}
    return {**counts, **figures, "costs": costs_of(rows)}


def _sum(figures: Iterable[Any]) -> int | None:
    there = [int(figure) for figure in figures if figure is not None]
    return sum(there) if there else None


def _times(rows: Sequence[Row[Any]]) -> dict[str, Any]:
    first, last = (row.first_at for row in rows), (row.last_at for row in rows)
    return {"first_at": min(first, default=None), "last_at": max(last, default=None)}


def _spreads(connection: Connection, where: ColumnElement[bool]) -> dict[str, Any]:
    measured = {"first_token": _c.first_token_us, "duration": _c.duration_us}
    found = {name: spreads(connection, where, figure, {}) for name, figure in measured.items()}
    return {name: spread[()] for name, spread in found.items() if spread}


def _number(name: str, condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1))).label(name)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COUNTS = (
    func.count().label("calls"),
    _number("errors", STANDING == Standing.ERROR),
    _number("unfinished", STANDING == Standing.UNFINISHED),
    _number("blocked", BLOCKED),
    _number("refusals", _c.refusal.is_(True)),
    _number("substitutions", _c.model_match == ModelMatch.DIFFERENT),
    _number("without_usage", and_(_c.input_tokens.is_(None), _c.output_tokens.is_(None))),
)
_TALLIED = ("calls", "errors", "unfinished", "blocked", "refusals", "without_usage", "unpriced")
_FIGURES = (
    func.sum(_c.input_tokens).label("input_tokens"),
    func.sum(_c.cached_input_tokens).label("cached_input_tokens"),
    func.sum(_c.cache_write_tokens).label("cache_write_tokens"),
    func.sum(_c.output_tokens).label("output_tokens"),
    func.sum(_c.reasoning_tokens).label("reasoning_tokens"),
    func.sum(case((_c.cached_input_tokens.is_not(None), _c.input_tokens))).label("cacheable_input_tokens"),
)
_SUMMED = tuple(figure.name for figure in _FIGURES)
_TIMES = (func.min(_c.started_at).label("first_at"), func.max(_c.started_at).label("last_at"))
