from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select, update

from audit.errors import LedgerError, StoreError
from audit.ledger.anchors import FileAnchor
from audit.ledger.leaf import leaf_hash, leaf_input
from audit.ledger.note import Checkpoint, open_checkpoint
from audit.store import sequencing, tables
from audit.store.engine import open_engine
from audit.store.sequencing import Sequencer, last_note, leaf_of, log_size, notes, tree_root
from audit.store.write import Writer
from tests.ledger.keys import KEY, STRANGER
from tests.ledger.trees import expected_root
from tests.store.samples import NOON, a_call


class Forgetful:
    """An anchor that tells nothing again."""

    name, remembers = "forgetful", False

    def __init__(self) -> None:
        self.put_in: list[str] = []

    def notes(self) -> tuple[str, ...]:
        return ()

    def last(self) -> None:
        return None

    def put(self, note: str) -> None:
        self.put_in.append(note)


def a_sequencer(engine: Engine, *anchors: Any) -> Sequencer:
    return Sequencer(engine, KEY, anchors, clock=lambda: NOON)


def enter(engine: Engine, first: int, count: int) -> None:
    Writer(engine).append([a_call(number) for number in range(first, first + count)])


def places(engine: Engine) -> list[int | None]:
    with engine.begin() as connection:
        return list(connection.execute(select(tables.entries.c.place).order_by(tables.entries.c.pk)).scalars())


def inputs(engine: Engine) -> list[bytes]:
    """What leaves are made of, put together anew."""
    e, w = tables.entries.c, tables.ledger_writers.c
    with engine.begin() as connection:
        rows = connection.execute(
            select(tables.entries, w.id.label("writer_id"))
            .join(tables.ledger_writers, e.writer_pk == w.pk)
            .order_by(e.place)
        ).all()
    made = [
        leaf_input(
            record_id=row.id.bytes,
            writer_id=bytes(row.writer_id),
            number=row.number,
            metadata=bytes(row.metadata_commitment),
            request=bytes(row.request_commitment),
            response=bytes(row.response_commitment),
        )
        for row in rows
    ]
    assert list(map(leaf_hash, made)) == list(map(leaf_of, rows))
    return made


def test_an_empty_log_is_not_signed(engine: Engine) -> None:
    assert (a_sequencer(engine).advance(), a_sequencer(engine).sign()) == (0, None)
    with engine.begin() as connection:
        assert (log_size(connection), last_note(connection), notes(connection)) == (0, None, [])


def test_entries_get_their_places_in_turn(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequencing, "LOT", 3)
    monkeypatch.setattr(sequencing, "_UNSEQUENCED", sequencing._UNSEQUENCED.limit(3))
    sequencer = a_sequencer(engine)
    enter(engine, 1, 7)
    assert (sequencer.advance(), places(engine)) == (7, list(range(7)))
    enter(engine, 8, 3)
    assert (sequencer.advance(), sequencer.advance(), places(engine)) == (3, 0, list(range(10)))
    expected = expected_root(inputs(engine))
    with engine.begin() as connection:
        assert (log_size(connection), tree_root(connection, 10)) == (10, expected)


def test_a_checkpoint_is_of_the_root_and_kept(engine: Engine, tmp_path: Path) -> None:
    anchor, other = FileAnchor(tmp_path / "notes"), Forgetful()
    sequencer = a_sequencer(engine, anchor, other)
    enter(engine, 1, 3)
    sequencer.advance()
    signed = sequencer.sign()
    assert signed == Checkpoint(KEY.name, 3, expected_root(inputs(engine)))
    with engine.begin() as connection:
        kept = notes(connection)
        assert connection.execute(select(tables.checkpoints.c.at)).scalar() == NOON
    assert [open_checkpoint(note, KEY.verifier) for note in kept] == [signed]
    assert sequencer.sign() is None
    assert anchor.notes() == kept == other.put_in


def test_an_anchor_that_took_nothing_gets_it_the_next_time(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    enter(engine, 1, 1)
    sequencer = a_sequencer(engine, FileAnchor(tmp_path / "file" / "notes"))
    sequencer.advance()
    with pytest.raises(LedgerError, match=r"cannot (read|anchor)"):
        sequencer.sign()
    (tmp_path / "file").unlink()
    a_sequencer(engine).sign()
    assert sequencer.sign() is None
    with engine.begin() as connection:
        assert FileAnchor(tmp_path / "file" / "notes").notes() == [last_note(connection)]


def test_what_does_not_begin_with_what_was_signed_is_not_signed(engine: Engine, tmp_path: Path) -> None:
    anchor = FileAnchor(tmp_path / "notes")
    sequencer = a_sequencer(engine, anchor)
    enter(engine, 1, 3)
    sequencer.advance()
    sequencer.sign()
    with engine.begin() as connection:
        connection.execute(update(tables.tiles).values(hashes=b"x" * 96))
    enter(engine, 4, 1)
    sequencer.advance()
    with pytest.raises(LedgerError, match="the log's first 3 entries are not those that were signed"):
        sequencer.sign()
    with engine.begin() as connection:
        connection.execute(delete(tables.tiles))
    with pytest.raises(LedgerError, match="the log's tiles are not whole: tile 0/0 holds 0 hashes"):
        sequencer.sign()
    with engine.begin() as connection:
        connection.execute(delete(tables.entries).where(tables.entries.c.place > 1))
        connection.execute(delete(tables.checkpoints))
    with pytest.raises(LedgerError, match="the log has 2 entries, and 3 were signed: some have been taken away"):
        sequencer.sign()


def test_what_another_key_has_signed_is_not_gone_on_with(engine: Engine) -> None:
    enter(engine, 1, 1)
    a_sequencer(engine).advance()
    Sequencer(engine, STRANGER).sign()
    enter(engine, 2, 1)
    sequencer = a_sequencer(engine)
    assert (sequencer.advance(), sequencer.sign(), sequencer.sign()) == (1, None, None)


def test_a_database_that_cannot_be_used(empty_url: str) -> None:
    engine = open_engine(empty_url)
    for act in (a_sequencer(engine).advance, a_sequencer(engine).sign):
        with pytest.raises(StoreError):
            act()
    engine.dispose()


def test_tiles_that_are_gone_stop_the_log_with_a_word(engine: Engine) -> None:
    sequencer = a_sequencer(engine)
    enter(engine, 1, 3)
    sequencer.advance()
    with engine.begin() as connection:
        connection.execute(delete(tables.tiles))
    enter(engine, 4, 1)
    with pytest.raises(LedgerError, match="run audit verify"):
        sequencer.advance()
    assert places(engine) == [0, 1, 2, None]
