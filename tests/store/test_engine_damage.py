"""Databases whose files have been written to by others, or not as they should have been."""

from __future__ import annotations

from contextlib import closing

import pytest
from sqlalchemy import Engine, insert, select, text

from audit.errors import StoreError
from audit.store.engine import open_engine, sqlite_module, translated
from audit.store.tables import acts, losses
from tests.store.samples import NOON, an_id


def test_what_the_database_raises_is_translated(engine: Engine) -> None:
    with pytest.raises(StoreError, match="audit db upgrade"), translated(), engine.begin() as connection:
        connection.execute(text("SELECT * FROM nowhere"))


def test_tables_of_another_program_are_told(engine: Engine) -> None:
    told = "name an empty one, or restore a backup"
    with pytest.raises(StoreError, match=told) as caught, translated(), engine.begin() as connection:
        connection.execute(text("CREATE TABLE losses (mine integer)"))
    assert caught.value.permanent


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE sqlite_schema SET sql = 'CREATE TABLE ' || CAST(x'ff' AS TEXT) WHERE name = 'losses'",
        "UPDATE losses SET reason = CAST(x'ff736563726574' AS TEXT)",
        "UPDATE losses SET at = 'yesterday'",
        "UPDATE acts SET statement = '{'",
        "DELETE FROM call_words_data",
    ],
)
def test_damage_that_only_shows_in_use_is_told_as_such(sqlite_url: str, damage: str) -> None:
    """And what may be of a prompt is not."""
    put_two_rows(sqlite_url)
    scribble(sqlite_url, damage)
    engine = open_engine(sqlite_url, read_only=True)
    with pytest.raises(StoreError, match="the database is damaged") as caught:
        read_all(engine)
    engine.dispose()
    assert caught.value.permanent
    assert "secret" not in str(caught.value)


def put_two_rows(url: str) -> None:
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.execute(insert(losses), {"id": an_id(1), "at": NOON, "count": 1, "reason": "x"})
        row = {"id": an_id(2), "at": NOON, "kind": "hold", "actor": "ann", "statement": {"a": 1}}
        connection.execute(insert(acts), row)
    engine.dispose()


def read_all(engine: Engine) -> None:
    words = text("SELECT * FROM call_words WHERE call_words MATCH 'x'")
    with translated(), engine.begin() as connection:
        for wanted in (select(losses), select(acts), words):
            connection.execute(wanted).all()


def scribble(url: str, statement: str) -> None:
    with closing(sqlite_module().connect(url.removeprefix("sqlite:///"))) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(statement)
        connection.commit()


def test_a_row_that_is_there_already_is_no_sign_of_other_tables(engine: Engine) -> None:
    row = {"id": an_id(1), "at": NOON, "count": 1, "reason": "so"}
    with pytest.raises(StoreError, match="the database refuses: "), translated(), engine.begin() as connection:
        connection.execute(insert(losses), [row, row])
