from __future__ import annotations

import importlib.util
import sqlite3
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from sqlalchemy import Engine, create_engine, insert, select, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from audit.errors import StoreError
from audit.store import engine as engine_module
from audit.store.engine import (
    at_one_moment,
    blames_data,
    file_of,
    hidden,
    in_byte_order,
    insert_new,
    is_sqlite,
    is_there,
    open_engine,
    size_bytes,
    sqlite_module,
    sqlite_url,
    store_error,
    take_turn,
    upsert_span,
    write_snapshot,
)
from audit.store.tables import api_keys, losses
from tests.store.samples import NOON, an_id


@pytest.fixture
def sqlite_engine(sqlite_url: str) -> Iterator[Engine]:
    engine = open_engine(sqlite_url)
    yield engine
    engine.dispose()


def pragma(engine: Engine, name: str) -> object:
    with engine.connect() as connection:
        return connection.execute(text(f"PRAGMA {name}")).scalar()


def failure(engine: Engine, statement: str) -> SQLAlchemyError:
    with pytest.raises(SQLAlchemyError) as caught, engine.begin() as connection:
        connection.execute(text(statement))
    return caught.value


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("postgres://u:p@h/d", "postgresql+psycopg"),
        ("postgresql://u:p@h/d", "postgresql+psycopg"),
        ("postgresql+psycopg://u:p@h/d", "postgresql+psycopg"),
    ],
)
def test_postgresql_is_spoken_to_through_psycopg_however_it_is_spelt(given: str, driver: str) -> None:
    engine = open_engine(given)
    assert engine.url.drivername == driver
    assert not is_sqlite(engine)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "not a database URL"),
        ("mysql://u:secret@h/d", "neither sqlite nor postgresql"),
        ("postgresql+pg8000://u:secret@h/d", "pip install pg8000"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused(url: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as caught:
        open_engine(url)
    assert caught.value.permanent
    assert "secret" not in str(caught.value)


def test_an_unsound_sqlite_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = SimpleNamespace(sqlite_version="3.51.2", sqlite_version_info=(3, 51, 2))
    monkeypatch.setattr(engine_module, "bundled_sqlite", old)
    with pytest.raises(StoreError, match=r"3\.51\.2 can corrupt") as caught:
        open_engine(f"sqlite:///{tmp_path / 'audit.db'}")
    assert caught.value.permanent
    assert not (tmp_path / "audit.db").exists()


def test_another_driver_for_sqlite_must_be_sound_too(tmp_path: Path) -> None:
    old = SimpleNamespace(sqlite_version="3.51.2", sqlite_version_info=(3, 51, 2))
    with pytest.raises(StoreError, match=r"3\.51\.2 can corrupt"):
        open_engine(f"sqlite:///{tmp_path / 'audit.db'}", sqlite_driver=old)


def test_a_sound_sqlite_is_in_use() -> None:
    assert sqlite_module().sqlite_version_info >= engine_module.SOUND_SQLITE


def test_without_a_wheel_the_interpreters_own_sqlite_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pysqlite3", None)
    assert fresh_copy().sqlite_module() is sqlite3


def fresh_copy() -> ModuleType:
    spec = importlib.util.spec_from_file_location("engine_copy", engine_module.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("busy_timeout", 10_000),
        ("page_size", 8192),
        ("mmap_size", 0),
        ("query_only", 0),
    ],
)
def test_sqlite_is_set_up_to_lose_nothing(tmp_path: Path, name: str, value: object) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'audit.db'}")
    assert pragma(engine, name) == value
    engine.dispose()


def test_a_new_database_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "audit.db"
    engine = open_engine(f"sqlite:///{path}")
    assert pragma(engine, "journal_mode") == "wal"
    engine.dispose()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_tilde_stands_for_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    engine = open_engine("sqlite:///~/audit.db")
    assert engine.url.database == str(tmp_path / "audit.db")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot make .*audit\.db"):
        open_engine(f"sqlite:///{tmp_path / 'file' / 'audit.db'}")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file::memory:?uri=true"])
