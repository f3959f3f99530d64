"""As much of Python's database API over `apsw` as SQLAlchemy's dialect for SQLite asks for.

`apsw` can be given a file system written in Python, and none of the drivers that the package itself uses can.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import apsw

__all__ = ["Driver"]


class Driver:
    """What `create_engine` takes for a `module`, with connections through a virtual file system or SQLite's own."""

    paramstyle = "qmark"
    sqlite_version = apsw.sqlite_lib_version()
    sqlite_version_info = tuple(int(part) for part in sqlite_version.split("."))
    Binary = memoryview
    Warning = sqlite3.Warning
    Error = sqlite3.Error
    InterfaceError = sqlite3.InterfaceError
    DatabaseError = sqlite3.DatabaseError
    DataError = sqlite3.DataError
    OperationalError = sqlite3.OperationalError
    IntegrityError = sqlite3.IntegrityError
    InternalError = sqlite3.InternalError
    ProgrammingError = sqlite3.ProgrammingError
    NotSupportedError = sqlite3.NotSupportedError

    def __init__(self, vfs: str | None = None) -> None:
        self._vfs = vfs

    def connect(self, database: str, *, timeout: float = 5.0, uri: bool = False, **_unused: Any) -> Connection:
        """Return a connection to the database in that file."""
        with _told():
            flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | (apsw.SQLITE_OPEN_URI if uri else 0)
            opened = apsw.Connection(database, flags=flags, vfs=self._vfs)
            opened.set_busy_timeout(int(timeout * 1000))
            return Connection(opened)


class Connection:
    """A connection in which transactions begin and end by statements alone."""

    isolation_level: str | None = None

    def __init__(self, opened: apsw.Connection) -> None:
        self._opened = opened

    def cursor(self) -> Cursor:
        """Return a new cursor."""
        return Cursor(self._opened)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Cursor:
        """Return a new cursor that has executed a statement."""
        return self.cursor().execute(sql, parameters)

    def create_function(self, name: str, narg: int, func: Callable[..., Any], *, deterministic: bool = False) -> None:
        """Let statements call a function."""
        self._opened.create_scalar_function(name, func, narg, deterministic=deterministic)

    def commit(self) -> None:
        """End a transaction, if one is open."""
        self._end("COMMIT")

    def rollback(self) -> None:
        """Undo a transaction, if one is open."""
        self._end("ROLLBACK")

    def close(self) -> None:
        """Close it."""
        with _told():
            self._opened.close()

    def _end(self, statement: str) -> None:
        if self._opened.in_transaction:
            self.execute(statement)


class Cursor:
    """A statement and its rows, all of which are read at once."""

    arraysize = 1

    def __init__(self, opened: apsw.Connection) -> None:
        self._opened = opened
        self._cursor = opened.cursor()
        self._cursor.exec_trace = self._describe
        self._rows: Iterator[tuple[Any, ...]] = iter(())
        self.description: tuple[tuple[Any, ...], ...] | None = None
        self.rowcount = -1

    @property
    def lastrowid(self) -> int:
        """The key of the last row that was inserted."""
        return self._opened.last_insert_rowid()

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Cursor:
        """Execute a statement."""
        return self._run(sql, lambda: self._cursor.execute(sql, tuple(parameters)))

    def executemany(self, sql: str, parameters: Sequence[Sequence[Any]]) -> Cursor:
        """Execute a statement with each of these parameters."""
        return self._run(sql, lambda: self._cursor.executemany(sql, [tuple(row) for row in parameters]))

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row, or None."""
        return next(self._rows, None)

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        """Return the next rows."""
        return list(islice(self._rows, size or self.arraysize))

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return all further rows."""
        return list(self._rows)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return self._rows

    def close(self) -> None:
        """Give up the rows."""
        self._rows = iter(())

    def _run(self, sql: str, run: Callable[[], apsw.Cursor]) -> Cursor:
        self.description, before = None, self._opened.total_changes()
        with _told():
            self._rows = iter(list(run()))
        writes = sql.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE", "REPLAC")
        self.rowcount = self._opened.total_changes() - before if writes else -1
        return self

    def _describe(self, cursor: apsw.Cursor, _sql: str, _parameters: object) -> bool:
        """Note the columns: only before the first row are they told where there is none."""
        columns = cursor.get_description()
        self.description = tuple((name, None, None, None, None, None, None) for name, _ in columns) or None
        return True


@contextmanager
def _told() -> Iterator[None]:
    """Raise what a driver in the standard library would."""
    try:
        yield
    except apsw.Error as exc:
        kind = next((ours for theirs, ours in _ERRORS.items() if isinstance(exc, theirs)), sqlite3.OperationalError)
        raise kind(str(exc)) from exc


_ERRORS: dict[type[apsw.Error], type[sqlite3.Error]] = {
    apsw.ConstraintError: sqlite3.IntegrityError,
    apsw.MismatchError: sqlite3.IntegrityError,
    apsw.TooBigError: sqlite3.DataError,
    apsw.CorruptError: sqlite3.DatabaseError,
    apsw.NotADBError: sqlite3.DatabaseError,
    apsw.MisuseError: sqlite3.InterfaceError,
    apsw.RangeError: sqlite3.InterfaceError,
}
