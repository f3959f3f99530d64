"""How the record itself does."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, Text, and_, case, cast, column, func, select, table

from audit.call import Ending
from audit.store import tables
from audit.store.engine import size_bytes
from audit.store.rows import Health
from audit.store.unindexed import waiting

__all__ = ["health", "lost"]

_c, _l = tables.calls.c, tables.losses.c
_NOTES = cast(_c.notes, Text)
_REDACTED_ONLY = and_(_NOTES.like('["redacted: %'), _NOTES.not_like('%", "%'))
"""The one note tells what was taken out on purpose, and not what could not be read."""


def health(connection: Connection, now: datetime) -> Health:
    """Return how the record does; `now` is where the last day ends."""
    counted = select(
        func.count().label("calls"),
        func.min(_c.started_at).label("first_at"),
        func.max(_c.started_at).label("last_at"),
        func.count(case((~_REDACTED_ONLY, _c.notes))).label("noted"),
        func.count(case((_c.dialect == "unknown", 1))).label("unknown_dialect"),
        func.count(case((_c.ending == Ending.UNKNOWN, 1))).label("unknown_ending"),
    )
    day = case((_l.at >= now - timedelta(days=1), _l.count))
    lost = connection.execute(select(func.coalesce(func.sum(_l.count), 0), func.coalesce(func.sum(day), 0))).one()
    version = table("alembic_version", column("version_num"))
    return Health(
        **connection.execute(counted).one()._mapping,
        recorded_at=connection.execute(select(_c.recorded_at).order_by(_c.pk.desc()).limit(1)).scalar(),
        lost=int(lost[0]),
        lost_last_day=int(lost[1]),
        last_loss=connection.execute(select(_l.reason).order_by(_l.at.desc(), _l.pk.desc()).limit(1)).scalar(),
        unindexed=waiting(connection),
        size_bytes=size_bytes(connection),
        revision=connection.execute(select(version.c.version_num)).scalar(),
    )


def lost(connection: Connection, since: datetime) -> int:
    """Return how many exchanges have been lost since a moment."""
    counted = select(func.coalesce(func.sum(_l.count), 0)).where(_l.at >= since)
    return int(connection.execute(counted).scalar_one())