def test_a_database_in_memory_makes_no_file(url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    engine = open_engine(url)
    assert pragma(engine, "journal_mode") == "memory"
    engine.dispose()
    assert list(tmp_path.iterdir()) == []


def test_a_read_only_engine_cannot_write(url: str) -> None:
    engine = open_engine(url, read_only=True)
    with pytest.raises(DBAPIError, match=r"readonly|read-only"), engine.begin() as connection:
        connection.execute(insert(losses), {"id": an_id(1), "at": NOON, "count": 1, "reason": "x"})
    engine.dispose()


def test_a_read_only_engine_makes_no_database(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'a b%20ü.db'}", read_only=True)
    with pytest.raises(OperationalError, match="unable to open"):
        engine.connect()
    assert list(tmp_path.iterdir()) == []


def test_a_read_only_engine_finds_a_database_of_any_name(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a b#ü.db'}"
    writing = open_engine(url)
    with writing.begin() as connection:
        connection.execute(text("CREATE TABLE t (x)"))
    reading = open_engine(url, read_only=True)
    with reading.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM t")).scalar() == 0
    writing.dispose()
    reading.dispose()


def test_a_writer_has_the_lock_from_the_start(sqlite_engine: Engine) -> None:
    """One that reads before it writes would otherwise fail when another has written in between."""
    order: list[str] = []

    def append(name: str) -> None:
        with sqlite_engine.begin() as connection:
            order.append(f"{name} reads")
            count = connection.execute(select(losses.c.count)).all()
            connection.execute(insert(losses), {"id": an_id(len(count)), "at": NOON, "count": 1, "reason": name})
            order.append(f"{name} writes")

    threads = [threading.Thread(target=append, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [line.split()[0] for line in order[::2]] == [line.split()[0] for line in order[1::2]]


def test_a_reader_need_not_wait_for_a_writer(sqlite_engine: Engine) -> None:
    reading = sqlite_engine.execution_options(reads=True)
    with sqlite_engine.begin() as writer, reading.begin() as reader:
        writer.execute(insert(losses), {"id": an_id(1), "at": NOON, "count": 1, "reason": "x"})
        assert reader.execute(select(losses)).all() == []


def test_an_insert_of_what_is_there_does_nothing(engine: Engine) -> None:
    row = {"id": an_id(1), "at": NOON, "count": 1, "reason": "x"}
    with engine.begin() as connection:
        connection.execute(insert_new(connection, losses, "id"), row)
        connection.execute(insert_new(connection, losses, "id"), {**row, "count": 2})
        assert connection.execute(select(losses.c.count)).scalars().all() == [1]


def test_a_span_is_only_widened(engine: Engine) -> None:
    spans = [(2, 3), (1, 2), (4, 5), (3, 3)]
    with engine.begin() as connection:
        for first, last in spans:
            statement = upsert_span(connection, api_keys, "fingerprint", first="first_seen_at", last="last_seen_at")
            times = {"first_seen_at": NOON.replace(hour=first), "last_seen_at": NOON.replace(hour=last)}
            connection.execute(statement, {"fingerprint": "k", "provider": "p", **times})
        row = connection.execute(select(api_keys)).one()
    assert (row.first_seen_at.hour, row.last_seen_at.hour) == (1, 5)


def test_turns_are_taken(engine: Engine) -> None:
    inside: list[int] = []
    most: list[int] = []

    def one(number: int) -> None:
        with engine.begin() as connection:
            take_turn(connection)
            inside.append(number)
            most.append(len(inside))
            connection.execute(select(losses))
            inside.remove(number)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1, 1]


def test_the_size_is_that_of_the_files(sqlite_engine: Engine, sqlite_url: str) -> None:
    with sqlite_engine.begin() as connection:
        assert size_bytes(connection) == Path(sqlite_url.removeprefix("sqlite:///")).stat().st_size


def test_a_server_tells_its_databases_size(engine: Engine) -> None:
    with engine.begin() as connection:
        assert size_bytes(connection) > 50_000


def test_a_missing_table_asks_for_an_upgrade(engine: Engine) -> None:
    error = store_error(failure(engine, "SELECT * FROM nowhere"))
    assert error.permanent
    assert "audit db upgrade" in str(error)


def test_a_missing_column_asks_for_an_upgrade(engine: Engine) -> None:
    assert "audit db upgrade" in str(store_error(failure(engine, "SELECT absent FROM calls")))


def test_what_is_no_database_stays_so(tmp_path: Path) -> None:
    (tmp_path / "audit.db").write_bytes(b"not a database" * 1_000)
    engine = open_engine(f"sqlite:///{tmp_path / 'audit.db'}")
    with pytest.raises(DBAPIError) as caught:
        engine.connect()
    assert store_error(caught.value).permanent
    assert not blames_data(caught.value)


def test_a_server_out_of_reach_may_come_back() -> None:
    engine = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(DBAPIError) as caught:
        engine.connect()
    error = store_error(caught.value)
    assert not error.permanent
    assert "out of reach" in str(error)


def test_a_pool_that_is_used_up_may_have_room_later() -> None:
    assert not store_error(PoolTimeoutError("QueuePool limit")).permanent


def test_a_wrong_statement_is_no_ones_data(engine: Engine) -> None:
    exc = failure(engine, "SELEKT")
    assert isinstance(exc, OperationalError | ProgrammingError)
    assert not blames_data(exc)


def test_a_row_that_breaks_a_rule_is_to_blame(engine: Engine) -> None:
    with pytest.raises(DBAPIError) as caught, engine.begin() as connection:
        connection.execute(insert(losses), {"id": an_id(1), "at": NOON, "count": None, "reason": "x"})
    assert blames_data(caught.value)


def test_a_text_too_long_to_index_is_to_blame() -> None:
    class TooLong(Exception):  # like psycopg's ProgramLimitExceeded
        sqlstate = "54000"

    assert blames_data(OperationalError("INSERT", {}, TooLong("index row size exceeds maximum")))


@pytest.mark.parametrize(
    ("url", "there"),
    [
        ("sqlite:////{folder}/audit.db", True),
        ("sqlite:////{folder}/other.db", False),
        ("sqlite:///~/audit.db", True),
        ("sqlite:///~/other.db", False),
        ("sqlite://", True),
        ("sqlite:///:memory:", True),
        ("sqlite:///file:other.db?uri=true", True),
        ("postgresql://127.0.0.1:1/audit", True),
        ("nonsense", True),
    ],
)
def test_only_of_a_file_can_it_be_told_whether_it_is_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, there: bool
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "audit.db").touch()
    assert is_there(url.format(folder=tmp_path)) is there


def test_a_file_is_told_from_another_of_its_name(tmp_path: Path) -> None:
    path, url = tmp_path / "audit.db", f"sqlite:///{tmp_path / 'audit.db'}"
    assert file_of(url) is None
    path.touch()
    first = file_of(url)
    assert first == file_of(url)
    (tmp_path / "other.db").touch()
    (tmp_path / "other.db").rename(path)
    assert file_of(url) not in (first, None)
    assert file_of("postgresql://127.0.0.1:1/audit") is None


def test_a_shown_url_has_no_password() -> None:
    assert hidden("postgresql://ada:secret@host/audit") == "postgresql://ada:***@host/audit"


def test_a_files_url_leads_to_it_whatever_it_is_called(tmp_path: Path) -> None:
    path = tmp_path / "100%41 of ?all=#.db"
    engine = open_engine(sqlite_url(path))
    with engine.begin():
        assert path.exists()
    engine.dispose()
    assert [one for one in tmp_path.iterdir() if one.name.startswith("100")] == [path]


def test_a_transaction_sees_one_moment_and_writes_nothing(engine: Engine) -> None:
    row = {"at": NOON, "count": 1, "reason": "so"}
    ids = select(losses.c.id)
    with at_one_moment(engine).begin() as reading:
        assert reading.execute(ids).all() == []
        with engine.begin() as connection:
            connection.execute(insert(losses).values(id=an_id(1), **row))
        assert reading.execute(ids).all() == []
    with at_one_moment(engine).begin() as reading:
        assert reading.execute(ids).scalars().all() == [an_id(1)]


def test_text_can_be_sorted_alike_everywhere(engine: Engine) -> None:
    with engine.begin() as connection:
        for name in ("b", "B", "a-b", "ab", "Ä", "_"):
            row = {"provider": "p", "first_seen_at": NOON, "last_seen_at": NOON}
            connection.execute(insert(api_keys).values(fingerprint=name, **row))
        in_order = select(api_keys.c.fingerprint).order_by(in_byte_order(engine, api_keys.c.fingerprint))
        assert connection.execute(in_order).scalars().all() == sorted(("b", "B", "a-b", "ab", "Ä", "_"))
    assert ('COLLATE "C"' in str(in_order.compile(engine))) is not is_sqlite(engine)  # whatever this server sorts by
    assert in_byte_order(engine, losses.c.pk) is losses.c.pk


def test_a_snapshot_is_a_database_of_its_own(engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as connection:
        connection.execute(insert(losses).values(id=an_id(1), at=NOON, count=1, reason="so"))
    (path := tmp_path / "snapshot.db").touch(mode=0o600)
    assert write_snapshot(engine, path) is is_sqlite(engine)
    if is_sqlite(engine):
        copy = open_engine(sqlite_url(path), read_only=True)
        with copy.connect() as connection:
            assert connection.execute(select(losses.c.id)).scalars().all() == [an_id(1)]
        assert pragma(copy, "journal_mode") == "delete"
        copy.dispose()
