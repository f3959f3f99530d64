"""Decisions as they stand in the record; whether they are as they were entered is for `attested.py` to say."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select

from audit.call import Source
from audit.store import tables
from audit.store.columns import member
from audit.store.rows.reviews import ReviewRow, ReviewVerdict

__all__ = ["reviews"]

_r, _after = tables.reviews.c, tables.reviews.alias("later").c
_AGAIN = select(_after.pk).where(
    _after.call_id == _r.call_id,
    _after.side == _r.side,
    _after.category.is_not_distinct_from(_r.category),
    _after.reviewer == _r.reviewer,
    _after.version > _r.version,
)
_REVIEWS = select(tables.reviews, (~_AGAIN.exists()).label("latest"))


def reviews(
    connection: Connection,
    *,
    call: UUID | None = None,
    verdict: ReviewVerdict | None = None,
    reviewer: str | None = None,
    limit: int | None = None,
) -> tuple[ReviewRow, ...]:
    """Return decisions, the newest first; a reviewer by the whole name, or by what stands before its host."""
    wanted = _REVIEWS
    if call is not None:
        wanted = wanted.where(_r.call_id == call)
    if verdict is not None:
        wanted = wanted.where(_r.verdict == verdict)
    if reviewer is not None:
        wanted = wanted.where(_is_of(reviewer))
    return tuple(map(_review, connection.execute(wanted.order_by(_r.pk.desc()).limit(limit))))


def _is_of(reviewer: str) -> ColumnElement[bool]:
    """Not by LIKE, to which capitals are the same on SQLite."""
    name = f"{reviewer}@"
    return or_(_r.reviewer == reviewer, func.substr(_r.reviewer, 1, len(name)) == name)


def _review(row: Row[Any]) -> ReviewRow:
    fields = dict(row._mapping)
    del fields["pk"]
    told = {
        "call": fields.pop("call_id"),
        "side": member(Source, row.side),
        "verdict": member(ReviewVerdict, row.verdict),
        "latest": bool(row.latest),
    }
    return ReviewRow(**{**fields, **told})
