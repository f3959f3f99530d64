"""Bodies encrypted at rest: they come back byte for byte with the key, and with nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, Table, func, select, true

from audit.call import Tags
from audit.encryption.keyring import Keyring
from audit.errors import EncryptionError, StoreError
from audit.store import tables
from audit.store.bodies import Run, split
from audit.store.choosing import By
from audit.store.engine import open_engine
from audit.store.erasing import Request, What, erase
from audit.store.read import Reader
from audit.store.read.exchanges import stored_exchanges
from audit.store.rows.verified import Verdict
from audit.store.scope import Scope
from audit.store.scrubbing import scrub
from audit.store.sealing import ADDRESSING, SEALED, is_encrypted, must_be_plain, must_open, open_sealer, with_keys
from audit.store.write import Writer
from tests.store.bodies_of import HOSTILE, a_conversation, talking
from tests.store.samples import a_call, an_id, said
from tests.store.sealed import MARKER, NEW, OLD, everywhere, marked_calls, sealed_with, verified

ALL = true()


@pytest.fixture
def sealed(engine: Engine) -> Engine:
    """A database of either kind that is written to with a key."""
    return sealed_with(engine, OLD)


def read(engine: Engine) -> dict[UUID, Any]:
    with engine.connect() as connection:
        return {exchange.id: exchange for _, exchange in stored_exchanges(connection, ALL, limit=999)}


def rows(engine: Engine, table: Table) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(table).order_by(*table.primary_key)))


def count(engine: Engine, table: Table) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_bodies_come_back_byte_for_byte(sealed: Engine) -> None:
    calls = [*marked_calls(), *talking(HOSTILE, first=100), a_call(300)]
    assert Writer(sealed).append(calls).new == len(calls)
    assert read(sealed) == {call.exchange.id: call.exchange for call in calls}
    assert all(row.codec >= SEALED for table in (tables.exchanges, tables.parts) for row in rows(sealed, table))
    assert count(sealed, tables.part_links) > 0, "also pictures inside of what was said"


def test_nothing_that_was_said_is_found_in_the_database(sealed: Engine) -> None:
    Writer(sealed).append(marked_calls())
    assert MARKER.encode() not in everywhere(sealed)
    assert MARKER.encode().hex().encode() not in everywhere(sealed)


def test_without_a_key_it_would_be(engine: Engine) -> None:
    Writer(engine).append(marked_calls())
    assert MARKER.encode() in everywhere(engine)
    assert count(engine, tables.data_keys) == 0


def test_what_a_provider_quotes_is_told_of_and_not_repeated(sealed: Engine) -> None:
    Writer(sealed).append(marked_calls())
    detail = Reader(sealed).call(an_id(22))
    assert detail is not None
    assert (detail.row.error_code, detail.row.error_message) == ("invalid", "(encrypted, with the bodies)")
    assert [finding.error for finding in detail.findings] == ["(encrypted, with the bodies)", None]
    assert [dict(finding.details) for finding in detail.findings] == [{"left_out": "(encrypted, with the bodies)"}, {}]


def test_equal_parts_are_stored_once_under_keyed_digests(sealed: Engine, engine: Engine) -> None:
    bodies = list(a_conversation(4))
    writer = Writer(sealed)
    writer.append(talking(bodies))
    parts = rows(sealed, tables.parts)
    again = talking([bodies[-1]], first=50)
    Writer(sealed).append(again)
    assert rows(sealed, tables.parts) == parts, "another process finds them too"
    plain = {digest for body in bodies for one in split(body).ranges if isinstance(one, Run) for digest in one.digests}
    assert plain.isdisjoint(bytes(row.digest) for row in parts)
    assert Reader(sealed).call(again[0].exchange.id).row.conversation == an_id(1)  # type: ignore[union-attr]


def test_nothing_is_left_by_which_a_guess_can_be_tried(sealed: Engine) -> None:
    """The salt of commitments, and digests of what was said, are as good as the words where those are few."""
    Writer(sealed).append(talking(list(a_conversation(2))))
    assert [bytes(row.salt) for row in rows(sealed, tables.exchanges)] == [b"", b""]
    (first, *_) = rows(sealed, tables.calls)
    run = split(next(a_conversation(2))).run
    assert run is not None
    owner = hashlib.sha256(b"\x1f\x1f\x1f").digest()
    told = int.from_bytes(hashlib.sha256(owner + run.digests[-1]).digest()[:8], signed=True)
    assert first.said_digest not in (None, told)


def test_words_are_not_indexed(sealed: Engine, engine: Engine) -> None:
    Writer(sealed).append([a_call(1, input=said("quince")), a_call(2, exchange={"reference": "a name of it"})])
    reader = Reader(sealed)
    assert reader.is_encrypted()
    assert reader.calls(Scope(search="quince")).total == 0
    assert reader.calls(Scope(search=str(an_id(1)))).total == 1, "ids are found"


def test_what_is_no_body_is_read_without_a_key(sealed: Engine, engine: Engine) -> None:
    Writer(sealed).append(marked_calls())
    reader = Reader(engine)
    assert reader.totals(Scope()).calls == len(marked_calls())
    assert len(reader.calls(Scope()).rows) == len(marked_calls())
    assert reader.is_encrypted()


def test_a_body_wants_its_key_and_says_which(sealed: Engine, engine: Engine) -> None:
    Writer(sealed).append(marked_calls())
    with pytest.raises(EncryptionError, match=f"with the key {OLD.id}, and no key is configured here: let `keys` in"):
        Reader(engine).call(an_id(1))
    with pytest.raises(EncryptionError, match=f"with the key {OLD.id}, which is not here"):
        Reader(sealed_with(engine, NEW)).call(an_id(1))
    assert Reader(sealed_with(engine, NEW, OLD)).call(an_id(1)) is not None
    with engine.connect() as connection, pytest.raises(EncryptionError):
        must_open(connection)
    with sealed.connect() as connection:
        must_open(connection)


def test_nobody_writes_plainly_into_an_encrypted_record(sealed: Engine, engine: Engine) -> None:
    writer = Writer(engine)
    assert writer.append([a_call(1)]).new == 1
    Writer(sealed).append([a_call(2)])
    with pytest.raises(EncryptionError, match=f"encrypted with the key {OLD.id}") as refused:
        writer.append([a_call(3)])
    assert not refused.value.permanent, "calls wait in the journal until the key is there"
    with pytest.raises(EncryptionError):
        Writer(sealed_with(engine, NEW)).append([a_call(3)])
    assert sorted(read(sealed)) == [an_id(1), an_id(2)]


def test_keys_that_cannot_be_had_keep_calls_waiting_and_lists_going(engine: Engine) -> None:
    def nowhere() -> Keyring:
        raise EncryptionError("MASTER is not set")

    keyless = with_keys(engine, nowhere)
    with pytest.raises(EncryptionError, match="not set"):
        Writer(keyless).append([a_call(1)])
    assert Reader(keyless).totals(Scope()).calls == 0
    assert not Reader(keyless).is_encrypted()


def test_a_record_begins_to_be_encrypted_once(sealed: Engine, engine: Engine) -> None:
    with sealed.connect() as connection:
        assert not is_encrypted(connection)
        must_be_plain(connection)
        must_open(connection)
    first, second = open_sealer(sealed), open_sealer(sealed)
    assert first is not None
    assert second is not None
    assert first.secret == second.secret
    assert [bytes(row.id) for row in rows(sealed, tables.data_keys)] == [ADDRESSING]
    assert open_sealer(engine) is None


def test_a_database_that_cannot_hold_keys_is_told(sqlite_url: str) -> None:
    engine = sealed_with(open_engine(sqlite_url), OLD)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE data_keys")
    with pytest.raises(StoreError, match="has not the tables"):
        open_sealer(engine)
    engine.dispose()


def test_a_batch_that_came_to_nothing_leaves_no_keys(sealed: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Writer(sealed)
    writer.append([a_call(1)])
    with monkeypatch.context() as patched:
        patched.setattr(writer, "_author", _Failing(writer._author))
        with pytest.raises(StoreError):
            writer.append([a_call(2)])
    writer.append([a_call(2)])
    assert {bytes(row.id) for row in rows(sealed, tables.data_keys)} == {ADDRESSING, an_id(1).bytes, an_id(2).bytes}


def test_erasing_a_body_erases_its_keys(sealed: Engine) -> None:
    calls = [
        call
        for number, user in enumerate(("ann", "bob"))
        for call in talking(list(a_conversation(3, topic=user)), first=1 + 10 * number, tags=Tags(user=user))
    ]
    Writer(sealed).append(calls)
    shared = {bytes(row.digest)[:16] for row in rows(sealed, tables.parts)}
    erase(sealed, Request(by=By.USER, value="ann", what=What.BODIES, ground="Art. 17", actor="root"))
    scrub(sealed)
    left = {bytes(row.id) for row in rows(sealed, tables.data_keys)}
    kept = {bytes(row.digest)[:16] for row in rows(sealed, tables.parts)}
    assert left == {ADDRESSING, *kept, *(call.exchange.id.bytes for call in calls[3:])}
    assert kept < shared
    assert read(sealed) == {call.exchange.id: call.exchange for call in calls[3:]}


def test_a_key_alone_that_is_gone_makes_its_body_unreadable_for_good(sealed: Engine) -> None:
    Writer(sealed).append([a_call(1), a_call(2)])
    with sealed.begin() as connection:
        connection.execute(tables.data_keys.delete().where(tables.data_keys.c.id == an_id(1).bytes))
    with pytest.raises(StoreError, match="lost its data key"):
        Reader(sealed).call(an_id(1))
    assert Reader(sealed).call(an_id(2)) is not None


def changes(engine: Engine, table: Table, *columns: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield each row of a table's first two with each byte of some columns changed, one at a time."""
    for row in rows(engine, table)[:2]:
        where = [column == row._mapping[column.name] for column in table.primary_key]
        for name in columns:
            value = row._mapping[name]
            if isinstance(value, int):
                yield where, {name: value ^ 1}
            elif isinstance(value, str):
                yield where, {name: f"{value},0"}
                yield where, {name: None}
            else:
                data = bytes(value or b"")
                yield from (
                    (where, {name: data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :]}) for at in range(len(data))
                )


