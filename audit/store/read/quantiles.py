"""Percentiles by nearest rank, computed where the figures are.

The p-th percentile of n figures is the ⌈n·p/100⌉-th smallest: always one that was measured
(https://en.wikipedia.org/wiki/Percentile#The_nearest-rank_method).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select

from audit.store.rows import Spread

__all__ = ["percentiles", "spreads"]

Keys = Mapping[str, ColumnElement[Any]]
"""What groups have in common, by names that no column of `calls` has."""


def spreads(
    connection: Connection, where: ColumnElement[bool], figure: ColumnElement[Any], keys: Keys
) -> dict[tuple[Any, ...], Spread]:
    """Return how a duration is spread in each group of calls that has any, by the values of `keys`."""
    found = percentiles(connection, where, figure, keys, (50, 95, 99))
    return {
        group: Spread(n=n, p50_us=int(p50), p95_us=int(p95), p99_us=int(p99))
        for group, (n, p50, p95, p99) in found.items()
    }


def percentiles(
    connection: Connection, where: ColumnElement[bool], figure: ColumnElement[Any], keys: Keys, wanted: tuple[int, ...]
) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Return for each group how many calls have the figure, and the wanted percentiles of it."""
    named = [value.label(name) for name, value in keys.items()]
    figures = select(*named, figure.label("figure")).where(where, figure.is_not(None)).subquery()
    groups = [figures.c[name] for name in keys]
    rank = func.row_number().over(partition_by=groups or None, order_by=figures.c.figure)
    count = func.count().over(partition_by=groups or None)
    ranked = select(*groups, figures.c.figure, rank.label("rank"), count.label("n")).subquery()
    at = [func.max(case((ranked.c.rank == (ranked.c.n * p + 99) // 100, ranked.c.figure))) for p in wanted]
    groups = [ranked.c[name] for name in keys]
    rows = connection.execute(select(*groups, func.max(ranked.c.n), *at).group_by(*groups))
    return {tuple(row[: len(keys)]): tuple(row[len(keys) :]) for row in rows if row[len(keys)]}
