"""A record that begins to be encrypted when it is there already."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, select, true

from audit.call import Call
from audit.errors import EncryptionError, StoreError
from audit.store import resealing, tables
from audit.store.choosing import By
from audit.store.engine import open_engine
from audit.store.erasing import Request, What, erase
from audit.store.read import Reader
from audit.store.read.exchanges import stored_exchanges
from audit.store.resealing import seal_all
from audit.store.rewrapping import protection
from audit.store.rows.verified import Verdict
from audit.store.scope import Scope
from audit.store.scrubbing import scrub
from audit.store.sealing import ADDRESSING
from audit.store.write import Writer
from tests.store.bodies_of import HOSTILE, a_conversation, talking
from tests.store.samples import a_call, said
from tests.store.sealed import MARKER, OLD, everywhere, marked_calls, sealed_with, verified


def read(engine: Engine) -> dict[Any, Any]:
    with engine.connect() as connection:
        return {exchange.id: exchange for _, exchange in stored_exchanges(connection, true(), limit=999)}


def as_read(calls: list[Call]) -> dict[Any, Any]:
    return {call.exchange.id: call.exchange for call in calls}


def test_what_was_plain_is_encrypted_and_reads_as_before(engine: Engine) -> None:
    calls = [*marked_calls()[:-1], *talking(HOSTILE, first=100)]  # the last is quoted, which the ledger was told of
    Writer(engine).append(calls)
    sealed = sealed_with(engine, OLD)
    steps: list[tuple[int, int]] = []
    plain = protection(engine).plain
    assert seal_all(sealed, lambda *step: steps.append(step)) == plain
    scrub(engine)
    assert steps[-1] == (plain, plain)
    found = protection(engine)
    assert (found.encrypted, found.sealed, found.plain, found.indexed) == (True, plain, 0, 0)
    assert MARKER.encode() not in everywhere(engine)
    assert read(sealed) == as_read(calls)
    assert seal_all(sealed) == 0


def test_the_ledger_still_holds(engine: Engine) -> None:
    Writer(engine).append(marked_calls())
    sealed = sealed_with(engine, OLD)
    seal_all(sealed)
    assert verified(sealed) == {Verdict.OK: len(marked_calls())}


def test_old_and_new_stand_side_by_side_until_then_and_after(engine: Engine) -> None:
    bodies = list(a_conversation(4))
    plain, later = talking(bodies[:2]), talking(bodies, first=50)
    Writer(engine).append(plain)
    sealed = sealed_with(engine, OLD)
    Writer(sealed).append(later)
    assert read(sealed) == as_read([*plain, *later])
    seal_all(sealed)  # of parts that were stored twice, plainly and sealed, both stay
    assert read(sealed) == as_read([*plain, *later])
    twice = [row.digest for row in rows(engine, tables.parts)]
    assert len(set(twice)) == len(twice)
    again = talking([bodies[-1]], first=90)
    before = protection(engine).sealed
    Writer(sealed).append(again)
    assert protection(engine).sealed == before + 1


def test_plain_calls_are_read_and_found_without_a_key(engine: Engine) -> None:
    Writer(engine).append([a_call(1, input=said("quince"))])
    Writer(sealed_with(engine, OLD)).append([a_call(2, input=said("quince"))])
    reader = Reader(engine)
    assert reader.calls(Scope(search="quince")).total == 1
    assert reader.call(a_call(1).exchange.id) is not None
    with pytest.raises(EncryptionError):
        reader.call(a_call(2).exchange.id)


def test_what_breaks_off_is_gone_on_with(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resealing, "AT_ONCE", 2)
    Writer(engine).append(marked_calls())
    sealed, plain = sealed_with(engine, OLD), protection(engine).plain

    def stop(done: int, _of: int) -> None:
        if done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seal_all(sealed, stop)
    assert protection(engine).sealed == 4
    assert read(sealed) == as_read(marked_calls())
    assert seal_all(sealed) == plain - 4
    assert read(sealed) == as_read(marked_calls())


def test_what_is_erased_afterwards_leaves_no_keys(engine: Engine) -> None:
    calls = talking(list(a_conversation(3)))
    Writer(engine).append(calls)
    sealed = sealed_with(engine, OLD)
    seal_all(sealed)
    for call in calls:
        name = str(call.exchange.id)
        erase(sealed, Request(by=By.CALL, value=name, what=What.ALL, ground="Art. 17", actor="root"))
    assert [bytes(row.id) for row in rows(engine, tables.data_keys)] == [ADDRESSING]


def test_it_wants_a_key_and_a_database(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    with pytest.raises(EncryptionError, match="no key to encrypt with"):
        seal_all(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE parts")
    with pytest.raises(StoreError, match="has not the tables"):
        seal_all(sealed_with(engine, OLD))
    engine.dispose()


def rows(engine: Engine, table: Any) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(table)))