def test_no_byte_around_a_body_can_be_changed_unseen(sqlite_url: str) -> None:
    engine = sealed_with(open_engine(sqlite_url), OLD)
    Writer(engine).append(talking(list(a_conversation(2)))[1:])
    tried = 0
    for table, columns in (
        (tables.exchanges, ("codec", "recipe", "content")),
        (tables.parts, ("codec", "digest", "before", "recipe", "content")),
        (tables.data_keys, ("wrapped",)),
    ):
        for where, change in changes(engine, table, *columns):
            if table is tables.data_keys and _is_addressing(where):
                continue
            tried += 1
            with engine.connect() as connection:
                connection.execute(table.update().where(*where).values(change))
                with pytest.raises(
                    (StoreError, ValueError), match=r"damaged|lost its data key|missing|not a recipe|tells of"
                ):
                    stored_exchanges(connection, ALL, limit=9)
                connection.rollback()
    assert tried > 400
    assert len(read(engine)) == 1
    engine.dispose()


def test_a_row_cannot_stand_in_for_another(sqlite_url: str) -> None:
    engine = sealed_with(open_engine(sqlite_url), OLD)
    Writer(engine).append([a_call(1), a_call(2)])
    one, two = rows(engine, tables.exchanges)
    with engine.begin() as connection:
        put = tables.exchanges.update().where(tables.exchanges.c.call_pk == one.call_pk)
        connection.execute(put.values(content=two.content))
        keys = tables.data_keys
        wrapped = select(keys.c.wrapped).where(keys.c.id == an_id(2).bytes).scalar_subquery()
        connection.execute(keys.update().where(keys.c.id == an_id(1).bytes).values(wrapped=wrapped))
    with pytest.raises(StoreError, match="damaged"):
        Reader(engine).call(an_id(1))
    engine.dispose()


def test_the_ledger_holds_with_the_key_and_is_not_called_altered_without(sealed: Engine, engine: Engine) -> None:
    Writer(sealed).append(marked_calls())
    assert verified(sealed) == {Verdict.OK: len(marked_calls())}
    with pytest.raises(EncryptionError):
        verified(engine)
    with sealed.begin() as connection:
        keys = tables.data_keys
        connection.execute(keys.update().where(keys.c.id == an_id(22).bytes).values(wrapped=bytes(60)))
    assert verified(sealed) == {Verdict.OK: len(marked_calls()) - 1, Verdict.ALTERED: 1}


def _is_addressing(where: list[Any]) -> bool:
    return any(bytes(condition.right.value) == ADDRESSING for condition in where)


class _Failing:
    """An author whose entries come to nothing."""

    def __init__(self, author: Any) -> None:
        self.transaction = author.transaction

    def enter(self, *_given: object) -> None:
        raise StoreError("the database is out of reach", permanent=False)
