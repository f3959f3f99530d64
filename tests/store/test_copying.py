"""A record copied between databases of all kinds: the same, all of it or nothing, and recording goes on in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, func, select, text

from audit.errors import StoreError
from audit.store import copying, tables
from audit.store.checks import Checks
from audit.store.copying import copy_record
from audit.store.digests import counts, digests
from audit.store.engine import is_sqlite, open_engine
from audit.store.erasing import What
from audit.store.issued import add_key
from audit.store.read.ledger import LedgerReader
from audit.store.retaining import Policy, remove_due
from audit.store.rows.verified import Verified
from audit.store.schema import head, revision
from audit.store.unindexed import enter_some
from audit.store.write import Writer
from tests.databases import KINDS
from tests.store.samples import NOON, a_call, a_new_key, a_price, an_id
from tests.store.whole import CALLS, an_empty_engine, empty_tables, fill_all, found_by

ROOT = Path(__file__).parents[2]
WORDS = {"apple": 2, "cafe": 1, "总结": 1, "app": 2, "pear": 0}
_PROGRAM = """
import os, signal, sys
from audit.store.copying import copy_record
from audit.store.engine import open_engine

def progress(done, of):
    if done > of * 0.7:
        os.kill(os.getpid(), signal.SIGKILL)

copy_record(open_engine(sys.argv[1], read_only=True), open_engine(sys.argv[2]), progress)
"""


@pytest.fixture(scope="module", params=KINDS)
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A record of each kind with something of everything; tests leave it as it is."""
    with an_empty_engine(request.param, tmp_path_factory.mktemp("source")) as engine:
        fill_all(engine)
        yield engine


def verified(engine: Engine) -> Verified:
    return LedgerReader(engine).verify(
        lambda _notes: (), anchored=0, since=None, sample=None, progress=lambda _done, _of: None
    )


def of_all(engine: Engine) -> list[tuple[str, str]]:
    with engine.begin() as connection:
        return [(one.name, one.sha256) for one in digests(connection)]


def calls_in(engine: Engine) -> int:
    with engine.begin() as connection:
        return connection.execute(select(func.count()).select_from(tables.calls)).scalar_one()


def test_a_copy_is_the_same_in_every_table(source: Engine, engine: Engine) -> None:
    steps: list[tuple[int, int]] = []
    copied = copy_record(source, engine, lambda done, of: steps.append((done, of)))
    assert copied.is_equal
    assert empty_tables(engine) == {"data_keys"}, "nothing is encrypted"
    assert of_all(engine) == of_all(source) == [(one.name, one.sha256) for one in copied.source]
    assert copied.rows == sum(one.rows for one in copied.target)
    assert steps[-1] == (2 * copied.rows, 2 * copied.rows)
    assert verified(engine).is_whole
    assert verified(engine).entries == verified(source).entries


def test_calls_of_a_copy_are_found_by_their_words(source: Engine, engine: Engine) -> None:
    assert copy_record(source, engine).indexed == 1
    assert [enter_some(engine), enter_some(engine)] == [1, 0]
    assert {word: found_by(engine, word) for word in WORDS} == WORDS


def test_recording_goes_on_in_a_copy(source: Engine, engine: Engine) -> None:
    copy_record(source, engine)
    before = {table.name: _greatest(engine, table) for table in tables.metadata.sorted_tables}
    writer = Writer(engine, clock=lambda: NOON + timedelta(days=1))
    assert writer.append([a_call(1), a_call(101, price=a_price("3"))]).new == 1
    writer.lost(an_id(901), NOON, 1, "again")
    assert add_key(engine, a_new_key("other"))
    assert Checks(engine).claim("hello", "openai", "gpt", slot_at=NOON + timedelta(hours=1), by="x", started_at=NOON)
    for name in ("calls", "entries", "losses", "issued_keys", "checks", "prices", "ledger_writers"):
        assert _greatest(engine, tables.metadata.tables[name]) > before[name]
    assert verified(engine).is_whole


def _greatest(engine: Engine, table: object) -> int:
    column = getattr(table, "c").get("pk")  # noqa: B009  # whichever table
    if column is None:
        return 0
    with engine.begin() as connection:
        return connection.execute(select(func.max(column))).scalar_one()


def test_calls_lie_in_the_months_in_which_they_were_recorded(source: Engine, engine: Engine) -> None:
    copy_record(source, engine)
    if not is_sqlite(engine):
        with engine.begin() as connection:
            lie = text("SELECT tableoid::regclass::text, count(*) FROM calls GROUP BY 1 ORDER BY 1")
            found = [tuple(row) for row in connection.execute(lie)]
        assert found == [("calls_2025_12", 4), ("calls_2026_01", 3)]


