"""From a URL to a database: the only file that asks which one it is, search aside.

SQLite runs in WAL mode with `synchronous=FULL`, so that what is committed survives a power loss, and without mmap.
Versions before 3.51.3 can corrupt a WAL database that several connections use
(https://sqlite.org/wal.html#walresetbug), and are refused.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    Insert,
    String,
    Table,
    case,
    create_engine,
    event,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DataError,
    DBAPIError,
    IntegrityError,
    OperationalError,
    SQLAlchemyError,
)

from audit.errors import StoreError

try:
    from pysqlite3 import dbapi2 as bundled_sqlite
except ImportError:  # no wheel for this platform
    bundled_sqlite = sqlite3

__all__ = [
    "BUSY_TIMEOUT_MS",
    "at_one_moment",
    "blames_data",
    "damaged",
    "file_of",
    "hidden",
    "in_byte_order",
    "insert_new",
    "is_sqlite",
    "is_there",
    "open_engine",
    "opened",
    "size_bytes",
    "sqlite_module",
    "sqlite_url",
    "store_error",
    "take_turn",
    "translated",
    "upsert_span",
    "write_snapshot",
]

SOUND_SQLITE = (3, 51, 3)
BUSY_TIMEOUT_MS = 10_000
"""How long a connection waits for another's transaction: longer than any batch takes, shorter than a user waits."""
PAGE_BYTES = 8_192
"""At SQLite's default of 4 KiB, packed exchanges of a little over 2 KB would leave half of each page empty."""
CACHE_KIB = 65_536
"""What a connection may keep in memory: the calls of a hundred thousand exchanges."""
TURN = 4_201_769_218
"""The key of PostgreSQL's advisory lock for changes of the schema: any number that nobody else uses."""


def open_engine(url: str, *, read_only: bool = False, sqlite_driver: Any = None) -> Engine:
    """Return an engine for `url`; raise `StoreError` for a URL or a driver that cannot be used.

    With `read_only` nothing can be written through it, and a missing SQLite database is not made. Without a driver for
    SQLite it is that of `sqlite_module`.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed, sqlite_driver or sqlite_module(), read_only=read_only)
    try:
        return _open_postgresql(parsed, read_only=read_only)
    except ModuleNotFoundError as exc:
        raise StoreError(f"no driver for {parsed.drivername}: pip install {exc.name}", permanent=True) from exc


@contextmanager
def opened(url: str, *, read_only: bool = False) -> Iterator[Engine]:
    """Yield the engine of `open_engine`, and let go of the database behind the block."""
    engine = open_engine(url, read_only=read_only)
    try:
        yield engine
    finally:
        engine.dispose()


def is_there(url: str) -> bool:
    """Return False for a SQLite database that nobody has made yet; what a server has, only asking it can tell."""
    path = _file(url)
    return path is None or path.exists()


def file_of(url: str) -> tuple[int, int] | None:
    """Return what tells a SQLite database's file from another of the same name; None when there is none."""
    path = _file(url)
    try:
        found = None if path is None else path.stat()
    except OSError:
        return None
    return found and (found.st_dev, found.st_ino)


def hidden(url: str) -> str:
    """Return a database URL fit to be shown: without its password, also one among its parameters."""
    parsed = make_url(url)
    secret = {name: "***" for name in parsed.query if name.lower() in _SECRET}
    return parsed.update_query_dict(secret).render_as_string(hide_password=True)


def is_sqlite(bind: Engine | Connection) -> bool:
    """Whether this is SQLite, which has full-text search of its own kind and one writer at a time."""
    return bind.dialect.name == "sqlite"


def sqlite_url(path: Path) -> str:
    """Return the URL of a SQLite database in a file."""
    return URL.create("sqlite", database=str(path.absolute())).render_as_string()


def at_one_moment(engine: Engine) -> Engine:
    """Return the engine for transactions that read only, and see what was there at their beginning to their end."""
    if is_sqlite(engine):
        return engine.execution_options(reads=True)
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def in_byte_order(bind: Engine | Connection, column: Column[Any]) -> ColumnElement[Any]:
    """Return what to sort by for the same order in every database, whatever language it sorts text by."""
    is_text = isinstance(column.type, String)
    return column.collate("C") if is_text and not is_sqlite(bind) else column


def write_snapshot(engine: Engine, path: Path) -> bool:
    """Write a SQLite database as it is now into an empty file, while others write on; False for any other database.

    The file is not in WAL mode, and stands alone. What SQLite writes so it does not bring to the disk: `fsync` does.
    """
    if not is_sqlite(engine):
        return False
    with engine.connect().execution_options(bare=True) as connection:
        connection.execute(text("VACUUM INTO :path"), {"path": str(path)})
    return True


