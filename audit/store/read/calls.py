"""Calls one by one: as tables show them, and whole."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from audit.call import Ending, Exchange, Finding, Origin, Price, Source
from audit.store import tables
from audit.store.columns import member
from audit.store.erasing import ground_of
from audit.store.read.exchanges import labels_of, stored_exchanges
from audit.store.read.reviews import reviews
from audit.store.read.selection import id_range, selected
from audit.store.records import parts_of
from audit.store.rows import CallDetail, CallPage, CallRow, Gone, NativeUsage
from audit.store.scope import Order, Scope, Standing

__all__ = ["after", "detail", "id_of", "newest", "page", "slowest"]

_c = tables.calls.c
_SAME = tuple(
    column
    for column in tables.calls.columns
    if column.name in CallRow.__dataclass_fields__ and column.name != "usage_partial"
)
_ROWS = select(
    *_SAME,
    _c.user_id.label("user"),
    _c.session_id.label("session"),
    _c.usage_partial,
    tables.api_keys.c.name.label("key_name"),
).join_from(tables.calls, tables.api_keys, _c.key_fingerprint == tables.api_keys.c.fingerprint, isouter=True)


def page(connection: Connection, scope: Scope, *, limit: int, offset: int, order: Order, descending: bool) -> CallPage:
    """Return some calls of a scope, and how many there are; without a figure to sort by they come last."""
    selection = selected(connection, scope)
    total = connection.execute(select(func.count()).select_from(tables.calls).where(selection.where)).scalar_one()
    wanted = _sorted(_ROWS.where(selection.where), order, descending=descending).limit(limit).offset(offset)
    return CallPage(
        rows=_rows(connection, wanted), total=total, bounded=selection.bounded, unindexed=selection.unindexed
    )


def slowest(connection: Connection, scope: Scope, limit: int) -> tuple[CallRow, ...]:
    """Return the calls that took longest."""
    measured = _ROWS.where(selected(connection, scope).where, _c.duration_us.is_not(None))
    return _rows(connection, _sorted(measured, Order.DURATION, descending=True).limit(limit))


def after(connection: Connection, pk: int, scope: Scope, limit: int) -> tuple[CallRow, ...]:
    """Return calls that the record took later than the one with this key, in that order."""
    return _rows(connection, _ROWS.where(_c.pk > pk, selected(connection, scope).where).order_by(_c.pk).limit(limit))


def newest(connection: Connection, before: datetime) -> int:
    """Return the key of the last call that the record took before a moment, or 0."""
    # From the end backwards, and no further than there: there is no index by when calls were taken.
    taken = select(_c.pk).where(_c.recorded_at < before).order_by(_c.pk.desc()).limit(1)
    return connection.execute(taken).scalar() or 0


def detail(connection: Connection, wanted: UUID | str) -> CallDetail | None:
    """Return the one call with this id, beginning of an id, or reference; None unless exactly one fits."""
    pk = _one(connection, wanted)
    if pk is None:
        return None
    stored = connection.execute(select(tables.calls).where(_c.pk == pk)).one()
    exchange = dict(stored_exchanges(connection, _c.pk == pk, limit=1)).get(pk)
    (row,) = _rows(connection, _ROWS.where(_c.pk == pk))
    return CallDetail(
        row=row,
        exchange=exchange or _hollow(stored),
        findings=_findings(connection, pk),
        block_reasons=tuple(stored.block_reasons or ()),
        notes=tuple(stored.notes or ()),
        usage=NativeUsage(
            input_tokens=stored.native_input_tokens,
            output_tokens=stored.native_output_tokens,
            total_tokens=stored.native_total_tokens,
            partial=bool(stored.usage_partial),
        ),
        price=_price(connection, stored),
        dialect_version=stored.dialect_version,
        gone=None if exchange else _gone(connection, stored),
        reviews=reviews(connection, call=stored.id),
    )


def id_of(connection: Connection, wanted: UUID | str) -> UUID | None:
    """Return the id of that call; None likewise."""
    pk = _one(connection, wanted)
    return None if pk is None else connection.execute(select(_c.id).where(_c.pk == pk)).scalar_one()


def _hollow(stored: Row[Any]) -> Exchange:
    """What is left of an exchange without its bodies."""
    return Exchange(
        id=stored.id,
        started_at=stored.started_at,
        method="",
        url="",
        origin=Origin(stored.origin),
        reference=stored.reference,
        status=stored.status,
        ending=Ending(stored.ending),
        first_byte_us=stored.first_byte_us,
        duration_us=stored.duration_us,
        key_fingerprint=stored.key_fingerprint,
    )


def _gone(connection: Connection, stored: Row[Any]) -> Gone:
    at, ground = ground_of(connection, stored.id, stored.recorded_at) or (None, None)
    return Gone(at=at, ground=ground)


def _one(connection: Connection, wanted: UUID | str) -> int | None:
    bounds = id_range(str(wanted))
    for fits in ([_c.id.between(*bounds)] if bounds else []) + [_c.reference == str(wanted)]:
        found = connection.execute(select(_c.pk).where(fits).limit(2)).scalars().all()
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _sorted(rows: Select[Any], order: Order, *, descending: bool) -> Select[Any]:
    column: ColumnElement[Any] = _c[order.value]
    way = column.desc() if descending else column.asc()
    if order is not Order.STARTED_AT:  # where an index serves only if nothing is said of nulls
        way = way.nulls_last()
    return rows.order_by(way, _c.pk.desc() if descending else _c.pk.asc())


def _rows(connection: Connection, wanted: Select[Any]) -> tuple[CallRow, ...]:
    rows = connection.execute(wanted).all()
    labels = labels_of(connection, [row.pk for row in rows])
    return tuple(_row(row, labels.get(row.pk, ())) for row in rows)


def _row(row: Row[Any], labels: tuple[tuple[str, str], ...]) -> CallRow:
    fields = dict(row._mapping)
    fields["standing"] = member(Standing, row.standing)
    fields["usage_partial"] = bool(row.usage_partial)
    return CallRow(**fields, labels=labels)


def _findings(connection: Connection, pk: int) -> tuple[Finding, ...]:
    found = tables.findings
    rows = connection.execute(select(found).where(found.c.call_pk == pk).order_by(found.c.number)).all()
    return tuple(_finding(dict(row._mapping)) for row in rows)


def _finding(fields: dict[str, Any]) -> Finding:
    del fields["call_pk"], fields["number"]
    source, details, place = (
        member(Source, fields.pop("source")),
        fields.pop("details") or {},
        fields.pop("place") or "",
    )
    return Finding(source=source, details=details, place=place, **fields)


def _price(connection: Connection, stored: Row[Any]) -> Price | None:
    if stored.cost is None:
        return None
    prices = tables.prices.c
    working = connection.execute(select(prices.working).where(prices.pk == stored.price_pk)).scalar_one()
    return Price(
        amount=stored.cost,
        currency=stored.currency,
        source=working["source"],
        model=working["model"],
        multiplier=Decimal(working["multiplier"]),
        parts=parts_of(working, stored.quantities or ""),
    )
