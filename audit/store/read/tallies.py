"""Sums over calls: how many, how many tokens, how much money, and of how many calls a figure is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Row, case, func, select, type_coerce

from audit.call import ModelMatch
from audit.store import tables
from audit.store.columns import from_picos
from audit.store.read.quantiles import spread
from audit.store.read.selection import BLOCKED, WITHOUT_USAGE, kind, selected, span
from audit.store.read.texts import collected
from audit.store.rows import Cost, Course, CoursePoint, Point, Totals, UsageRow
from audit.store.scope import By, Scope, Standing

__all__ = ["MONEY", "costs_of", "course", "group_name", "series", "span_start", "totals", "usage"]

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
    priced: dict[str, int] = {}
    for row in rows:
        if row.priced:
            priced[row.currency] = priced.get(row.currency, 0) + int(row.cost_high) * _SPLIT + int(row.cost_low)
    return tuple(Cost(currency=currency, amount=from_picos(picos)) for currency, picos in sorted(priced.items()))


def totals(connection: Connection, scope: Scope) -> Totals:
    """Return a scope in figures."""
    return _totals(connection, scope, _rows(connection, selected(connection, scope).where, {}, *_WHOLE))


def course(connection: Connection, scope: Scope, bucket_s: int, offset_s: int) -> Course:
    """Return a scope in figures, and in each span of time: by one look at its calls."""
    rows = _rows(connection, selected(connection, scope).where, {"span": span(bucket_s, offset_s)}, *_WHOLE)
    spans = [(number, list(found)) for number, found in groupby(rows, key=attrgetter("span"))]
    points = [
        CoursePoint(
            at=span_start(number, bucket_s, offset_s),
            first_token=spread(row.first_token for row in found),
            **_sums(found),
        )
        for number, found in spans
    ]
    return Course(totals=_totals(connection, scope, rows), points=tuple(points))


def series(
    connection: Connection, scope: Scope, bucket_s: int, by: By, label: str | None, offset_s: int
) -> tuple[Point, ...]:
    """Return sums for each span of time and each group, oldest first."""
    keys = {"span": span(bucket_s, offset_s), "kind": kind(by, label, offset_s)}
    found = groupby(_rows(connection, selected(connection, scope).where, keys), key=attrgetter("span", "kind"))
    points = [
        Point(at=span_start(number, bucket_s, offset_s), group=group_name(by, label, value), **_sums(list(rows)))
        for (number, value), rows in found
    ]
    return tuple(sorted(points, key=lambda point: (point.at, point.group or "")))


def usage(connection: Connection, scope: Scope, by: By, label: str | None, offset_s: int) -> tuple[UsageRow, ...]:
    """Return sums for each group, most calls first."""
    keys = {"kind": kind(by, label, offset_s)}
    found = _rows(connection, selected(connection, scope).where, keys, *_TIMES)
    groups = [(value, list(rows)) for value, rows in groupby(found, key=attrgetter("kind"))]
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


def _totals(connection: Connection, scope: Scope, rows: Sequence[Any]) -> Totals:
    return Totals(
        **_sums(rows),
        **_times(rows),
        first_token=spread(row.first_token for row in rows),
        duration=spread(row.duration for row in rows),
        substitutions=sum(row.substitutions for row in rows),
        lost=_lost(connection, scope),
    )


def _rows(
    connection: Connection,
    where: ColumnElement[bool],
    keys: Mapping[str, ColumnElement[Any]],
    *more: ColumnElement[Any],
) -> Sequence[Any]:
    named = [value.label(name) for name, value in keys.items()]
    sums = select(*named, _c.currency, *_COUNTS, *_FIGURES, *MONEY, *more).where(where)
    return connection.execute(sums.group_by(*keys, _c.currency).order_by(*keys)).all()


def _sums(rows: Sequence[Row[Any]]) -> dict[str, Any]:
    counts = zip(_TALLIED, map(sum, zip(*map(_tallied, rows), strict=True)), strict=False)
    figures = zip(_SUMMED, map(_sum, zip(*map(_summed, rows), strict=True)), strict=False)
    return {**dict(counts), **dict(figures), "costs": costs_of(rows)}


def _sum(figures: Iterable[Any]) -> int | None:
    there = [int(figure) for figure in figures if figure is not None]
    return sum(there) if there else None


def _times(rows: Sequence[Row[Any]]) -> dict[str, Any]:
    first, last = (row.first_at for row in rows), (row.last_at for row in rows)
    return {"first_at": min(first, default=None), "last_at": max(last, default=None)}


def _lost(connection: Connection, scope: Scope) -> int:
    losses = tables.losses.c
    counted = select(func.coalesce(func.sum(losses.count), 0))
    if scope.since is not None:
        counted = counted.where(losses.at >= scope.since)
    if scope.until is not None:
        counted = counted.where(losses.at < scope.until)
    return int(connection.execute(counted).scalar_one())


def _number(name: str, condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1))).label(name)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COUNTS = (
    func.count().label("calls"),
    _number("errors", _c.standing == Standing.ERROR),
    _number("unfinished", _c.standing == Standing.UNFINISHED),
    _number("blocked", BLOCKED),
    _number("refusals", _c.refusal.is_(True)),
    _number("without_usage", WITHOUT_USAGE),
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
_tallied, _summed = attrgetter(*_TALLIED), attrgetter(*_SUMMED)
_TIMES = (func.min(_c.started_at).label("first_at"), func.max(_c.started_at).label("last_at"))
_SPREADS = (
    collected(case((_c.standing == Standing.OK, _c.first_token_us))).label("first_token"),
    collected(case((_c.standing == Standing.OK, _c.duration_us))).label("duration"),
)
_WHOLE = (*_TIMES, *_SPREADS, _number("substitutions", _c.model_match == ModelMatch.DIFFERENT))
