"""From a URL to a database: the only file that asks which one it is.

SQLite runs in WAL mode with `synchronous=FULL`, so that what is committed survives a power loss, and without mmap.
Versions before 3.51.3 can corrupt a WAL database that several connections use
(https://sqlite.org/wal.html#walresetbug), and are refused.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, Engine, Executable, Insert, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from audit.errors import StoreError

try:
    from pysqlite3 import dbapi2 as bundled_sqlite
except ImportError:  # no wheel for this platform
    bundled_sqlite = sqlite3

__all__ = ["BUSY_TIMEOUT_MS", "insert_new", "is_sqlite", "open_engine", "sqlite_module", "upsert"]

SOUND_SQLITE = (3, 51, 3)
BUSY_TIMEOUT_MS = 10_000
"""How long a connection waits for another's transaction: longer than any batch takes, shorter than a user waits."""


def open_engine(url: str, *, read_only: bool = False) -> Engine:
    """Return an engine for `url`; raise `StoreError` for a URL or a driver that cannot be used."""
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed, read_only=read_only)
    try:
        return create_engine(parsed, pool_pre_ping=True)
    except ModuleNotFoundError as exc:
        raise StoreError(f"no driver for {parsed.drivername}: pip install {exc.name}", permanent=True) from exc


def is_sqlite(bind: Engine | Connection) -> bool:
    """Whether this is SQLite, which has full-text search of its own kind and one writer at a time."""
    return bind.dialect.name == "sqlite"


def insert_new(bind: Engine | Connection, table: Table, *unique: str) -> Insert:
    """Return an insert that passes over rows whose `unique` columns are there already."""
    make = sqlite.insert if is_sqlite(bind) else postgresql.insert
    return make(table).on_conflict_do_nothing(index_elements=list(unique))


def upsert(bind: Engine | Connection, table: Table, unique: str, newer: str) -> Executable:
    """Return an insert that moves the column `newer` of a row that is there already to the greater value."""
    make = sqlite.insert if is_sqlite(bind) else postgresql.insert
    insert = make(table)
    later = insert.excluded[newer]
    return insert.on_conflict_do_update(index_elements=[unique], set_={newer: later}, where=table.c[newer] < later)


def sqlite_module() -> ModuleType:
    """Return the SQLite driver in use: the bundled one where there is a wheel, else the interpreter's."""
    return bundled_sqlite  # type: ignore[no-any-return]  # the bundled driver has no types


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as exc:
        raise StoreError(f"not a database URL: {exc}", permanent=True) from exc
    if parsed.drivername in ("postgres", "postgresql"):
        return parsed.set(drivername="postgresql+psycopg")
    return parsed


def _open_sqlite(url: URL, *, read_only: bool) -> Engine:
    module = sqlite_module()
    if module.sqlite_version_info < SOUND_SQLITE:
        raise StoreError(
            f"SQLite {module.sqlite_version} can corrupt a database that several connections use; "
            "install pysqlite3>=0.6.1 (Linux), a Python linked with SQLite 3.51.3 or later, or use PostgreSQL",
            permanent=True,
        )
    if url.database and url.database != ":memory:":
        Path(url.database).expanduser().parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, module=module, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # or the driver would begin transactions by its own rules
        for pragma in (*_PRAGMAS, "query_only=ON") if read_only else _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that reads first and writes later would fail with SQLITE_BUSY instead of waiting.
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_TIMEOUT_MS}", "foreign_keys=ON")
