from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from uuid import UUID

import pytest
from sqlalchemy import Engine, delete, text

from audit.errors import LedgerError, StoreError
from audit.ledger.leaf import leaf_hash
from audit.ledger.merkle import is_consistent, is_included
from audit.ledger.note import Checkpoint
from audit.ledger.tiles import HASH_BYTES
from audit.store import tables
from audit.store.engine import open_engine
from audit.store.read.ledger import LedgerReader
from audit.store.sequencing import Sequencer, notes
from audit.store.write import Writer
from tests.ledger.keys import KEY
from tests.store.samples import NOON, a_call, an_id


@pytest.fixture
def reader(engine: Engine) -> Iterator[LedgerReader]:
    """Of a log that was signed at three entries and at five."""
    enter_and_sign(engine, 1, 2, 3)
    enter_and_sign(engine, 4, 5)
    with closing(LedgerReader(engine)) as reader:
        yield reader


def enter_and_sign(engine: Engine, *numbers: int) -> None:
    Writer(engine, clock=lambda: NOON).append([a_call(number) for number in numbers])
    sequencer = Sequencer(engine, KEY)
    sequencer.advance()
    sequencer.sign()


def size_of(note: str) -> int:
    return Checkpoint.parse(note).size


def test_the_newest_checkpoint_is_told(reader: LedgerReader) -> None:
    note = reader.last_note()
    assert note is not None
    assert size_of(note) == 5


def test_a_record_is_held_to_its_checkpoints_and_those_that_are_brought(reader: LedgerReader) -> None:
    false = Checkpoint(KEY.name, 4, b"x" * 32)

    def is_whole(*more: Checkpoint) -> bool:
        return reader.verify(
            lambda notes: [*map(Checkpoint.parse, notes), *more],
            anchored=0,
            since=None,
            sample=None,
            progress=lambda _done, _size: None,
        ).is_whole

    assert (is_whole(), is_whole(false)) == (True, False)


@pytest.mark.parametrize("number", [1, 3, 5])
def test_an_entry_is_proven_with_what_it_commits_to(reader: LedgerReader, number: int) -> None:
    found = reader.proof(an_id(number), size_of)
    newest = Checkpoint.parse(found.note)
    assert (found.place, newest.size) == (number - 1, 5)
    assert is_included(leaf_hash(found.leaf_input), found.place, newest.size, found.hashes, newest.root)
    assert found.salt is not None
    assert found.content is not None


def test_what_cannot_be_proven_is_told(reader: LedgerReader, engine: Engine) -> None:
    with pytest.raises(LedgerError, match="has no entry 00000000-"):
        reader.proof(UUID(int=0), size_of)
    Writer(engine).append([a_call(6)])
    with pytest.raises(LedgerError, match="ask again in a minute"):
        reader.proof(an_id(6), size_of)
    Sequencer(engine, KEY).advance()
    with pytest.raises(LedgerError, match="ask again in a minute"):
        reader.proof(an_id(6), size_of)


def test_a_call_that_is_gone_is_proven_without_its_content(reader: LedgerReader, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(tables.entries.update().where(tables.entries.c.id == an_id(2)).values(salt=None))
        for table in (tables.exchanges, tables.calls):
            connection.execute(delete(table))
    found = reader.proof(an_id(2), size_of)
    assert (found.place, found.salt, found.content) == (1, None, None)


def test_a_log_that_only_grew_is_proven(reader: LedgerReader, engine: Engine) -> None:
    with engine.begin() as connection:
        old, new = map(Checkpoint.parse, notes(connection))
    proof = reader.consistency(old.size, new.size)
    assert is_consistent(old.size, old.root, new.size, new.root, proof)
    with pytest.raises(LedgerError):
        reader.consistency(5, 3)


def test_tiles_and_leaves_are_as_the_log_has_them(reader: LedgerReader) -> None:
    inputs = reader.leaf_inputs(1, 3)
    assert reader.tile(0, 0, 4)[HASH_BYTES:] == b"".join(map(leaf_hash, inputs))
    with pytest.raises(LedgerError, match="tile 0/0 is not whole"):
        reader.tile(0, 0, 6)
    with pytest.raises(LedgerError, match="entries from 3 on are missing"):
        reader.leaf_inputs(3, 3)


def test_a_log_without_its_tiles_is_told(reader: LedgerReader, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(delete(tables.tiles))
    with pytest.raises(LedgerError, match="tiles are not whole"):
        reader.proof(an_id(1), size_of)
    with pytest.raises(LedgerError, match="tiles are not whole"):
        reader.consistency(3, 5)


def test_a_database_without_a_ledger_is_told(reader: LedgerReader, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("alter table checkpoints rename to gone")
    try:
        with pytest.raises(StoreError):
            reader.last_note()
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("alter table gone rename to checkpoints")


@pytest.mark.parametrize("column", ["id", "number", "place", "salt", "metadata_commitment"])
def test_what_was_never_written_to_an_entry_is_told_and_stops_nobody(sqlite_url: str, column: str) -> None:
    """SQLite takes a text in any column."""
    engine = open_engine(sqlite_url)
    enter_and_sign(engine, 1, 2, 3)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE entries SET {column} = 'nonsense' WHERE pk = 2"))
    with closing(LedgerReader(engine)) as reader:
        try:
            found = reader.verify(
                lambda notes: [*map(Checkpoint.parse, notes)],
                anchored=0,
                since=None,
                sample=None,
                progress=lambda _done, _size: None,
            )
        except (LedgerError, StoreError) as exc:
            assert "restore a backup" in str(exc) or "database" in str(exc)  # noqa: PT017  # either will do
        else:
            assert not found.is_whole