def test_there_and_back_it_is_the_same(source: Engine, engine: Engine, tmp_path: Path) -> None:
    there = copy_record(source, engine)
    with an_empty_engine("sqlite", tmp_path / "back") as back:
        assert copy_record(engine, back).sha256 == there.sha256
        assert enter_some(back) == 1
        assert {word: found_by(back, word) for word in WORDS} == WORDS


def test_what_is_removed_meanwhile_is_copied_as_it_was(
    engine: Engine, writer: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.store.partitions._PATIENCE", text("SET LOCAL lock_timeout = '20ms'"))
    writer.append([a_call(1), a_call(2)])
    after = datetime.now(UTC) + timedelta(days=400)
    everything = Policy(name="all", bodies_before=after, metadata_before=after)

    def meanwhile(connection: Connection) -> dict[str, int]:
        assert connection.execute(select(tables.acts)).all() == []
        assert remove_due(engine, [everything], actor="root", now=after).calls[What.ALL] == 2
        return counts(connection)

    monkeypatch.setattr(copying, "counts", meanwhile)
    with an_empty_engine("sqlite", tmp_path / "target") as target:
        assert copy_record(engine, target).is_equal
        assert (calls_in(engine), calls_in(target)) == (0, 2)


def test_a_database_without_tables_gets_them(source: Engine, tmp_path: Path) -> None:
    with an_empty_engine("postgresql", tmp_path) as target:
        assert copy_record(source, target).is_equal
        assert revision(target) == revision(source)


def test_it_is_copied_as_it_was_when_it_was_begun(engine: Engine, writer: Writer, tmp_path: Path) -> None:
    writer.append([a_call(1), a_call(2)])

    def meanwhile(done: int, _of: int) -> None:
        writer.append([a_call(100 + done)])

    with an_empty_engine("sqlite", tmp_path / "target") as target:
        assert copy_record(engine, target, meanwhile).is_equal
        assert calls_in(target) == 2
    assert calls_in(engine) > 2


def test_nothing_is_written_over(source: Engine, engine: Engine, writer: Writer) -> None:
    writer.append([a_call(1)])
    before = of_all(engine)
    with pytest.raises(StoreError, match="holds a record already"):
        copy_record(source, engine)
    assert of_all(engine) == before


def test_what_reads_otherwise_than_it_was_written_is_not_kept(source: Engine, sqlite_url: str) -> None:
    target = open_engine(sqlite_url)
    with target.begin() as connection:
        change = "CREATE TRIGGER odd AFTER INSERT ON losses BEGIN UPDATE losses SET reason = 'none'; END"
        connection.exec_driver_sql(change)
    copied = copy_record(source, target)
    assert not copied.is_equal
    assert {a.name for a, b in zip(copied.source, copied.target, strict=True) if a != b} == {"losses"}
    assert empty_tables(target) == tables.metadata.tables.keys()
    target.dispose()


def test_what_is_no_record_is_not_copied(empty_url: str, tmp_path: Path) -> None:
    source = open_engine(empty_url)
    with an_empty_engine("sqlite", tmp_path / "target") as target:
        with pytest.raises(StoreError, match="there is no record in the database"):
            copy_record(source, target)
        assert revision(target) is None
    source.dispose()


def test_an_older_schema_is_to_be_brought_up_to_date_first(engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))
    with (
        an_empty_engine("sqlite", tmp_path / "target") as target,
        pytest.raises(StoreError, match=r"has revision 0002, not .*audit db upgrade"),
    ):
        copy_record(engine, target)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{head()}'"))


def test_a_database_that_fails_is_told(source: Engine, sqlite_url: str) -> None:
    target = open_engine(sqlite_url)
    with target.begin() as connection:
        connection.exec_driver_sql("DROP TABLE losses")
    with pytest.raises(StoreError, match="losses"):
        copy_record(source, target)
    target.dispose()


def test_who_is_killed_in_the_middle_leaves_nothing_and_can_begin_again(source: Engine, engine: Engine) -> None:
    urls = [one.url.render_as_string(hide_password=False) for one in (source, engine)]
    command = [sys.executable, "-c", _PROGRAM, *urls]
    ended = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONWARNINGS": "error"}, check=False)
    assert ended.returncode == -9
    assert empty_tables(engine) == tables.metadata.tables.keys()
    assert copy_record(source, engine).is_equal
    assert calls_in(engine) == CALLS
