"""SQLite on a disk that loses its power, with a table of numbers."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import apsw
import pytest

from tests.campaigns.disk import Disk
from tests.campaigns.disk_vfs import DiskVFS


@contextmanager
def on(disk: Disk) -> Iterator[str]:
    vfs = DiskVFS("tested", disk)
    yield "tested"
    vfs.unregister()


def connect(folder: Path, vfs: str, synchronous: str = "FULL", **more: int) -> apsw.Connection:
    connection = apsw.Connection(str(folder / "a.db"), vfs=vfs, **more)
    connection.execute(
        f"PRAGMA journal_mode=WAL; PRAGMA synchronous={synchronous}; PRAGMA wal_autocheckpoint=24"
    ).fetchall()
    return connection


def numbers(folder: Path, found: dict[str, bytes]) -> list[int]:
    for name, content in found.items():
        (folder / name).write_bytes(content)
    with closing(apsw.Connection(str(folder / "a.db"))) as connection:
        assert connection.execute("PRAGMA integrity_check").get == "ok"
        there = connection.execute("SELECT name FROM sqlite_schema WHERE name = 't'").get
        return [number for (number,) in connection.execute("SELECT a FROM t")] if there else []


def lost(folder: Path, synchronous: str, seed: int) -> int:
    """Write numbers until the power is lost; return how many are missing of those that were said to be written."""
    chance = random.Random(seed)
    disk, written = Disk({}, chance, chance.randrange(20, 120)), 0
    with on(disk) as vfs, closing(connect(folder, vfs, synchronous)) as connection:
        connection.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b)")
        while not disk.lost:
            connection.execute("INSERT INTO t VALUES (?, randomblob(3000))", (written,))
            written += not disk.lost
    (after := folder / "after").mkdir()
    return len(set(range(written)) - set(numbers(after, disk.cut())))


def test_a_database_is_written_and_read(tmp_path: Path) -> None:
    disk = Disk({}, random.Random(1))
    with on(disk) as vfs:
        with closing(connect(tmp_path, vfs)) as connection, closing(connect(tmp_path, vfs)) as other:
            connection.execute("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)")
            assert other.execute("SELECT count(*) FROM t").get == 2
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(apsw.BusyError):
                connection.execute("BEGIN IMMEDIATE")
        assert disk.file("a.db-wal") is None, "the last one out has brought it into the database"
        with closing(connect(tmp_path, vfs)) as connection:
            assert connection.execute("SELECT a FROM t ORDER BY random()").fetchall() in ([(1,), (2,)], [(2,), (1,)])
    assert (tmp_path / "a.db").stat().st_size == 0
    assert numbers(tmp_path, disk.cut()) == [1, 2]


def test_a_rollback_journal_is_on_the_disk_too(tmp_path: Path) -> None:
    disk = Disk({}, random.Random(1))
    with on(disk) as vfs, closing(apsw.Connection(str(tmp_path / "a.db"), vfs=vfs)) as connection:
        connection.execute("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
        connection.execute("BEGIN; INSERT INTO t VALUES (2)")
        assert disk.file("a.db-journal") is not None
        connection.execute("ROLLBACK; VACUUM; PRAGMA journal_mode=TRUNCATE; INSERT INTO t VALUES (3)").fetchall()
    assert numbers(tmp_path, disk.cut()) == [1, 3]


def test_a_database_that_is_not_there_is_told(tmp_path: Path) -> None:
    with on(Disk({}, random.Random(1))) as vfs, pytest.raises(apsw.CantOpenError):
        connect(tmp_path, vfs, flags=apsw.SQLITE_OPEN_READWRITE)


def test_nothing_is_lost_that_was_synced(tmp_path: Path) -> None:
    folders = [tmp_path / str(seed) for seed in range(20)]
    for folder in folders:
        folder.mkdir()
    assert [lost(folder, "FULL", seed) for seed, folder in enumerate(folders)] == [0] * 20


def test_something_is_lost_where_commits_are_not_synced(tmp_path: Path) -> None:
    folders = [tmp_path / str(seed) for seed in range(10)]
    for folder in folders:
        folder.mkdir()
    assert any(lost(folder, "NORMAL", seed) for seed, folder in enumerate(folders))
