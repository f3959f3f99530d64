"""Many rows at once, each database's own way: what a batch of calls is stored with.

SQLite takes many rows of one statement, past SQLAlchemy's own preparations; PostgreSQL takes COPY. There, calls and
what is theirs lie in partitions by the month in which they were recorded, which their keys tell: a key is
month × 2⁴⁰ + number, months counted from 1970. Keys grow in the order in which calls come into the record, on both.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    Boolean,
    ColumnClause,
    ColumnElement,
    Connection,
    LargeBinary,
    Table,
    TypeDecorator,
    any_,
    func,
    literal,
    select,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from audit.store import tables
from audit.store.columns import octets
from audit.store.engine import is_sqlite, take_turn
from audit.store.lots import in_lots

__all__ = [
    "MONTH_KEYS",
    "PARTITIONED",
    "among",
    "continue_keys",
    "copy_binary",
    "entered",
    "insert_rows",
    "make_partitions",
    "month_of",
    "next_key",
    "partition",
    "since_key",
    "take_writing_turn",
    "tells_months",
]

MONTH_KEYS = 2**40
"""Keys of one month."""
PARTITIONED = ("calls", *(table.name for table in tables.OF_A_CALL), "call_words")
APPENDS = 4_201_769_219
"""The key of PostgreSQL's advisory lock for whoever appends: keys then grow in the order of commits, so that who reads
on from one misses none."""
_SLACK = timedelta(days=1)
"""How far the clock of who records may be ahead of the database's writer's."""
Row = dict[str, Any]


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows, each with the same columns."""
    if not rows:
        return
    names = tuple(rows[0])
    bind = _binder(table, names, connection.dialect)
    if is_sqlite(connection):
        connection.exec_driver_sql(
            f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({_slots(names)})",  # noqa: S608  # our own names
            [bind(row) for row in rows],
        )
    else:
        kinds = [_wire_type(table.c[name].type, connection.dialect) for name in names]
        copy_binary(connection, table.name, names, kinds, map(bind, rows))


def entered(connection: Connection, ids: Iterable[bytes]) -> Iterator[bytes]:
    """Yield those ids under which something is entered into the ledger."""
    for some in in_lots(ids):
        if is_sqlite(connection):
            asked = f"SELECT id FROM entries WHERE id IN ({_slots(some)})"  # noqa: S608  # question marks
            found = connection.exec_driver_sql(asked, tuple(some))
        else:
            found = connection.exec_driver_sql("SELECT id FROM entries WHERE id = ANY(%s)", (some,))
        yield from map(octets, found.scalars())


def among(connection: Connection, column: ColumnClause[Any], lot: Sequence[Any]) -> ColumnElement[bool]:
    """Return the condition that a column has one of the values of a lot.

    PostgreSQL is sent them as one array: a parameter for each costs more than what is then done with them.
    """
    if is_sqlite(connection):
        return column.in_(lot)
    return column == any_(literal(lot, ARRAY(column.type)))


def take_writing_turn(connection: Connection) -> None:
    """Wait until nobody else appends; it lasts until the end of the transaction."""
    take_turn(connection, APPENDS)


def next_key(connection: Connection, now: datetime) -> int:
    """Return the key of the next entry, and of its call; to be asked in one's turn."""
    newest = connection.execute(select(func.coalesce(func.max(tables.entries.c.pk), 0))).scalar_one()
    return max(int(newest) + 1, 1 if is_sqlite(connection) else month_of(now) * MONTH_KEYS + 1)


def since_key(connection: Connection, since: datetime) -> int | None:
    """Return a key before those of all calls that began at a time or later; None where none need be told.

    Calls that were there before keys told months have keys of month 0, whenever they began.
    """
    return None if is_sqlite(connection) else month_of(since - _SLACK) * MONTH_KEYS


def tells_months(connection: Connection) -> bool:
    """Whether keys tell here in which month calls were recorded."""
    return not is_sqlite(connection)


