from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, select, text

from audit.errors import AuditError, StoreError
from audit.store import backup as module
from audit.store import tables
from audit.store.backup import content_of, readable_backup, write_backup
from audit.store.engine import PAGE_BYTES, open_engine
from audit.store.engine import sqlite_url as url_of
from audit.store.lots import in_lots
from audit.store.manifest import Manifest, sha256_of
from audit.store.schema import head, revision
from audit.store.write import Writer
from tests.migrations.old import EXCHANGES, put_calls
from tests.store.samples import NOON, a_call, an_id
from tests.store.whole import CALLS, empty_tables, fill_all

ROOT = Path(__file__).parents[2]
_LITTLE_ROOM = """
import resource, sys
from pathlib import Path
from audit.errors import AuditError
from audit.store.backup import write_backup
from audit.store.engine import open_engine

resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
try:
    write_backup(open_engine(sys.argv[1]), Path(sys.argv[2]), lambda _done, _of: None)
except AuditError as exc:
    print(exc)
"""


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """A record of each kind with something of everything."""
    fill_all(engine)
    return engine


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where a backup goes."""
    (tmp_path / "kept").mkdir()
    return tmp_path / "kept" / "record.db"


def silent(_done: int, _of: int) -> None:
    pass


def described(path: Path) -> Manifest:
    content = content_of(path, ())
    return Manifest(
        sha256=sha256_of(path),
        size_bytes=path.stat().st_size,
        made_at=datetime.now(UTC),
        audit="0.1.0",
        revision=content.revision,
        rows=content.rows,
        log_size=content.log_size,
        checkpoint=content.checkpoint,
        key=None,
        not_collected=0,
    )


def test_a_backup_is_a_file_for_its_owners_eyes_that_holds_everything(filled: Engine, place: Path) -> None:
    write_backup(filled, place, silent)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert list(place.parent.iterdir()) == [place]
    copy = open_engine(url_of(place), read_only=True)
    assert empty_tables(copy) == {"data_keys"}, "nothing is encrypted"
    copy.dispose()
    assert list(place.parent.iterdir()) == [place]


def test_what_is_in_a_backup_is_told(filled: Engine, place: Path) -> None:
    write_backup(filled, place, silent)
    content = content_of(place, [an_id(1), an_id(77), an_id(2), an_id(78)])
    assert (content.revision, content.rows["calls"], content.lacks) == (head(), CALLS, 2)
    assert content.log_size == CALLS + content.rows["acts"]
    assert content.checkpoint is not None
    assert content.checkpoint.startswith(f"audit/test\n{content.log_size}\n")


def test_many_calls_can_be_asked_for(filled: Engine, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "in_lots", partial(in_lots, most=2))
    write_backup(filled, place, silent)
    assert content_of(place, [an_id(number) for number in range(1, CALLS + 3)]).lacks == 2


def test_nothing_is_written_over(filled: Engine, place: Path) -> None:
    place.write_text("mine")
    with pytest.raises(AuditError, match="no backup is written over"):
        write_backup(filled, place, silent)
    assert place.read_text() == "mine"


def test_a_place_that_is_not_there_is_told(filled: Engine, place: Path) -> None:
    with pytest.raises(AuditError, match=r"cannot make .*/nowhere/x\.db: No such file"):
        write_backup(filled, place.parent / "nowhere" / "x.db", silent)


@pytest.mark.parametrize("room", [0, 100_000])
def test_a_full_disk_is_told_and_leaves_nothing(filled: Engine, place: Path, room: int) -> None:
    url = filled.url.render_as_string(hide_password=False)
    told = subprocess.run(
        [sys.executable, "-c", _LITTLE_ROOM, url, str(place), str(room)],
        cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"cannot back up into {place}: " in told.stdout, told
    assert list(place.parent.iterdir()) == []


def test_a_damaged_record_is_told_and_leaves_nothing(sqlite_url: str, place: Path) -> None:
    damaged = Path(sqlite_url.removeprefix("sqlite:///"))
    content = bytearray(damaged.read_bytes())
    content[PAGE_BYTES * 2 :] = b"\xff" * (len(content) - PAGE_BYTES * 2)
    damaged.write_bytes(content)
    engine = open_engine(sqlite_url)
    with pytest.raises(StoreError, match=r"cannot back up into .*malformed"):
        write_backup(engine, place, silent)
    engine.dispose()
    assert list(place.parent.iterdir()) == []


def test_a_disk_that_fails_at_the_end_is_told_and_leaves_nothing(
    filled: Engine, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(AuditError, match="Input/output error"):
        write_backup(filled, place, silent)
    assert list(place.parent.iterdir()) == []


def test_an_interrupt_leaves_nothing(filled: Engine, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "write_snapshot", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_backup(filled, place, silent)
    assert list(place.parent.iterdir()) == []


def test_a_file_that_is_no_database_is_told(place: Path) -> None:
    place.write_bytes(b"no database, and long enough to be seen as none" * 100)
    with pytest.raises(StoreError, match="not a database"):
        content_of(place, ())
    with pytest.raises(StoreError), readable_backup(place, _of_no_database(place), place.parent):
        pass


def _of_no_database(path: Path) -> Manifest:
    return Manifest(
        sha256=sha256_of(path),
        size_bytes=1,
        made_at=datetime.now(UTC),
        audit="0.1.0",
        revision=head(),
        rows={},
        log_size=0,
        checkpoint=None,
        key=None,
        not_collected=0,
    )


def test_a_backup_is_read_in_its_place_and_not_changed(filled: Engine, place: Path) -> None:
    write_backup(filled, place, silent)
    manifest = described(place)
    with readable_backup(place, manifest, place.parent) as url:
        assert url == url_of(place)
    assert sha256_of(place) == manifest.sha256
    assert list(place.parent.iterdir()) == [place]


def test_what_a_manifest_tells_must_be_there(filled: Engine, place: Path) -> None:
    write_backup(filled, place, silent)
    manifest = described(place)
    other = replace(manifest, rows={**manifest.rows, "calls": CALLS + 1})
    told = f"{CALLS} rows of calls where the manifest tells of {CALLS + 1}"
    with pytest.raises(StoreError, match=told), readable_backup(place, other, place.parent):
        pass


@pytest.fixture
def old(place: Path) -> Iterator[Path]:
    """A backup that an earlier version made."""
    engine = open_engine(url_of(place))
    with engine.begin() as connection:
        config = Config(toml_file=ROOT / "pyproject.toml")
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        put_calls(connection)
    engine.dispose()
    return place


def test_a_backup_of_an_earlier_version_is_brought_up_to_date_elsewhere(old: Path, tmp_path: Path) -> None:
    before, rows = sha256_of(old), {"calls": len(EXCHANGES), "losses": 0}
    manifest = replace(_of_no_database(old), revision="0002", rows=rows)
    (tmp_path / "scratch").mkdir()
    with readable_backup(old, manifest, tmp_path / "scratch") as url:
        engine = open_engine(url, read_only=True)
        assert revision(engine) == head()
        with engine.begin() as connection:
            assert len(connection.execute(select(tables.entries)).all()) == len(EXCHANGES) + 1, "and a price"
        engine.dispose()
    assert sha256_of(old) == before
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_backup_of_a_newer_version_is_refused(filled: Engine, place: Path) -> None:
    write_backup(filled, place, silent)
    newer = open_engine(url_of(place))
    with newer.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    newer.dispose()
    with (
        pytest.raises(StoreError, match=r"newer audit \(revision 9999\)"),
        readable_backup(place, replace(described(place), revision="9999"), place.parent),
    ):
        pass


def test_what_reads_otherwise_than_it_was_written_is_no_backup(
    engine: Engine, writer: Writer, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.append([a_call(1)])
    writer.lost(an_id(9), NOON, 1, "so")
    insert_rows = module.copy_record.__globals__["insert_rows"]

    def lossy(connection: object, table: object, rows: list[object]) -> None:
        insert_rows(connection, table, rows[1:])

    monkeypatch.setattr("audit.store.copying.insert_rows", lossy)
    monkeypatch.setattr(module, "write_snapshot", lambda *_given: False)
    with pytest.raises(StoreError, match="what was written is not what was read"):
        write_backup(engine, place, silent)
    assert list(place.parent.iterdir()) == []
    shutil.rmtree(place.parent)
