"""What is told of each kind of change; the campaign `tamper` makes many more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, delete, insert, select, update

from audit.ledger.note import Checkpoint
from audit.store import tables
from audit.store.choosing import By
from audit.store.erasing import Request, What, erase
from audit.store.read import verification
from audit.store.read.committed import Committed, committed
from audit.store.read.verification import verify
from audit.store.rows.verified import Verdict, Verified
from audit.store.sequencing import Sequencer, notes
from audit.store.views import enter_view
from audit.store.write import Writer
from tests.ledger.keys import KEY
from tests.store.samples import NOON, a_call, an_id

_e, _c, _x = tables.entries.c, tables.calls.c, tables.exchanges.c


@pytest.fixture
def whole(engine: Engine) -> Engine:
    """Five calls of one writer, signed."""
    writer = Writer(engine, clock=lambda: NOON)
    writer.append([a_call(number, exchange={"request_body": b"question"}) for number in range(1, 6)])
    sign(engine)
    return engine


def sign(engine: Engine) -> None:
    sequencer = Sequencer(engine, KEY)
    sequencer.advance()
    sequencer.sign()


def verified(engine: Engine, checkpoints: Sequence[Checkpoint] | None = None, **over: Any) -> Verified:
    with engine.begin() as connection:
        held = [Checkpoint.parse(note) for note in notes(connection)] if checkpoints is None else checkpoints
        return verify(connection, held, **over)


def told(engine: Engine, *statements: Any) -> list[str]:
    """Return what is amiss once these have been run."""
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)
    found = verified(engine)
    assert not found.is_whole
    return [f"{one.verdict} {one.what}: {one.why}" for one in found.amiss]


def test_bodies_are_in_memory_a_few_at_a_time(whole: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def counted(connection: Connection, pks: Sequence[int], *more: Any) -> Iterator[Committed]:
        read.append(len(pks))
        return committed(connection, pks, *more)

    monkeypatch.setattr(verification, "committed", counted)
    monkeypatch.setattr(verification, "MOST_BYTES", 2 * len(b"question") + 1)
    assert verified(whole).is_whole
    assert read == [2, 2, 1]


def test_a_whole_record(whole: Engine) -> None:
    done: list[tuple[int, int]] = []
    found = verified(whole, anchored=5, progress=lambda *at: done.append(at))
    assert found == Verified(size=5, checkpoints=1, anchored=5, entries=found.entries)
    assert (found.entries, done, found.is_whole) == ({Verdict.OK: 5}, [(5, 5)], True)


def test_an_empty_record(engine: Engine) -> None:
    assert verified(engine) == Verified()


def test_what_waits_for_its_place_is_told_and_no_fault(whole: Engine) -> None:
    Writer(whole).append([a_call(9)])
    found = verified(whole)
    assert (found.is_whole, found.entries[Verdict.UNSEQUENCED]) == (True, 1)


def test_contents_since_or_of_a_sample(whole: Engine) -> None:
    Writer(whole, clock=lambda: NOON + timedelta(days=1)).append([a_call(9)])
    sign(whole)
    assert verified(whole, since=NOON + timedelta(hours=1)).entries == {Verdict.OK: 1}
    assert verified(whole, since=NOON + timedelta(days=2)).entries == {}
    assert verified(whole, sample=2).entries == {Verdict.OK: 2}
    assert verified(whole, sample=100).entries == {Verdict.OK: 6}


def test_what_was_erased_is_no_fault(whole: Engine) -> None:
    for number, what in ((1, What.BODIES), (2, What.ALL)):
        erase(whole, Request(by=By.CALL, value=str(an_id(number)), what=what, ground="g", actor="ann"))
    sign(whole)
    found = verified(whole)
    assert (found.entries, found.amiss) == ({Verdict.OK: 5, Verdict.ERASED: 2}, [])


ONE, OTHER = an_id(2), an_id(3)
OF_ONE = select(_e.pk).where(_e.id == ONE).scalar_subquery()
CHANGES: dict[str, tuple[Any, str]] = {
    "metadata": (update(tables.calls).where(_c.id == ONE).values(status=201), "its metadata are not those"),
    "salt": (update(tables.exchanges).where(_x.call_pk == OF_ONE).values(salt=b"x" * 16), "its request is not the one"),
    "content": (update(tables.exchanges).where(_x.call_pk == OF_ONE).values(content=b"x"), "it cannot be read"),
    "no salt": (update(tables.entries).where(_e.id == ONE).values(salt=None), "its row belongs to another"),
    "id": (update(tables.calls).where(_c.id == ONE).values(id=an_id(8)), "its row belongs to another"),
    "no bodies": (delete(tables.exchanges).where(_x.call_pk == OF_ONE), "MISSING"),
    "no call": (delete(tables.calls).where(_c.id == ONE), "it is not in the record"),
    "commitment": (update(tables.entries).where(_e.id == ONE).values(request_commitment=b"x" * 32), "entry 1 of"),
    "a place far off": (
        update(tables.entries).where(_e.place == 4).values(place=2**62),
        "its place is far behind the 4 that are filled",
    ),
    "a short one": (update(tables.entries).where(_e.id == ONE).values(request_commitment=b"x"), "entry 1 of"),
    "no entry": (delete(tables.entries).where(_e.id == ONE), "MISSING entry 1: there is none at this place"),
    "a hole": (delete(tables.entries).where(_e.id == ONE), "its numbers have holes"),
    "a stranger": (delete(tables.entries).where(_e.id == ONE), f"call {ONE}: the ledger knows nothing of it"),
    "no writer": (delete(tables.ledger_writers), "it is not what stands in the log"),
    "another writer": (
        insert(tables.ledger_writers).values(id=b"x" * 8, name="x", opened_at=NOON),
        "it has none left",
    ),
    "the tail": (delete(tables.entries).where(_e.place > 2), "the log has only 3"),
    "tile": (update(tables.tiles).values(hashes=b"x" * 160), "it is not what stands in the log"),
    "no tile": (delete(tables.tiles), "MISSING tile 0/0: it is not in the log"),
    "tile above": (insert(tables.tiles).values(level=1, number=0, hashes=b"x" * 32), "tile 1/0: it is not what"),
    "size": (update(tables.checkpoints).values(size=4), "its note is of another size"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_told(whole: Engine, name: str) -> None:
    change, why = CHANGES[name]
    assert any(why in line for line in told(whole, change)), name


def test_a_tile_that_holds_more_than_the_log_is_told(whole: Engine) -> None:
    with whole.begin() as connection:
        hashes = bytes(connection.execute(select(tables.tiles.c.hashes)).scalar_one())
    longer = update(tables.tiles).values(hashes=hashes + b"x" * 32)
    assert told(whole, longer) == ["ALTERED tile 0/0: it is not what the leaves come to"]


def test_the_response_is_looked_at_too(whole: Engine) -> None:
    with whole.begin() as connection:
        rows = connection.execute(select(_x.call_pk, _x.content).order_by(_x.call_pk)).all()
    Writer(whole, clock=lambda: NOON).append(
        [a_call(7, exchange={"request_body": b"question", "response_body": b"another"})]
    )
    sign(whole)
    with whole.begin() as connection:
        new = connection.execute(select(_x.content).order_by(_x.call_pk.desc())).first()
        assert new is not None
    change = update(tables.exchanges).where(_x.call_pk == rows[0].call_pk).values(content=new.content)
    assert any("its response is not the one" in line for line in told(whole, change))


def test_checkpoints_that_do_not_fit(whole: Engine) -> None:
    with whole.begin() as connection:
        (signed,) = map(Checkpoint.parse, notes(connection))
    found = verified(whole, [signed, Checkpoint(signed.origin, 4, b"x" * 32), Checkpoint(signed.origin, 6, b"x" * 32)])
    assert found.checkpoints == 1
    assert [f"{one.what}: {one.why[:40]}" for one in found.amiss if "anchored" not in one.why] == [
        "checkpoint at 4 entries: the entries before it are not those that",
        "checkpoint at 6 entries: the log has only 5: entries have been ta",
    ]
    assert sum("it is anchored, and no longer in the database" in one.why for one in found.amiss) == 2


def test_more_than_a_tile(engine: Engine) -> None:
    Writer(engine).append([a_call(number) for number in range(1, 300)])
    sign(engine)
    assert verified(engine).is_whole
    change = update(tables.tiles).where(tables.tiles.c.level == 1).values(hashes=b"x" * 32)
    assert told(engine, change) == ["ALTERED tile 1/0: it is not what the leaves come to"]


def look(engine: Engine) -> str:
    """Enter a view, signed; return the act's name."""
    act = enter_view(engine, an_id(1), way="audit calls show", actor="bob")
    sign(engine)
    return f"act {act}"


