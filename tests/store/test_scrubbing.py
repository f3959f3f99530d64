"""Bytes of what was erased are in no file of the database."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from audit.call import Tags
from audit.errors import StoreError
from audit.store import tables
from audit.store.choosing import By
from audit.store.engine import is_sqlite, open_engine
from audit.store.erasing import Request, What, erase
from audit.store.scrubbing import scrub
from audit.store.write import Writer
from tests.store.bodies_of import a_conversation, talking
from tests.store.samples import a_call, an_id, said
from tests.store.sealed import OLD, everywhere, sealed_with

ANN = Request(by=By.USER, value="ann-of-the-orchard", what=What.ALL, ground="Art. 17", actor="root")


def bytes_of(url: str) -> bytes:
    path = Path(url.removeprefix("sqlite:///"))
    return b"".join(one.read_bytes() for one in sorted(path.parent.glob(f"{path.name}*")))


def test_no_byte_is_left_in_sqlite(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    writer, tags = Writer(engine), {"tags": Tags(user=ANN.value)}
    writer.append([a_call(1, input=said("persimmon"))])
    writer.append([a_call(2, exchange={**tags, "request_body": b"of its own"}, input=said("medlarwort"))])
    writer.append(talking(list(a_conversation(2)), first=3, **tags))
    with engine.begin() as connection:
        contents = [
            bytes(one)
            for column in (tables.exchanges.c.content, tables.exchanges.c.salt, tables.parts.c.content)
            for one in connection.execute(select(column).order_by(column.table.primary_key.columns[0])).scalars()
        ]
    kept, secrets = contents[0], [*contents[1:4], *contents[5:], b"edlarwort", ANN.value.encode()]
    assert all(secret in bytes_of(sqlite_url) for secret in secrets if len(secret) < 1_000)
    erase(engine, ANN)
    scrub(engine)
    left = bytes_of(sqlite_url)
    assert not [secret for secret in secrets if secret in left]
    assert kept in left
    assert b"ersimmon" in left
    engine.dispose()


def test_both_kinds_can_be_scrubbed(engine: Engine, writer: Writer) -> None:
    writer.append([a_call(1, exchange={"tags": Tags(user=ANN.value)})])
    erase(engine, ANN)
    scrub(engine)


def test_a_reader_who_keeps_the_log_is_told_of(sqlite_url: str) -> None:
    engine, other = open_engine(sqlite_url), open_engine(sqlite_url, read_only=True)
    Writer(engine).append([a_call(1)])
    with other.begin() as reading:
        reading.execute(select(tables.calls)).all()
        with engine.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA busy_timeout=1")  # type: ignore[union-attr]
        with pytest.raises(StoreError, match="try again"):
            scrub(engine)
    engine.dispose()
    other.dispose()


def test_a_database_without_tables_is_told_of(empty_url: str) -> None:
    engine = open_engine(empty_url)
    with pytest.raises(StoreError, match="audit db upgrade"):
        scrub(engine)
    engine.dispose()


def test_no_key_of_an_erased_body_is_left_in_the_database(engine: Engine) -> None:
    sealed = sealed_with(engine, OLD)
    Writer(sealed).append([a_call(number) for number in range(1, 40)])
    wanted = select(tables.data_keys.c.wrapped).where(tables.data_keys.c.id == an_id(7).bytes)
    with engine.connect() as connection:
        wrapped = bytes(connection.execute(wanted).scalar_one())
    assert wrapped in keys_file(engine)
    erase(sealed, Request(by=By.CALL, value=str(an_id(7)), what=What.BODIES, ground="Art. 17", actor="root"))
    scrub(engine)
    assert wrapped not in keys_file(engine)


def keys_file(engine: Engine) -> bytes:
    """Return the bytes of the file in which data keys lie: on PostgreSQL the table has one of its own."""
    if is_sqlite(engine):
        return everywhere(engine)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CHECKPOINT")
        read = "SELECT pg_read_binary_file(pg_relation_filepath('data_keys'))"
        return bytes(connection.exec_driver_sql(read).scalar_one())
