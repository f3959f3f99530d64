"""Rotation of master keys: data keys are wrapped anew, and a rotation that was killed leaves all of it readable."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import Any

import pytest
from sqlalchemy import Engine, select, true

from audit.errors import EncryptionError, StoreError
from audit.store import rewrapping, tables
from audit.store.engine import open_engine
from audit.store.read.exchanges import stored_exchanges
from audit.store.rewrapping import protection, rotate
from audit.store.write import Writer
from tests.store.samples import a_call
from tests.store.sealed import NEW, OLD, marked_calls, sealed_with

CALLS = marked_calls()


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """A record that was encrypted with the old key."""
    Writer(sealed_with(engine, OLD)).append(CALLS)
    return engine


def read(engine: Engine) -> dict[Any, Any]:
    with engine.connect() as connection:
        return {exchange.id: exchange for _, exchange in stored_exchanges(connection, true(), limit=999)}


def test_all_keys_are_wrapped_by_the_newest_and_no_content_is_touched(filled: Engine) -> None:
    before = contents(filled)
    wrapped = protection(filled).wrapped
    steps: list[tuple[int, int]] = []
    assert rotate(sealed_with(filled, NEW, OLD), lambda *step: steps.append(step)) == wrapped[OLD.id]
    assert protection(filled).wrapped == {NEW.id: wrapped[OLD.id]}
    assert steps == [(wrapped[OLD.id], wrapped[OLD.id])]
    assert contents(filled) == before
    assert read(sealed_with(filled, NEW)) == {call.exchange.id: call.exchange for call in CALLS}
    with pytest.raises(EncryptionError, match=NEW.id):
        read(sealed_with(filled, OLD))
    assert rotate(sealed_with(filled, NEW)) == 0


def test_equal_parts_are_found_after_a_rotation(filled: Engine) -> None:
    rotate(sealed_with(filled, NEW, OLD))
    parts = protection(filled).sealed
    Writer(sealed_with(filled, NEW)).append([a_call(90, exchange={"request_body": CALLS[2].exchange.request_body})])
    assert protection(filled).sealed == parts + 1, "the exchange alone is new"


def test_what_breaks_off_is_gone_on_with(filled: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewrapping, "AT_ONCE", 3)
    both = sealed_with(filled, NEW, OLD)

    def stop(done: int, _of: int) -> None:
        if done >= 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate(both, stop)
    assert protection(filled).wrapped[NEW.id] == 6
    assert len(read(both)) == len(CALLS)
    left = protection(filled).wrapped[OLD.id]
    assert rotate(both) == left


def test_it_wants_all_keys_before_it_begins(filled: Engine) -> None:
    with pytest.raises(EncryptionError, match="no key to rotate to"):
        rotate(filled)
    with pytest.raises(EncryptionError, match=f"the key {OLD.id}, which is not here"):
        rotate(sealed_with(filled, NEW))
    assert set(protection(filled).wrapped) == {OLD.id}


def test_a_damaged_key_stops_it(filled: Engine) -> None:
    with filled.begin() as connection:
        connection.execute(tables.data_keys.update().values(wrapped=bytes(60)))
    with pytest.raises(StoreError, match="damaged"):
        rotate(sealed_with(filled, NEW, OLD))


def test_a_plain_record_is_told_as_such(engine: Engine) -> None:
    Writer(engine).append([a_call(1)])
    found = protection(engine)
    assert (found.encrypted, found.wrapped, found.sealed, found.plain) == (False, {}, 0, 1)


def test_a_record_that_cannot_be_reached_is_told(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE data_keys")
    for ask in (protection, lambda one: rotate(sealed_with(one, NEW))):
        with pytest.raises(StoreError, match="has not the tables"):
            ask(engine)
    engine.dispose()


ON_AND_ON = """
import sys
from audit.store import rewrapping
from audit.store.engine import open_engine
from tests.store.sealed import NEW, OLD, sealed_with
rewrapping.AT_ONCE = 2
engine = open_engine(sys.argv[1])
while True:
    for masters in ([NEW, OLD], [OLD, NEW]):
        rewrapping.rotate(sealed_with(engine, *masters), lambda done, of: print(done, flush=True))
"""


def test_who_is_killed_in_the_middle_leaves_everything_readable(filled: Engine) -> None:
    url = filled.url.render_as_string(hide_password=False)
    expected = {call.exchange.id: call.exchange for call in CALLS}
    for lots in (1, 2, 4):
        with subprocess.Popen([sys.executable, "-c", ON_AND_ON, url], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for _ in range(lots):
                assert process.stdout.readline()
            process.kill()
        assert process.returncode == -signal.SIGKILL
        assert read(sealed_with(filled, NEW, OLD)) == expected
    rotate(sealed_with(filled, NEW, OLD))
    assert read(sealed_with(filled, NEW)) == expected


def contents(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        found = [connection.execute(select(table)).all() for table in (tables.exchanges, tables.parts)]
        return [sorted(tuple(row) for row in rows) for rows in found]