def test_acts_are_counted_by_their_kinds(whole: Engine) -> None:
    look(whole)
    found = verified(whole, sample=1)
    assert (found.acts, found.is_whole) == ({"view": 1}, True)


def test_an_act_that_is_altered_is_told_once_and_counted_as_such(whole: Engine) -> None:
    act = look(whole)
    assert told(whole, update(tables.acts).values(actor="eve")) == [f"ALTERED {act}: it is not what was entered"]
    found = verified(whole)
    assert (found.entries, found.faults, found.acts) == ({Verdict.OK: 5, Verdict.ALTERED: 1}, 1, {})


def test_an_act_that_is_gone_is_missing_as_such(whole: Engine) -> None:
    act = look(whole)
    assert told(whole, delete(tables.acts)) == [f"MISSING {act}: it is not in the record"]


def test_without_its_salt_an_entry_does_not_tell_what_it_is_of(whole: Engine) -> None:
    act = look(whole).replace("act", "call")
    unsalted = update(_e.place.table).values(salt=None).where(_e.place == 5)
    assert told(whole, delete(tables.acts), unsalted) == [f"MISSING {act}: it is not in the record"]


def test_a_loss_that_is_gone_and_a_price_that_was_put_in_are_told(whole: Engine) -> None:
    Writer(whole).lost(an_id(7), NOON, 2, "the disk was full")
    sign(whole)
    price = tables.prices.insert().values(digest="d", working={})
    found = told(whole, delete(tables.losses), price)
    assert [line.partition(" {")[0].partition(" sha")[0] for line in found] == ["ALTERED price", "MISSING loss"]
