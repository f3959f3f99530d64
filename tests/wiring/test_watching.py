from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from audit import wiring
from audit.errors import StoreError
from audit.metrics.calls import CallCounts
from audit.proxy.plan import IssuedKey, Update
from audit.settings import Settings
from audit.wiring import watching
from audit.wiring.watching import KeyFeed, RecordFeed, Watch
from tests.metrics.exposed import exposed
from tests.store.samples import a_call
from tests.wired import patiently

KEY = IssuedKey(slot=3, digest="ab", name="ci")


@contextmanager
def started(watch: Watch) -> Iterator[Watch]:
    watch.start(20)
    try:
        yield watch
    finally:
        watch.stop()


def calls(counts: CallCounts) -> float:
    return sum(value for name, value in exposed(counts.families()).items() if name.startswith("audit_calls_total"))


def test_it_looks_again_and_again_until_it_is_stopped() -> None:
    looks: list[int] = []
    ended: list[str] = []
    watch = Watch(lambda: looks.append(1), ended=(lambda: ended.append(threading.current_thread().name),), every_s=0.01)
    with started(watch):
        assert looks, "the first look is waited for"
        patiently(lambda: len(looks) > 3)
        assert watch.note is None
    patiently(lambda: ended == ["audit-watch"])


def test_a_database_that_is_away_is_told_of_when_it_stays_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(watching, "PATIENCE_S", 0.1)
    away = threading.Event()
    away.set()

    def look() -> None:
        if away.is_set():
            raise StoreError("no route to host", permanent=False)

    with started(Watch(look, every_s=0.01)) as watch:
        assert watch.note is None, "it may only be slow to start"
        patiently(lambda: len(caplog.messages) == 1)
        assert watch.note == "the database has not answered for 0 s (no route to host); calls wait in the journal"
        away.clear()
        patiently(lambda: len(caplog.messages) == 2)
        assert watch.note is None
    assert caplog.messages[0] == "the database has not answered for 0 s (no route to host); calls wait in the journal"
    assert caplog.messages[1] == "the database answers again"


def test_a_database_that_hangs_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "PATIENCE_S", 0.05)
    answer = threading.Event()

    def look() -> None:
        answer.wait(20)

    watch = Watch(look, every_s=0.01)
    watch.start(0)
    patiently(lambda: watch.note == "the database has not answered for 0 s; calls wait in the journal")
    answer.set()
    patiently(lambda: watch.note is None)
    watch.stop()


def test_a_fault_of_ours_is_told_with_its_traceback_once_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    faults: list[Exception] = [ValueError("odd"), ValueError("odd"), KeyError("odder")]
    looks: list[Exception] = []

    def look() -> None:
        if len(looks) < len(faults):
            looks.append(faults[len(looks)])
            raise looks[-1]

    with started(Watch(look, every_s=0.01)):
        patiently(lambda: len(looks) == len(faults))
        patiently(lambda: len(caplog.records) == 2)
    assert {record.getMessage() for record in caplog.records} == {"the database cannot be looked at"}
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [ValueError, KeyError]


def test_workers_are_told_of_keys_only_when_these_have_changed() -> None:
    keys: list[IssuedKey] = []
    told: list[bytes] = []
    feed = KeyFeed(lambda: keys, told.append)
    assert msgspec.json.decode(feed.line, type=Update) == Update(keys=())
    feed.look()
    assert told == []
    keys.append(KEY)
    feed.look()
    feed.look()
    assert told == [feed.line]
    assert feed.line.endswith(b"\n")
    assert msgspec.json.decode(feed.line, type=Update) == Update(keys=(KEY,))


def test_keys_are_kept_when_they_cannot_be_looked_at() -> None:
    def away() -> list[IssuedKey]:
        raise StoreError("away", permanent=False)

    sources = iter([lambda: [KEY], away])
    feed = KeyFeed(lambda: next(sources)(), lambda _line: None)
    feed.look()
    with pytest.raises(StoreError):
        feed.look()
    assert b'"ci"' in feed.line


@pytest.mark.sqlite_only(reason="its file is not there yet, and is replaced")
def test_the_record_is_followed_before_it_is_there_and_when_it_is_replaced(tmp_path: Path) -> None:
    settings, counts = Settings(home=tmp_path), CallCounts()
    feed = RecordFeed(settings, counts)
    with pytest.raises(StoreError):
        feed.look()
    for numbers in ((1, 2), (3, 4, 5)):
        (tmp_path / "audit.db").unlink(missing_ok=True)
        store = wiring.open_store(settings)
        store.append([a_call(number) for number in numbers])
        feed.look()
        feed.look()
        store.close()
    assert calls(counts) == 5
    feed.close()


def test_one_that_was_never_there_is_closed_all_the_same(tmp_path: Path) -> None:
    RecordFeed(Settings(home=tmp_path), CallCounts()).close()
