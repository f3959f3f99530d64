"""Partitions that nothing lies in any more: they are dropped, which gives their space back at once.

Only PostgreSQL has them; in SQLite free pages are written to again.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import OperationalError

from audit.store.loading import PARTITIONED, month_of, partition, take_writing_turn

__all__ = ["drop_empty_months"]

_PATIENCE = text("SET LOCAL lock_timeout = '5s'")
"""Who waits longer for readers to end keeps all that come after from reading and writing."""
_SLACK = timedelta(days=1)
"""How far the clock of who records may be behind."""
_CALLS = re.compile(r"calls_(\d{4})_(\d\d)")


def drop_empty_months(engine: Engine, now: datetime) -> list[str]:
    """Drop the partitions of past months that are empty, all of a month or none; return the months, as 2026_01.

    Those that somebody reads from for long stay until the next time. Month 0, of calls that were there before keys told
    months, goes unmentioned: a new record has it too, with nothing in it.
    """
    with engine.connect() as connection:
        months = [month for month in _months(connection) if month < month_of(now - _SLACK)]
    return [name for month in months if (name := _drop(engine, month)) and month > 0]


def _months(connection: Connection) -> list[int]:
    names = (_CALLS.fullmatch(name) for name in inspect(connection).get_table_names())
    return sorted((int(name[1]) - 1970) * 12 + int(name[2]) - 1 for name in names if name)


def _drop(engine: Engine, month: int) -> str | None:
    names = [partition(table, month) for table in PARTITIONED]
    try:
        with engine.begin() as connection:
            take_writing_turn(connection)
            connection.execute(_PATIENCE)
            if any(connection.execute(text(f"SELECT 1 FROM {name} LIMIT 1")).first() for name in names):  # noqa: S608  # our own names
                return None
            for name in names:
                connection.execute(text(f"DROP TABLE {name}"))
    except OperationalError:  # others read from it
        return None
    return partition("calls", month).removeprefix("calls_")
