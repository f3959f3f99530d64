"""Calls whose words are entered later than they are stored."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import pytest
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import IntegrityError
from zstandard import ZstdCompressor

from audit.interpret import Interpreter
from audit.store import tables, unindexed
from audit.store.choosing import By
from audit.store.engine import open_engine
from audit.store.erasing import Request, What, erase
from audit.store.read import Reader
from audit.store.resealing import seal_all
from audit.store.scope import Scope
from audit.store.search import indexed, words_of
from audit.store.unindexed import enter_some, remove_words, waiting
from audit.store.write import Writer
from tests.store.bodies_of import a_conversation, talking
from tests.store.samples import a_call, an_id, said
from tests.store.sealed import NEW, sealed_with
from tests.store.whole import found_by

JSON = (("content-type", "application/json"),)
FRUIT = ("a red apple", "", "a green apple and a café", "一个苹果", "a pear")


def store(writer: Writer, *texts: str, start: int = 0) -> None:
    calls = [a_call(number, input=said(text)) for number, text in enumerate(texts, start)]
    assert writer.append(calls, words_later=True).new == len(texts)


def left(engine: Engine) -> tuple[int, int]:
    """How many calls wait, and in how many rows."""
    with engine.begin() as connection:
        rows = connection.execute(select(func.count()).select_from(tables.unindexed)).scalar_one()
        return waiting(connection), rows


def keys(engine: Engine) -> Sequence[int]:
    with engine.begin() as connection:
        return connection.execute(select(tables.calls.c.pk).order_by(tables.calls.c.pk)).scalars().all()


def test_calls_are_stored_before_they_are_found_by_their_words(engine: Engine, writer: Writer) -> None:
    store(writer, *FRUIT)
    assert Reader(engine).totals(Scope()).calls == 5
    assert (left(engine), found_by(engine, "apple")) == ((5, 1), 0)
    assert [enter_some(engine), enter_some(engine)] == [5, 0]
    assert {word: found_by(engine, word) for word in ("apple", "cafe", "苹果", "pea", "plum")} == {
        "apple": 2,
        "cafe": 1,
        "苹果": 1,
        "pea": 1,
        "plum": 0,
    }
    assert left(engine) == (0, 0)


def test_those_that_have_waited_longest_come_first(engine: Engine, writer: Writer) -> None:
    store(writer, "old apple")
    writer.append([a_call(10, input=said("at once"))])
    store(writer, "new apple", start=20)
    assert (left(engine), found_by(engine, "once")) == ((2, 2), 1)
    assert enter_some(engine) == 1
    assert (found_by(engine, "old"), found_by(engine, "new"), left(engine)) == (1, 0, (1, 1))


def test_what_has_much_to_say_waits_in_rows_of_its_own(
    engine: Engine, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unindexed, "MOST_AT_ONCE", 25)
    store(writer, *FRUIT)
    assert left(engine) == (5, 3)
    assert [enter_some(engine) for _ in range(4)] == [2, 1, 2, 0]
    assert found_by(engine, "apple") == 2


def test_calls_in_which_nothing_is_said_wait_for_nothing(engine: Engine, writer: Writer) -> None:
    store(writer, "", "")
    assert left(engine) == (0, 0)


def test_of_a_conversation_what_is_new_is_entered(engine: Engine, writer: Writer) -> None:
    read = Interpreter(pricing=lambda _reading, _exchange: None)
    for first, later in ((1, True), (11, False)):
        calls = talking(list(a_conversation(3)), first, key_fingerprint=str(first), request_headers=JSON)
        writer.append([read(call.exchange) for call in calls], words_later=later)
    enter_some(engine)
    with engine.begin() as connection:
        words = [sorted(words) for _, words in words_of(connection)]
    assert words[:3] == words[3:]
    assert ["assistant" in some for some in words[:3]] == [True, False, False]


def test_who_searches_is_told_how_many_are_not_found_yet(engine: Engine, writer: Writer) -> None:
    store(writer, *FRUIT)
    reader = Reader(engine)
    assert [reader.calls(Scope(search=query)).unindexed for query in ("apple", '"red apple"', "!?")] == [5, 5, 0]
    assert reader.calls(Scope()).unindexed == 0
    enter_some(engine)
    page = reader.calls(Scope(search="apple"))
    assert (page.total, page.unindexed) == (2, 0)


def test_of_what_is_erased_no_word_waits(engine: Engine, writer: Writer) -> None:
    store(writer, *FRUIT)
    erase(engine, Request(by=By.CALL, value=str(an_id(2)), what=What.ALL, ground="art. 17", actor="root"))
    assert (left(engine), found_by(engine, "cafe"), found_by(engine, "apple")) == ((0, 0), 0, 1)


def test_rows_of_other_calls_are_left_to_wait(engine: Engine, writer: Writer) -> None:
    store(writer, "one")
    store(writer, "two", "three", start=10)
    store(writer, "four", start=20)
    first, second, _, fourth = keys(engine)
    with engine.begin() as connection:
        remove_words(connection, [])
        remove_words(connection, [fourth, first])
    assert (left(engine), found_by(engine, "one"), found_by(engine, "four")) == ((2, 1), 0, 0)
    with engine.begin() as connection:
        remove_words(connection, [second])
    assert (left(engine), found_by(engine, "two"), found_by(engine, "three")) == ((0, 0), 0, 1)


def test_no_word_waits_that_is_to_be_encrypted(engine: Engine, writer: Writer) -> None:
    store(writer, *FRUIT)
    seal_all(sealed_with(engine, NEW))
    with engine.begin() as connection:
        assert (waiting(connection), indexed(connection)) == (0, 0)


def test_an_encrypted_record_has_no_words_waiting(engine: Engine) -> None:
    store(Writer(sealed_with(engine, NEW)), *FRUIT)
    assert left(engine) == (0, 0)


@pytest.mark.parametrize(
    "broken", [b"", b"rubbish", ZstdCompressor().compress(b"{}")], ids=["empty", "other", "no list"]
)
def test_what_cannot_be_read_does_not_keep_others_waiting(
    engine: Engine, writer: Writer, caplog: pytest.LogCaptureFixture, broken: bytes
) -> None:
    store(writer, "lost")
    with engine.begin() as connection:
        connection.execute(tables.unindexed.update().values(content=broken))
    store(writer, "found", start=10)
    assert [enter_some(engine) for _ in range(3)] == [1, 1, 0]
    assert found_by(engine, "found") == 1
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "will not be found by their words" in caplog.text


def test_what_the_index_does_not_take_does_not_keep_others_waiting(
    engine: Engine, writer: Writer, caplog: pytest.LogCaptureFixture
) -> None:
    store(writer, "there already", "beside it")
    with engine.begin() as connection:
        row = connection.execute(select(tables.unindexed)).one()
    enter_some(engine)
    with engine.begin() as connection:
        connection.execute(tables.unindexed.insert().values(**row._asdict()))
    store(writer, "found", start=10)
    assert [enter_some(engine) for _ in range(3)] == [2, 1, 0]
    assert (found_by(engine, "already"), found_by(engine, "found")) == (1, 1)
    if engine.dialect.name == "postgresql":  # SQLite puts the new words in the place of the old
        assert "2 calls from key" in caplog.text


def test_why_words_are_given_up_is_told_without_them(
    engine: Engine, writer: Writer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_connection: Connection, rows: object) -> None:
        raise IntegrityError("INSERT INTO words", {"said": str(rows)}, ValueError("already there"))

    store(writer, *FRUIT)
    monkeypatch.setattr(unindexed, "add_to_index", refuse)
    assert [enter_some(engine), enter_some(engine)] == [5, 0]
    assert caplog.messages[0].endswith("will not be found by their words: already there")


def test_several_may_enter_words_at_once(engine: Engine, writer: Writer, url: str) -> None:
    store(writer, "first")
    store(writer, "second", start=10)
    other = open_engine(url)
    if other.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(unindexed._OLDEST).one()  # somebody is at work on it
            assert (enter_some(other), enter_some(other)) == (1, 0)
        assert (found_by(engine, "first"), found_by(engine, "second")) == (0, 1)
    while enter_some(other):
        pass
    other.dispose()
    assert (found_by(engine, "first"), found_by(engine, "second"), left(engine)) == (1, 1, (0, 0))