def continue_keys(connection: Connection, table: Table) -> None:
    """Let the keys that a table counts up by itself go on behind the greatest that is there."""
    column = table.autoincrement_column
    if column is not None and not is_sqlite(connection):
        counter = func.pg_get_serial_sequence(table.name, column.name)
        connection.execute(select(func.setval(counter, func.max(column))))


def month_of(at: datetime) -> int:
    """Return the number of a month, counted from January 1970 in UTC."""
    utc = at.astimezone(UTC)
    return (utc.year - 1970) * 12 + utc.month - 1


def make_partitions(connection: Connection, key: int) -> None:
    """Have partitions for the month of a key and for the next."""
    if is_sqlite(connection):
        return
    this = key // MONTH_KEYS
    wanted = [(table, month) for table in PARTITIONED for month in (this, this + 1)]
    found = connection.execute(select(*(func.to_regclass(partition(*one)) for one in wanted))).one()
    for one, name in zip(wanted, found, strict=True):
        if name is None and _is_there(connection, one[0]):  # which some are not while a schema is brought up to date
            _make_partition(connection, *one)


def partition(table: str, month: int) -> str:
    """Return the name of a table's partition."""
    return f"{table}_{1970 + month // 12}_{month % 12 + 1:02}"


def _is_there(connection: Connection, table: str) -> bool:
    return connection.execute(select(func.to_regclass(table))).scalar() is not None


def _make_partition(connection: Connection, table: str, month: int) -> None:
    low, high = month * MONTH_KEYS, (month + 1) * MONTH_KEYS
    name = partition(table, month)
    # To make it as a partition at once would wait for all who read the table, and have all who come after wait too.
    connection.execute(text(f"CREATE TABLE {name} (LIKE {table} INCLUDING GENERATED INCLUDING STORAGE)"))
    connection.execute(text(f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({low}) TO ({high})"))


def copy_binary(
    connection: Connection, table: str, names: Sequence[str], kinds: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Copy rows into a table of PostgreSQL; `kinds` are what it calls the forms in which the columns are sent."""
    driver: Any = connection.connection.driver_connection
    statement = f"COPY {table} ({', '.join(names)}) FROM STDIN (FORMAT BINARY)"
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(kinds)
            for row in rows:
                copy.write_row(row)
    except driver_error(connection) as exc:
        raise as_sqlalchemys(connection, statement, exc) from exc


def _slots(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def driver_error(connection: Connection) -> type[Exception]:
    """Return the class of all errors of the database's driver."""
    return connection.dialect.loaded_dbapi.Error


def as_sqlalchemys(connection: Connection, statement: str, exc: Exception) -> Exception:
    """Return a driver's error as SQLAlchemy would have raised it."""
    return DBAPIError.instance(statement, None, exc, driver_error(connection), dialect=connection.dialect)


@lru_cache
def _binder(table: Table, names: tuple[str, ...], dialect: Dialect) -> Callable[[Row], tuple[Any, ...]]:
    """Return what makes of a row the values that the driver takes, in the order of the names."""
    makers = (_maker(table.c[name].type, dialect) for name in names)
    plain = tuple((number, make) for number, make in enumerate(makers) if make is not None)

    def bind(row: Row) -> tuple[Any, ...]:
        values = list(row.values())
        for number, make in plain:
            if (value := values[number]) is not None:
                values[number] = make(value)
        return tuple(values)

    return bind


def _maker(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    if isinstance(kind, Boolean | LargeBinary):  # which both drivers take as they are
        return None
    if isinstance(kind, JSON):
        return json.dumps
    if isinstance(kind, TypeDecorator):  # of our own, and what it makes the drivers take as it is
        return lambda value: kind.process_bind_param(value, dialect)
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _wire_type(kind: Any, dialect: Dialect) -> str:
    """Return what PostgreSQL calls the form in which a column is sent; JSON and names are sent as text is."""
    return _WIRE_TYPES.get(kind.compile(dialect).partition("(")[0], "text")


_WIRE_TYPES = {
    "BIGINT": "int8",
    "INTEGER": "int4",
    "BOOLEAN": "bool",
    "FLOAT": "float8",
    "DOUBLE PRECISION": "float8",
    "BYTEA": "bytea",
}
