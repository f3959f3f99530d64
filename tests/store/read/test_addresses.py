"""What is told of parts whose digests, by which they are found again, are not theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select, update

from audit.errors import EncryptionError
from audit.store import tables
from audit.store.choosing import By
from audit.store.erasing import Request, What, erase
from audit.store.read import verification
from audit.store.read.verification import verify
from audit.store.resealing import seal_all
from audit.store.sealing import ADDRESSING, SEALED
from audit.store.sequencing import Sequencer
from audit.store.write import Writer
from tests.ledger.keys import KEY
from tests.store.bodies_of import HOSTILE, LONG_TEXT, PICTURE, a_body, a_conversation, talking, told
from tests.store.samples import an_id
from tests.store.sealed import NEW, OLD, sealed_with

_p, _k, _u = tables.parts.c, tables.data_keys.c, tables.part_uses.c
PICTURED = a_body([told("system", LONG_TEXT), told("user", PICTURE), told("user", "what is it?")])
BODIES = [*a_conversation(4, tools=[{"name": "find", "about": "x" * 600}]), PICTURED]
"""Of a block, a picture, and what was said, which goes on from what was said before."""
OTHER = b"x" * 32


def keep(engine: Engine, bodies: Sequence[bytes] = BODIES, first: int = 1) -> None:
    """Store calls with these requests, one by one, and give them their places in the log."""
    writer = Writer(engine)
    for at, body in enumerate(bodies, start=first):
        writer.append(talking([body], first=at))
    Sequencer(engine, KEY).advance()


def amiss(engine: Engine, *changes: Any, **over: Any) -> list[str]:
    """Return what is told once these have been run."""
    with engine.begin() as connection:
        for change in changes:
            connection.execute(change)
    with engine.begin() as connection:
        return [f"{one.verdict} {one.what}: {one.why}" for one in verify(connection, [], **over).amiss]


def rows(engine: Engine) -> Sequence[Any]:
    with engine.begin() as connection:
        return connection.execute(select(tables.parts).order_by(_p.pk)).all()


def found_by(pk: int, digest: bytes) -> Any:
    return update(tables.parts).where(_p.pk == pk).values(digest=digest)


def altered(pk: int) -> str:
    return f"ALTERED part {pk}: its digest is not that of what it holds"


def test_parts_as_they_were_stored_are_not_told(engine: Engine) -> None:
    keep(engine, [*BODIES, *HOSTILE])
    assert len(rows(engine)) > 20
    assert amiss(engine) == []


def test_a_digest_that_is_altered_is_told_once_and_of_its_part_alone(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "LOT", 1)  # each call is read by itself, and its parts with it
    keep(engine)
    kept = rows(engine)
    assert {(row.before is None, row.recipe is None) for row in kept} == {(True, True), (False, True), (False, False)}
    for row in kept:
        assert amiss(engine, found_by(row.pk, OTHER)) == [altered(row.pk)]
        assert amiss(engine, found_by(row.pk, bytes(row.digest))) == []


def test_a_sample_looks_at_the_parts_of_its_calls(engine: Engine) -> None:
    keep(engine)
    last = rows(engine)[-1].pk
    assert amiss(engine, found_by(last, OTHER), sample=len(BODIES)) == [altered(last)]
    with engine.begin() as connection:  # no call needs it any more
        connection.execute(delete(tables.part_links).where(tables.part_links.c.user_pk == last))
        connection.execute(delete(_u.call_pk.table).where(_u.part_pk == last))
    erase(engine, Request(by=By.CALL, value=str(an_id(5)), what=What.BODIES, ground="g", actor="ann"))
    Sequencer(engine, KEY).advance()
    assert rows(engine)[-1].pk == last
    assert (amiss(engine, sample=100), amiss(engine)) == ([], [altered(last)])


def test_what_is_erased_and_what_nobody_needs_then_is_no_fault(engine: Engine) -> None:
    keep(engine)
    before = len(rows(engine))
    for number, what in ((4, What.BODIES), (5, What.ALL)):
        erase(engine, Request(by=By.CALL, value=str(an_id(number)), what=what, ground="g", actor="ann"))
    Sequencer(engine, KEY).advance()
    assert 0 < len(rows(engine)) < before
    assert amiss(engine) == []


def test_a_part_that_is_put_in_is_told(engine: Engine) -> None:
    keep(engine)
    last = rows(engine)[-1]
    mine = {**last._mapping, "pk": last.pk + 2, "digest": OTHER}
    after = {**mine, "pk": last.pk + 3, "before": last.pk + 2, "digest": b"y" * 32}
    broken = {**mine, "pk": last.pk + 10**6, "digest": b"z" * 32, "content": b"x"}
    found = amiss(engine, *(tables.parts.insert().values(**one) for one in (mine, after, broken)))
    assert found[0].startswith(f"ALTERED part {last.pk + 10**6}: it cannot be read: ValueError: broken packed data")
    assert found[1:] == [altered(last.pk + 2), altered(last.pk + 3)]


def test_digests_of_encrypted_parts_are_looked_at_with_the_key(engine: Engine) -> None:
    sealed = sealed_with(engine, OLD)
    keep(sealed)
    assert amiss(sealed) == []
    last = rows(sealed)[-1]
    told_of = amiss(sealed, found_by(last.pk, bytes(last.digest)[:16] + OTHER[:16]))
    assert [line.partition(":")[0] for line in told_of] == [f"ALTERED call {an_id(5)}", f"ALTERED part {last.pk}"]


def test_a_key_for_digests_that_is_gone_is_told_and_parts_that_another_does_not_find(engine: Engine) -> None:
    sealed = sealed_with(engine, OLD)
    keep(sealed, BODIES[-1:])
    old = [altered(row.pk) for row in rows(engine)]
    missing = amiss(sealed, delete(tables.data_keys).where(_k.id == ADDRESSING))
    assert missing == ["MISSING the key for digests of encrypted parts: it is not in the record"]
    keep(sealed, BODIES[:1], first=50)  # which makes another
    assert sorted(amiss(sealed)) == old


def test_a_key_for_digests_that_is_damaged_is_told(engine: Engine) -> None:
    sealed = sealed_with(engine, OLD)
    keep(sealed)
    (line,) = amiss(sealed, update(tables.data_keys).where(_k.id == ADDRESSING).values(wrapped=b"x" * 60))
    assert line.startswith("ALTERED the key for digests of encrypted parts: an encrypted body is damaged")


def test_parts_that_were_encrypted_later_and_what_was_stored_twice_are_no_fault(engine: Engine) -> None:
    keep(engine, BODIES[:2])
    sealed = sealed_with(engine, OLD)
    keep(sealed, BODIES, first=50)
    assert amiss(sealed) == []
    seal_all(sealed)
    assert all(row.codec >= SEALED for row in rows(sealed))
    assert amiss(sealed) == []


def test_without_the_key_nothing_is_told_of_encrypted_parts(engine: Engine) -> None:
    keep(sealed_with(engine, OLD), BODIES[-1:])
    last = rows(engine)[-1].pk
    with engine.begin() as connection:
        connection.execute(delete(tables.exchanges))
        assert connection.execute(delete(_u.call_pk.table).where(_u.part_pk == last)).rowcount == 1
    for keyless in (engine, sealed_with(engine, NEW)):
        with pytest.raises(EncryptionError, match="encrypted with the key"):
            amiss(keyless)
