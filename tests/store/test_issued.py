from __future__ import annotations

import pytest
from sqlalchemy import Engine, text

from audit.errors import StoreError
from audit.store.engine import open_engine
from audit.store.issued import add_key, revoke_key
from audit.store.read import Reader
from audit.store.write import Writer, name_key
from tests.store.samples import NOON, a_call, a_new_key


def test_a_key_is_stored_once_by_name(engine: Engine) -> None:
    assert add_key(engine, a_new_key("ci"))
    assert not add_key(engine, a_new_key("ci", digest="another", fingerprint="another"))
    assert add_key(engine, a_new_key("other"))
    assert [row.name for row in Reader(engine).issued_keys(NOON)] == ["other", "ci"]


def test_a_name_is_free_again_when_its_key_is_revoked(engine: Engine) -> None:
    add_key(engine, a_new_key("ci"))
    assert revoke_key(engine, "of ci", NOON)
    assert add_key(engine, a_new_key("ci", digest="another", fingerprint="another"))
    assert [row.revoked_at for row in Reader(engine).issued_keys(NOON)] == [None, NOON]


@pytest.mark.parametrize("taken", ["digest", "fingerprint"])
def test_no_two_keys_are_one(engine: Engine, taken: str) -> None:
    add_key(engine, a_new_key("ci", **{taken: "same"}))
    assert not add_key(engine, a_new_key("other", **{taken: "same"}))


def test_a_key_is_taken_back_once(engine: Engine) -> None:
    add_key(engine, a_new_key("ci"))
    assert revoke_key(engine, "of ci", NOON)
    assert not revoke_key(engine, "of ci", NOON)
    assert not revoke_key(engine, "unknown", NOON)


def test_a_key_has_its_name_from_its_first_call_on(engine: Engine, writer: Writer) -> None:
    add_key(engine, a_new_key("ci"))
    writer.append([a_call(1, exchange={"key_fingerprint": "of ci"}), a_call(2, exchange={"key_fingerprint": "seen"})])
    rows = Reader(engine).keys()
    assert {row.fingerprint: row.name for row in rows} == {"of ci": "ci", "seen": None}


@pytest.mark.parametrize("name", ["mine", None])
def test_a_name_that_was_given_later_stays(engine: Engine, writer: Writer, name: str | None) -> None:
    add_key(engine, a_new_key("ci"))
    writer.append([a_call(1, exchange={"key_fingerprint": "of ci"})])
    name_key(engine, "of ci", name)
    writer.append([a_call(2, exchange={"key_fingerprint": "of ci"})])
    (row,) = Reader(engine).keys()
    assert row.name == name


def test_what_a_database_cannot_do_is_told(engine: Engine) -> None:
    empty = open_engine("sqlite://")
    with pytest.raises(StoreError, match="audit db upgrade"):
        add_key(empty, a_new_key("ci"))
    with pytest.raises(StoreError, match="audit db upgrade"):
        revoke_key(empty, "of ci", NOON)
    empty.dispose()
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM issued_keys")).scalar() == 0
