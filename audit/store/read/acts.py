"""Acts as they stand in the record; whether they are as they were entered is for `verification.py` to say."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from audit.store import tables
from audit.store.rows.acts import ActRow

__all__ = ["acts"]

_a, _e = tables.acts.c, tables.entries.c
_ACTS = select(tables.acts, _e.place).join_from(tables.acts, tables.entries, _a.id == _e.id, isouter=True)


def acts(connection: Connection, kind: str | None, since: datetime | None, limit: int) -> tuple[ActRow, ...]:
    """Return acts, the newest first; of one kind, or of all."""
    wanted = _ACTS if kind is None else _ACTS.where(_a.kind == kind)
    if since is not None:
        wanted = wanted.where(_a.at >= since)
    rows = connection.execute(wanted.order_by(_a.at.desc(), _a.id).limit(limit))
    return tuple(ActRow(**row._mapping) for row in rows)
