"""All journals of a folder into the database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from audit.call import Ending
from audit.errors import AuditError, JournalError, StoreError
from audit.recording import collector as module
from audit.recording import retrying
from audit.recording.backlog import Backlog
from audit.recording.collector import Collector
from audit.recording.drain import Drain
from audit.recording.frames import LOSS, encode, encode_exchange
from audit.recording.identity import is_left
from audit.recording.journal import Journal, segments, writers
from tests.factories import an_exchange
from tests.recording.kept import Memory, a_recorder, ask, begin
from tests.wired import patiently

PATIENCE_S = 20.0
AWAY = StoreError("away", permanent=False)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.005)
    monkeypatch.setattr(module, "LOOK_FOR_DEAD_S", 0.005)
    monkeypatch.setattr(module, "LOCK_WAIT_S", 0.02)
    monkeypatch.setattr(retrying, "RETRY_S", (0.001,))


@pytest.fixture
def memory() -> Memory:
    return Memory()


def pieces_of(number: int) -> list[bytes]:
    return encode_exchange(an_exchange(id=UUID(int=number), url=f"https://host/{number}"))


def write(journal: Journal, *numbers: int, whole: bool = True) -> None:
    for number in numbers:
        pieces = pieces_of(number)
        journal.append(pieces[:2])
        if whole:
            journal.append(pieces[2:])


def a_loss(count: int) -> list[bytes]:
    return encode(LOSS, {"id": UUID(int=count).hex, "at": 0, "count": count, "reason": "full"})


@contextmanager
def running(folder: Path, memory: Memory, opened: Callable[[], Any] | None = None) -> Iterator[Collector]:
    """A collector at work in a thread; what it raises is raised here."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            collector.run()
        except BaseException as exc:  # noqa: BLE001
            raised.append(exc)

    with Collector(folder, opened or (lambda: memory)) as collector:
        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield collector
        finally:
            collector.stop()
            thread.join(PATIENCE_S)
        assert not thread.is_alive()
    if raised:
        raise raised[0]


def test_what_the_living_leave_to_it_is_stored_while_they_live(tmp_path: Path, memory: Memory) -> None:
    one, other = a_recorder(tmp_path), a_recorder(tmp_path)
    with running(tmp_path, memory) as collector:
        ask(one, b"first")
        under_way = begin(other, b"under way")
        patiently(lambda: len(memory.calls) == 1)
        ask(other, b"second")
        patiently(lambda: len(memory.calls) == 2)
        assert under_way is not None
        under_way.finish(Ending.EOF)
        patiently(lambda: collector.progress.stored == 3)
        patiently(lambda: collector.progress.depth_bytes == 0)
        assert collector.progress == module.Collected(stored=3, lost=0, depth_bytes=0, oldest_s=0.0, journals=2)
    assert sorted(exchange.request_body for exchange in memory.exchanges) == [b"first", b"second", b"under way"]
    assert memory.closed
    assert not (tmp_path / "collecting").exists()


def test_what_the_living_drain_themselves_is_left_to_them(tmp_path: Path, memory: Memory) -> None:
    theirs, journal = Memory(), Journal(tmp_path)
    recorder = a_recorder(tmp_path, theirs)
    write(journal, 1)
    with Collector(tmp_path, lambda: memory) as collector:
        collector.drain()
        assert collector.progress.journals == 0
    ask(recorder)
    recorder.close(PATIENCE_S)
    assert (len(theirs.calls), memory.calls) == (1, {})


def test_a_recorders_journal_says_to_whom_it_is_left(tmp_path: Path) -> None:
    a_recorder(tmp_path / "left")
    a_recorder(tmp_path / "kept", Memory())
    assert [is_left(name) for name in writers(tmp_path / "left") + writers(tmp_path / "kept")] == [True, False]


