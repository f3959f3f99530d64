"""How fast answers came. Only calls that came to their end count: what failed at once was not fast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Float, and_, case, type_coerce

from audit.store import tables
from audit.store.read.quantiles import Keys, percentiles, spreads
from audit.store.read.selection import MODEL, STANDING, kind, selected, span
from audit.store.read.tallies import group_name, span_start
from audit.store.rows import LatencyPoint, LatencyRow, Speed
from audit.store.scope import By, Scope, Standing

__all__ = ["by_model", "series"]

_c = tables.calls.c
_GENERATED_US = case(
    (and_(_c.streamed.is_(True), _c.first_token_us.is_not(None)), _c.duration_us - _c.first_token_us),
    else_=_c.duration_us,
)
_SPEED: ColumnElement[float] = case(
    (and_(_GENERATED_US > 0, _c.output_tokens > 0), type_coerce(_c.output_tokens * 1_000_000.0, Float) / _GENERATED_US)
)
"""Output tokens per second: a stream's generation begins with its first token, others' with the request."""


def series(
    connection: Connection, scope: Scope, bucket_s: int, by: By, label: str | None, offset_s: int
) -> tuple[LatencyPoint, ...]:
    """Return how fast answers came in each span of time and each group, oldest first."""
    keys = {"span": span(bucket_s, offset_s), "kind": kind(by, label, offset_s)}
    found = _measured(connection, scope, keys)
    return tuple(
        LatencyPoint(at=span_start(key[0], bucket_s, offset_s), group=group_name(by, label, key[1]), **found[key])
        for key in sorted(found, key=lambda key: (key[0], str(key[1])))
    )


def by_model(connection: Connection, scope: Scope) -> tuple[LatencyRow, ...]:
    """Return how fast answers came from each provider's models, most calls first."""
    found = _measured(connection, scope, {"seller": _c.provider, "kind": MODEL})
    rows = [LatencyRow(provider=provider, model=model, **fields) for (provider, model), fields in found.items()]
    return tuple(sorted(rows, key=lambda row: (-row.duration.n, row.provider, row.model)))


def _measured(connection: Connection, scope: Scope, keys: Keys) -> dict[tuple[Any, ...], dict[str, Any]]:
    where = and_(selected(connection, scope).where, STANDING == Standing.OK)
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for name, figure in _FIGURES.items():
        for key, spread in spreads(connection, where, figure, keys).items():
            found.setdefault(key, {})[name] = spread
    for key, (n, p50, p05) in percentiles(connection, where, _SPEED, keys, (50, 5)).items():
        found.setdefault(key, {})["speed"] = Speed(n=n, p50=float(p50), p05=float(p05))
    return found


_FIGURES: Mapping[str, ColumnElement[Any]] = {
    "first_token": _c.first_token_us,
    "duration": _c.duration_us,
    "provider_duration": _c.provider_duration_us,
}