def insert_new(bind: Engine | Connection, table: Table, *unique: str) -> Insert:
    """Return an insert that passes over rows whose `unique` columns are there already."""
    make = sqlite.insert if is_sqlite(bind) else postgresql.insert
    return make(table).on_conflict_do_nothing(index_elements=list(unique))


def upsert_span(bind: Engine | Connection, table: Table, unique: str, *, first: str, last: str) -> Insert:
    """Return an insert that widens the span from `first` to `last` of a row that is there already."""
    insert = (sqlite.insert if is_sqlite(bind) else postgresql.insert)(table)
    old, new = table.c, insert.excluded
    span = {
        first: case((new[first] < old[first], new[first]), else_=old[first]),
        last: case((new[last] > old[last], new[last]), else_=old[last]),
    }
    return insert.on_conflict_do_update(index_elements=[unique], set_=span)


def take_turn(connection: Connection, key: int = TURN) -> None:
    """Wait until no other transaction that has called this is open; SQLite's writers do so by themselves."""
    if not is_sqlite(connection):
        connection.execute(select(func.pg_advisory_xact_lock(key)))


def size_bytes(connection: Connection) -> int:
    """Return how much room the database takes."""
    if is_sqlite(connection):
        pages = connection.execute(text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"))
        return int(pages.scalar_one())
    return int(connection.execute(select(func.pg_database_size(func.current_database()))).scalar_one())


def blames_data(exc: DBAPIError) -> bool:
    """Whether it was one of the rows that the database would not take, so that others may go in."""
    beyond_limits = str(getattr(exc.orig, "sqlstate", None) or "").startswith("54")  # PostgreSQL: too long to index
    return isinstance(exc, DataError | IntegrityError) or beyond_limits


@contextmanager
def translated() -> Iterator[None]:
    """Raise `StoreError` in the place of whatever else the database raises in the block."""
    try:
        yield
    except SQLAlchemyError as exc:
        raise store_error(exc) from exc


def store_error(exc: SQLAlchemyError) -> StoreError:
    """Return the error to raise in its place: what is wrong, what to do, and whether waiting can help.

    It can wherever somebody may put it right without touching the processes that wait: see `_MAY_PASS`.
    """
    cause = getattr(exc, "orig", None) or exc
    said, state = str(cause).strip(), str(getattr(cause, "sqlstate", None) or "")
    if any(sign in said for sign in _NO_TABLES) or state in _NO_TABLES:
        return StoreError(
            f"the database has not the tables it should have ({said}): run audit db upgrade", permanent=True
        )
    if any(sign in said for sign in _DAMAGED):
        return damaged(said.partition(" with text ")[0])  # which may be of a prompt
    if state == _TAKEN or _TAKEN_IN_SQLITE.match(said):
        return StoreError(
            f"the database has tables of another program, or is damaged ({said}): name an empty one, or restore a "
            "backup with audit restore",
            permanent=True,
        )
    if state == _READ_ONLY:
        return StoreError(
            f"the database is a standby that takes no writes ({said}): add target_session_attrs=read-write to its URL",
            permanent=False,
        )
    if state.startswith(_MAY_PASS):
        return StoreError(f"the database cannot take it now: {said}", permanent=False)
    if isinstance(exc, OperationalError) or not isinstance(exc, DatabaseError):
        return StoreError(f"the database is out of reach: {said}", permanent=False)
    return StoreError(f"the database refuses: {said}", permanent=True)


def damaged(said: object) -> StoreError:
    """Return the error to raise for a database that holds what was never written there."""
    return StoreError(f"the database is damaged ({said}): restore a backup with audit restore", permanent=True)


def sqlite_module() -> ModuleType:
    """Return the SQLite driver in use: the bundled one where there is a wheel, else the interpreter's."""
    return bundled_sqlite  # type: ignore[no-any-return]  # the bundled driver has no types


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as exc:
        raise StoreError(f"not a database URL: {exc}", permanent=True) from exc
    except ValueError as exc:  # its words would show the URL from the first host's port on
        raise StoreError(
            "not a database URL: the port is no number; several hosts are written "
            "postgresql://user:password@/database?host=one:5432&host=two:5432",
            permanent=True,
        ) from exc
    if parsed.drivername in ("postgres", "postgresql"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(f"{parsed.drivername} is neither sqlite nor postgresql", permanent=True)
    return parsed


def _file(url: str) -> Path | None:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return None  # `open_engine` says what is wrong with it
    name = parsed.database or ""
    in_file = parsed.get_backend_name() == "sqlite" and name not in ("", ":memory:") and not name.startswith("file:")
    return Path(name).expanduser() if in_file else None


def _open_postgresql(url: URL, *, read_only: bool) -> Engine:
    engine = create_engine(url, pool_pre_ping=True, execution_options={"postgresql_readonly": read_only})
    if engine.driver == "psycopg":
        from audit.store.patience import DEFAULTS, PatientConnection  # noqa: PLC0415  # without the driver it fails

        @event.listens_for(engine, "do_connect")
        def _connect(_dialect: object, _record: object, args: list[Any], options: dict[str, Any]) -> Any:
            return PatientConnection.connect(*args, **{**DEFAULTS, **options})

    @event.listens_for(engine, "handle_error")
    def _let_go(context: ExceptionContext) -> None:
        # Where a standby was reached, or a plan is of before a migration, another connection can do better.
        if getattr(context.original_exception, "sqlstate", None) in (_READ_ONLY, _OLD_PLAN) and not read_only:
            context.is_disconnect = True

    return engine


def _open_sqlite(url: URL, module: Any, *, read_only: bool) -> Engine:
    if module.sqlite_version_info < SOUND_SQLITE:
        raise StoreError(
            f"SQLite {module.sqlite_version} can corrupt a database that several connections use; "
            "install pysqlite3>=0.6.1 (Linux), a Python linked with SQLite 3.51.3 or later, or use PostgreSQL",
            permanent=True,
        )
    engine = create_engine(
        _placed(url, read_only=read_only),
        module=module,
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000},
        json_deserializer=_from_json,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # or the driver would begin transactions by its own rules
        try:
            for pragma in (*_COMMON, *(_READING if read_only else _WRITING)):
                connection.execute(f"PRAGMA {pragma}")
        except UnicodeDecodeError as exc:  # what SQLite says of a schema shows what stands in its place
            raise damaged(exc) from exc

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that reads first and writes later would fail with SQLITE_BUSY instead of waiting.
        options = connection.get_execution_options()
        if options.get("bare", False):  # for VACUUM, which no transaction takes
            return
        reads = read_only or options.get("reads", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _from_json(stored: str | bytes) -> Any:
    try:
        return json.loads(stored)
    except (ValueError, TypeError, RecursionError) as exc:
        raise damaged(f"a value is no JSON: {exc}") from exc


def _placed(url: URL, *, read_only: bool) -> URL:
    """Make the database's folder, and the database itself for its owner's eyes only: prompts are private."""
    if url.database in (None, "", ":memory:") or str(url.database).startswith("file:"):
        return url
    path = Path(str(url.database)).expanduser().absolute()
    if read_only:  # `rw` would not make it, and `ro` could not recover what a crash left in its journal
        return url.set(database=f"file:{quote(str(path))}", query={"mode": "rw", "uri": "true"})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
    except OSError as exc:
        raise StoreError(f"cannot make {path}: {exc.strerror}", permanent=True) from exc
    return url.set(database=str(path))


_COMMON = (f"busy_timeout={BUSY_TIMEOUT_MS}", "foreign_keys=ON", f"cache_size=-{CACHE_KIB}")
_WRITING = (f"page_size={PAGE_BYTES}", "journal_mode=WAL", "synchronous=FULL")
_READING = ("query_only=ON",)
_DAMAGED = (
    "malformed",
    "file is not a database",
    "invalid fts5 file format",
    "fts5: corrupt",
    "fts5: missing row",
    "vtable constructor failed",
    "Could not decode to UTF-8",
)
_TAKEN = "42P07"
_TAKEN_IN_SQLITE = re.compile(r"(table|index|view|trigger) .+ already exists")
_NO_TABLES = ("no such table", "no such column", "has no column named", "42P01", "42703")
_SECRET = ("password", "sslpassword", "oauth_client_secret")
_READ_ONLY = "25006"
_OLD_PLAN = "0A000"
_MAY_PASS = ("08", "25", "26", _OLD_PLAN, "28", "3D", "40", "42501", "53", "55", "57", "58")
"""Beginnings of what PostgreSQL says when the statement itself is right.

Nobody's fault and over soon: connections (08), transactions (25), forgotten statements and plans (26, 0A000), deadlocks
(40), locks (55), shut down or starting (57), disks (58). To be put right at the server, while those who wait go on
journalling: a role, its password (28) or its rights (42501), a database that is not there (3D), no room (53).
"""