def test_where_more_waits_than_fits_into_a_batch_it_goes_on_at_once(
    tmp_path: Path, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FULL_BATCH", 2)
    monkeypatch.setattr(module, "LOOK_EVERY_S", 10 * PATIENCE_S)
    write(Journal(tmp_path, left=True), *range(1, 10))
    with running(tmp_path, memory):
        patiently(lambda: len(memory.calls) == 9)
    assert memory.batches == [2, 2, 2, 2, 1]


def test_segments_that_are_stored_go_while_their_writer_lives(
    tmp_path: Path, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.recording.journal.SEGMENT_BYTES", 1)
    journal = Journal(tmp_path, left=True)
    with running(tmp_path, memory):
        write(journal, 1, 2, 3)
        patiently(lambda: list(segments(tmp_path, journal.name)) == [5])
    assert len(memory.calls) == 3


@pytest.mark.parametrize("left", [True, False])
def test_what_the_dead_have_left_is_stored_and_cleared_away(tmp_path: Path, memory: Memory, left: bool) -> None:
    journal = Journal(tmp_path, left=left)
    write(journal, 1)
    write(journal, 2, whole=False)
    journal.append(a_loss(3))
    journal.close(stored=None)
    with Collector(tmp_path, lambda: memory) as collector:
        collector.drain()
        assert (collector.progress.stored, collector.progress.lost, collector.progress.journals) == (2, 3, 0)
    assert [exchange.ending for exchange in memory.exchanges] == [Ending.EOF, Ending.UNKNOWN]
    assert [loss.count for loss in memory.losses] == [3]
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_dies_while_it_is_drained_leaves_each_call_once_and_no_file(
    tmp_path: Path, memory: Memory
) -> None:
    journal = Journal(tmp_path, left=True)
    with running(tmp_path, memory) as collector:
        write(journal, 1)
        write(journal, 2, whole=False)
        patiently(lambda: len(memory.calls) == 1)
        journal.close(stored=None)
        patiently(lambda: not writers(tmp_path))
        assert collector.progress.stored == 2
    assert [exchange.ending for exchange in memory.exchanges] == [Ending.EOF, Ending.UNKNOWN]
    assert memory.batches == [1, 1]
    assert list(tmp_path.iterdir()) == []


def test_a_journal_that_somebody_else_takes_over_is_forgotten(tmp_path: Path, memory: Memory) -> None:
    journal = Journal(tmp_path, left=True)
    with Collector(tmp_path, lambda: memory) as collector:
        collector.drain()
        assert collector.progress.journals == 1
        journal.close(stored=journal.end)
        collector.drain()
        assert collector.progress.journals == 0


def test_one_collector_at_a_time_serves_a_folder(tmp_path: Path, memory: Memory) -> None:
    with Collector(tmp_path, lambda: memory):
        with pytest.raises(AuditError, match="another collector is at work"), Collector(tmp_path, lambda: memory):
            pass
        assert writers(tmp_path) == []
    with Collector(tmp_path, lambda: memory):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_collector_that_ends_is_waited_for(tmp_path: Path, memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOCK_WAIT_S", PATIENCE_S)
    tried, take = threading.Event(), module.WriterLock.take

    def taking(path: Path) -> Any:
        lock = take(path)
        if lock is None:
            tried.set()
        return lock

    monkeypatch.setattr(module.WriterLock, "take", taking)
    first = Collector(tmp_path, lambda: memory).__enter__()
    ending = threading.Thread(target=lambda: (tried.wait(PATIENCE_S), first.__exit__()))
    ending.start()
    with Collector(tmp_path, lambda: memory):
        ending.join(PATIENCE_S)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, memory: Memory) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match="cannot use the journal in"), Collector(tmp_path / "file", lambda: memory):
        pass


def test_a_database_that_is_away_is_waited_for_while_what_waits_is_told(
    tmp_path: Path, memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    here, journal = threading.Event(), Journal(tmp_path, left=True)

    def opened() -> Memory:
        if not here.is_set():
            raise AWAY
        return memory

    with running(tmp_path, memory, opened) as collector:
        journal.append(pieces_of(1))  # at once: of a call that is begun and not ended nothing waits to be stored
        patiently(lambda: collector.progress.oldest_s > 0)
        later = Journal(tmp_path, left=True)
        later.append(pieces_of(2))
        patiently(lambda: collector.progress.journals == 2)
        patiently(lambda: collector.progress.depth_bytes == journal.end[1] + later.end[1])  # found first, then read
        assert collector.progress.stored == 0
        here.set()
        patiently(lambda: collector.progress.stored == 2)
    assert "calls wait in the journal: away" in caplog.text


def test_a_database_that_goes_away_costs_nothing(tmp_path: Path, memory: Memory) -> None:
    journal = Journal(tmp_path, left=True)
    with running(tmp_path, memory) as collector:
        memory.failures = [AWAY] * 3
        write(journal, 1, 2)
        patiently(lambda: collector.progress.stored == 2)
    assert sorted(memory.urls) == ["https://host/1", "https://host/2"]


def test_a_database_that_can_never_be_used_ends_it(tmp_path: Path, memory: Memory) -> None:
    def newer() -> Memory:
        raise StoreError("newer", permanent=True)

    with pytest.raises(StoreError, match="newer"), running(tmp_path, memory, newer):
        pass


def test_told_to_end_it_stores_what_is_there_first(tmp_path: Path, memory: Memory) -> None:
    journal = Journal(tmp_path, left=True)
    with Collector(tmp_path, lambda: memory) as collector:
        write(journal, *range(1, 700))
        collector.stop()
        collector.run()
    assert len(memory.calls) == 699
    assert max(memory.batches) == module.FULL_BATCH


def test_told_to_end_while_the_database_is_away_it_says_so_and_leaves_the_journal(
    tmp_path: Path, memory: Memory
) -> None:
    journal, tried = Journal(tmp_path, left=True), threading.Event()
    write(journal, 1)

    def away() -> Memory:
        tried.set()
        raise AWAY

    with pytest.raises(StoreError, match="away"), running(tmp_path, memory, away):
        assert tried.wait(PATIENCE_S)
    assert len(Backlog(tmp_path, journal.name).take(10).exchanges) == 1


def test_a_database_that_is_away_is_nobodys_trouble_when_nothing_waits_for_it(tmp_path: Path, memory: Memory) -> None:
    def away() -> Memory:
        raise AWAY

    with running(tmp_path, memory, away):
        pass


def test_draining_what_is_there_does_not_wait_for_what_comes_meanwhile(
    tmp_path: Path, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or it would never end while calls keep coming."""
    monkeypatch.setattr(module, "FULL_BATCH", 1)
    journal, numbers = Journal(tmp_path, left=True), iter(range(2, 1_000_000))
    memory.on_read = lambda _exchange: write(journal, next(numbers))
    write(journal, 1)
    with Collector(tmp_path, lambda: memory) as collector:
        collector.drain()
    assert memory.urls == ["https://host/1"]


def test_what_a_collector_before_has_stored_is_not_stored_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path, left=True)
    write(journal, 1)
    journal.append(a_loss(3))
    counts = []
    for number in (2, 3):
        memory = Memory()
        with Collector(tmp_path, lambda memory=memory: memory) as collector:  # type: ignore[misc]
            collector.drain()
            counts.append((collector.progress.stored, collector.progress.lost))
        write(journal, number)
    assert counts == [(1, 3), (1, 0)]


@pytest.mark.parametrize("method", ["look", "store", "inherit"])
def test_a_journal_with_a_trouble_of_its_own_does_not_hinder_the_others(
    tmp_path: Path, memory: Memory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    """Dead ones, that it may have been taken over already."""
    bad, good = Journal(tmp_path, left=True), Journal(tmp_path, left=True)
    for number, journal in ((1, bad), (2, good)):
        write(journal, number)
        journal.close(stored=None)
    sound = getattr(Drain, method)

    def broken(drain: Drain, *arguments: Any) -> Any:
        if drain.name == bad.name:
            raise OSError("unreadable")
        return sound(drain, *arguments)

    with Collector(tmp_path, lambda: memory) as collector:
        with monkeypatch.context() as trouble:
            trouble.setattr(Drain, method, broken)
            collector.drain()
            collector.drain()
        assert caplog.text.count("cannot be drained") == 1
        assert memory.urls == ["https://host/2"]
        monkeypatch.setattr(module, "AWAY_S", 0.0)
        collector._away.clear()
        collector.drain()
    assert sorted(memory.urls) == ["https://host/1", "https://host/2"]
    assert list(tmp_path.iterdir()) == []


def test_what_is_taken_over_and_not_done_is_left_to_the_next(tmp_path: Path, memory: Memory) -> None:
    journal = Journal(tmp_path, left=True)
    write(journal, 1)
    journal.close(stored=None)
    memory.failures = [AWAY]
    with pytest.raises(StoreError), Collector(tmp_path, lambda: memory) as collector:
        collector.drain()
    with Collector(tmp_path, lambda: memory) as collector:
        collector.drain()
    assert len(memory.calls) == 1
    assert list(tmp_path.iterdir()) == []


def test_what_is_left_for_later_is_done_when_nothing_is_to_be_stored(tmp_path: Path, memory: Memory) -> None:
    memory.left = 3
    ask(a_recorder(tmp_path))
    with running(tmp_path, memory):
        patiently(lambda: len(memory.calls) == 1 and memory.left == 0)


@pytest.mark.parametrize(("latest_s", "left"), [(60.0, 100), (0.0, 96)])
def test_who_has_much_to_store_leaves_it_for_so_long(
    tmp_path: Path, memory: Memory, monkeypatch: pytest.MonkeyPatch, latest_s: float, left: int
) -> None:
    monkeypatch.setattr(module, "FULL_BATCH", 1)
    monkeypatch.setattr(module, "LATEST_S", latest_s)
    memory.left = 100
    journal = Journal(tmp_path, left=True)
    write(journal, 1, 2, 3, 4)
    seen: list[int] = []

    def counted(_exchange: Any) -> None:
        seen.append(memory.left)
        if len(seen) < 5:
            write(journal, len(seen) + 4)

    memory.on_read = counted
    with running(tmp_path, memory):
        patiently(lambda: memory.left == 0)
    assert seen[4] == left


def test_what_is_stored_once_is_done_to_the_end(tmp_path: Path, memory: Memory) -> None:
    ask(a_recorder(tmp_path))
    memory.left = 5
    with Collector(tmp_path, lambda: memory) as collector:
        collector.drain()
    assert (len(memory.calls), memory.left) == (1, 0)
