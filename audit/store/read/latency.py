"""How fast answers came. Only calls that came to their end count: what failed at once was not fast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, select

from audit.store import tables
from audit.store.columns import FIELD
from audit.store.read.quantiles import speed, spread
from audit.store.read.selection import MODEL, kind, selected, span
from audit.store.read.tallies import group_name, span_start
from audit.store.read.texts import collected, line
from audit.store.rows import LatencyPoint, LatencyRow
from audit.store.scope import By, Scope, Standing

__all__ = ["by_model", "series"]

_c = tables.calls.c


def series(
    connection: Connection, scope: Scope, bucket_s: int, by: By, label: str | None, offset_s: int
) -> tuple[LatencyPoint, ...]:
    """Return how fast answers came in each span of time and each group, oldest first."""
    keys = {"span": span(bucket_s, offset_s), "kind": kind(by, label, offset_s)}
    points = [
        LatencyPoint(at=span_start(row.span, bucket_s, offset_s), group=group_name(by, label, row.kind), **_fields(row))
        for row in _rows(connection, scope, keys)
    ]
    return tuple(sorted(points, key=lambda point: (point.at, point.group or "")))


def by_model(connection: Connection, scope: Scope) -> tuple[LatencyRow, ...]:
    """Return how fast answers came from each provider's models, most calls first."""
    found = [(row.kind.split(FIELD), row) for row in _rows(connection, scope, {"kind": line(_c.provider, MODEL)})]
    rows = [LatencyRow(provider=provider, model=model, **_fields(row)) for (provider, model), row in found]
    return tuple(sorted(rows, key=lambda row: (-row.duration.n, row.provider, row.model)))


def _rows(connection: Connection, scope: Scope, keys: Mapping[str, ColumnElement[Any]]) -> list[Row[Any]]:
    named = [value.label(name) for name, value in keys.items()]
    wanted = select(*named, *_FIGURES).where(selected(connection, scope).where, _c.standing == Standing.OK)
    return list(connection.execute(wanted.group_by(*keys)))


def _fields(row: Row[Any]) -> dict[str, Any]:
    spreads = {name: spread([row._mapping[name]]) for name in ("first_token", "duration", "provider_duration")}
    return {**spreads, "speed": speed([row.speed])}


_GENERATED_US = case(
    (and_(_c.streamed.is_(True), _c.first_token_us.is_not(None)), _c.duration_us - _c.first_token_us),
    else_=_c.duration_us,
)
_SPEED = case((and_(_GENERATED_US > 0, _c.output_tokens > 0), _c.output_tokens * 1_000_000_000 // _GENERATED_US))
"""Output tokens per 1000 s: a stream's generation begins with its first token, others' with the request."""
_FIGURES = (
    collected(_c.first_token_us).label("first_token"),
    collected(_c.duration_us).label("duration"),
    collected(_c.provider_duration_us).label("provider_duration"),
    collected(_SPEED).label("speed"),
)
