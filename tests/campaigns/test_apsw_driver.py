"""What SQLAlchemy is told by the driver over `apsw`, compared with Python's own."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from audit.store.engine import open_engine, sqlite_url
from tests.campaigns.apsw_driver import Driver

STATEMENTS: list[tuple[str, Any]] = [
    ("SELECT 1 AS a, 'x' AS b, x'00' AS c, NULL, 0.5", ()),
    ("SELECT n FROM t WHERE n > 99", ()),
    ("INSERT INTO t VALUES (?, ?)", (7, b"\x00\xff")),
    ("INSERT INTO t VALUES (8, 'x') RETURNING n, v", ()),
    ("UPDATE t SET v = 1", ()),
    ("DELETE FROM t WHERE n > 99", ()),
    ("PRAGMA user_version", ()),
    ("CREATE TABLE other (a)", ()),
]
WRONG: list[tuple[str, Any]] = [
    ("INSERT INTO t VALUES (1, 'again')", ()),
    ("INSERT INTO t (n) VALUES ('no number')", ()),
    ("SELECT * FROM nowhere", ()),
    ("SELEKT", ()),
    ("SELECT zeroblob(2000000000)", ()),
]


@pytest.fixture(params=["ours", "python's"])
def connection(request: pytest.FixtureRequest) -> Iterator[Any]:
    connect: Callable[..., Any] = Driver().connect if request.param == "ours" else sqlite3.connect
    with closing(connect(":memory:")) as opened:
        opened.isolation_level = None
        opened.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, v)")
        opened.execute("INSERT INTO t VALUES (1, 'one'), (2, 'two'), (3, NULL)")
        yield opened


@pytest.mark.parametrize(("sql", "parameters"), STATEMENTS)
def test_statements_have_the_same_rows_and_columns(sql: str, parameters: Any) -> None:
    assert len({repr(_told(connect, sql, parameters)) for connect in (Driver().connect, sqlite3.connect)}) == 1


@pytest.mark.parametrize(("sql", "parameters"), WRONG)
def test_errors_are_of_the_same_kind(sql: str, parameters: Any) -> None:
    kinds = set()
    for connect in (Driver().connect, sqlite3.connect):
        with pytest.raises(sqlite3.Error) as error:
            _told(connect, sql, parameters)
        kinds.add(error.type)
    assert len(kinds) == 1


def test_rows_are_fetched_as_wanted(connection: Any) -> None:
    cursor = connection.execute("SELECT n FROM t ORDER BY n")
    assert (cursor.fetchone(), cursor.fetchmany(1), cursor.fetchall(), cursor.fetchone()) == (
        (1,),
        [(2,)],
        [(3,)],
        None,
    )
    assert list(connection.execute("SELECT n FROM t ORDER BY n")) == [(1,), (2,), (3,)]
    assert len(connection.execute("SELECT n FROM t").fetchmany()) == 1
    cursor = connection.execute("SELECT n FROM t")
    cursor.close()


def test_many_rows_are_written_at_once(connection: Any) -> None:
    cursor = connection.cursor().executemany("INSERT INTO t VALUES (?, ?)", [(4, "a"), (5, "b")])
    assert (cursor.rowcount, connection.execute("SELECT count(*) FROM t").fetchone()) == (2, (5,))


def test_the_last_key_is_told(connection: Any) -> None:
    assert connection.execute("INSERT INTO t VALUES (70, '')").lastrowid == 70


def test_transactions_end_where_they_are_told_to(connection: Any) -> None:
    connection.rollback()
    connection.commit()
    connection.execute("BEGIN")
    connection.execute("DELETE FROM t")
    connection.rollback()
    assert connection.execute("SELECT count(*) FROM t").fetchone() == (3,)
    connection.execute("BEGIN")
    connection.execute("DELETE FROM t")
    connection.commit()
    connection.rollback()
    assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_functions_are_called(connection: Any) -> None:
    connection.create_function("twice", 1, lambda number: number * 2, deterministic=True)
    assert connection.execute("SELECT twice(4)").fetchone() == (8,)


def test_an_engine_works_with_it(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    engine = open_engine(sqlite_url(path), sqlite_driver=Driver())
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY)"))
        connection.execute(text("INSERT INTO t VALUES (:n)"), [{"n": 1}, {"n": 2}])
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text("INSERT INTO t VALUES (1)"))
    engine.dispose()
    reader = open_engine(sqlite_url(path), read_only=True, sqlite_driver=Driver())
    with reader.connect() as connection:
        assert connection.execute(text("SELECT n FROM t")).scalars().all() == [1, 2]
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    reader.dispose()


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"no database" * 1_000)
    with closing(Driver().connect(str(tmp_path / "a.db"))) as opened, pytest.raises(sqlite3.DatabaseError) as error:
        opened.execute("SELECT * FROM sqlite_schema")
    assert error.type is sqlite3.DatabaseError
    with pytest.raises(sqlite3.OperationalError):
        Driver().connect(str(tmp_path / "nowhere" / "a.db"))


def _told(connect: Callable[..., Any], sql: str, parameters: Any) -> Any:
    with closing(connect(":memory:")) as opened:
        opened.isolation_level = None
        opened.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, v)")
        opened.execute("INSERT INTO t VALUES (1, 'one'), (2, 'two')")
        cursor = opened.execute(sql, parameters)
        rows = cursor.fetchall()
        return rows, cursor.description, cursor.rowcount
