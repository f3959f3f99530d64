from __future__ import annotations

import os
import socket
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, select

from audit.store import tables
from audit.store.engine import open_engine
from audit.store.ledger import Author, Entry
from tests.store.samples import NOON


def an_entry() -> Entry:
    return Entry(id=uuid4(), salt=b"s" * 16, metadata=b"m" * 32, request=b"q" * 32, response=b"r" * 32)


def rows(engine: Engine, table: Any) -> list[Any]:
    with engine.begin() as connection:
        return list(connection.execute(select(table).order_by(table.c.pk)))


def enter(author: Author, engine: Engine, first: int, count: int) -> None:
    with author.transaction(engine) as connection:
        author.enter(connection, first, NOON, [an_entry() for _ in range(count)])


def test_a_writer_is_known_and_numbers_what_it_enters_without_holes(engine: Engine) -> None:
    author, other = Author(), Author()
    enter(author, engine, 1, 2)
    enter(other, engine, 3, 1)
    enter(author, engine, 4, 1)
    one, two = rows(engine, tables.ledger_writers)
    assert (one.name, one.opened_at, one.closed_at) == (f"{socket.gethostname()}:{os.getpid()}", NOON, None)
    assert one.id != two.id
    found = [(row.pk, row.writer_pk, row.number) for row in rows(engine, tables.entries)]
    assert found == [(1, one.pk, 0), (2, one.pk, 1), (3, two.pk, 0), (4, one.pk, 2)]


def test_an_entry_is_stored_as_it_is(engine: Engine) -> None:
    author, entry = Author(), an_entry()
    with author.transaction(engine) as connection:
        author.enter(connection, 7, NOON, [entry])
    (row,) = rows(engine, tables.entries)
    assert (row.pk, row.id, bytes(row.salt), row.place) == (7, entry.id, entry.salt, None)
    told = (row.metadata_commitment, row.request_commitment, row.response_commitment)
    assert tuple(map(bytes, told)) == (entry.metadata, entry.request, entry.response)


def test_what_was_taken_back_leaves_no_hole(engine: Engine) -> None:
    author = Author()

    def fail(first: int) -> None:
        with author.transaction(engine) as connection:
            author.enter(connection, first, NOON, [an_entry(), an_entry()])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail(1)
    assert rows(engine, tables.ledger_writers) == []
    enter(author, engine, 1, 1)
    with pytest.raises(KeyboardInterrupt):
        fail(2)
    enter(author, engine, 2, 1)
    assert [(row.number, row.pk) for row in rows(engine, tables.entries)] == [(0, 1), (1, 2)]
    assert len(rows(engine, tables.ledger_writers)) == 1


def test_another_engine_knows_the_writer(engine: Engine, url: str) -> None:
    author, other = Author(), open_engine(url)
    enter(author, engine, 1, 1)
    author._pk = None
    enter(author, other, 2, 1)
    other.dispose()
    assert [row.number for row in rows(engine, tables.entries)] == [0, 1]
