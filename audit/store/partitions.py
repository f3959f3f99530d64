"""Partitions of past months: they are emptied whole, and dropped when nothing lies in them any more.

Either gives their space back at once. Only PostgreSQL has them; in SQLite free pages are written to again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, func, inspect, select, text
from sqlalchemy.exc import OperationalError

from audit.store.loading import PARTITIONED, month_of, partition, take_writing_turn, tells_months

__all__ = ["drop_empty_months", "empty_month", "keep_months", "past_months"]

_PATIENCE = text("SET LOCAL lock_timeout = '5s'")
"""Who waits longer for readers to end keeps all that come after from reading and writing."""
_SLACK = timedelta(days=1)
"""How far the clock of who records may be behind."""
_CALLS = re.compile(r"calls_(\d{4})_(\d\d)")


def past_months(engine: Engine, now: datetime) -> list[int]:
    """Return the months before this one that have partitions, the oldest first; none in SQLite."""
    with engine.connect() as connection:
        return [month for month in _months(connection) if month < month_of(now - _SLACK)]


def drop_empty_months(engine: Engine, now: datetime) -> list[str]:
    """Drop the partitions of past months that are empty, all of a month or none; return the months, as 2026_01.

    Those that somebody reads from for long stay until the next time. Month 0, of calls that were there before keys told
    months, goes unmentioned: a new record has it too, with nothing in it.
    """
    return [name for month in past_months(engine, now) if (name := _drop(engine, month)) and month > 0]


def empty_month(connection: Connection, month: int, tables: Sequence[str]) -> None:
    """Take all rows of a month out of some tables at once, with all that was in the files.

    Raises `OperationalError` when others read from them for long. Who reads them later, but of an earlier moment, finds
    nothing there, and not what was there then: see `keep_months`.
    """
    connection.execute(_PATIENCE)
    connection.execute(text(f"TRUNCATE {', '.join(partition(table, month) for table in tables)}"))


def keep_months(connection: Connection) -> None:
    """Let no month be emptied or dropped before the end of a transaction, of which this is the first statement.

    For who reads the whole record as it was at that moment, which PostgreSQL keeps rows for, and no partitions.
    """
    if tells_months(connection):
        connection.execute(text(f"LOCK TABLE {', '.join(PARTITIONED)} IN ACCESS SHARE MODE"))


def _months(connection: Connection) -> list[int]:
    names = (_CALLS.fullmatch(name) for name in inspect(connection).get_table_names())
    return sorted((int(name[1]) - 1970) * 12 + int(name[2]) - 1 for name in names if name)


def _drop(engine: Engine, month: int) -> str | None:
    names = [partition(table, month) for table in PARTITIONED]
    try:
        with engine.begin() as connection:
            take_writing_turn(connection)
            connection.execute(_PATIENCE)
            if None in connection.execute(select(*map(func.to_regclass, names))).one():  # another has dropped them
                return None
            if any(connection.execute(text(f"SELECT 1 FROM {name} LIMIT 1")).first() for name in names):  # noqa: S608  # our own names
                return None
            for name in names:
                connection.execute(text(f"DROP TABLE {name}"))
    except OperationalError:  # others read from it
        return None
    return partition("calls", month).removeprefix("calls_")
