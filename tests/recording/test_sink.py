"""From the journal to the database."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

import pytest

from audit.errors import StoreError
from audit.recording import retrying
from audit.recording import sink as module
from audit.recording.frames import encode, encode_exchange
from audit.recording.journal import Journal, segments, writers
from audit.recording.pace import Pace
from audit.recording.sink import Sink
from tests.factories import an_exchange
from tests.recording.kept import Memory
from tests.wired import patiently

PATIENCE_S = 20.0
"""How long anything may take on a machine that is busy with other things."""


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def sink(journal: Journal, memory: Memory) -> Iterator[Sink]:
    sink = Sink(journal, lambda: memory)
    yield sink
    sink.close(PATIENCE_S)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "RETRY_S", (0.001,))


def write(journal: Journal, *numbers: int) -> None:
    for number in numbers:
        pieces = encode_exchange(
            an_exchange(id=UUID(int=number), started_at=datetime.now(UTC), url=f"https://host/{number}")
        )
        journal.append(pieces[:2])
        journal.append(pieces[2:])


def test_what_has_ended_is_stored_after_a_flush(journal: Journal, sink: Sink, memory: Memory) -> None:
    write(journal, *range(1, 50))
    assert sink.flush(PATIENCE_S) is True
    assert memory.urls == [f"https://host/{number}" for number in range(1, 50)]
    assert sink.flush(PATIENCE_S) is True


def test_what_has_ended_is_stored_without_a_flush(journal: Journal, memory: Memory) -> None:
    stored = threading.Event()
    memory.on_read = lambda _exchange: stored.set()
    sink = Sink(journal, lambda: memory)
    write(journal, 1)
    sink.wake()
    assert stored.wait(PATIENCE_S)
    sink.close(PATIENCE_S)
    assert memory.urls == ["https://host/1"]


def test_nothing_is_opened_before_something_has_ended(journal: Journal) -> None:
    sink = Sink(journal, _never)
    assert sink.close(PATIENCE_S) == (0, 0)


def test_a_flush_waits_for_what_had_ended_and_not_for_what_comes_after(journal: Journal, memory: Memory) -> None:
    """Or it would never return while calls keep coming."""
    sink = Sink(journal, lambda: memory, pace=Pace(full_batch=1))
    numbers = iter(range(2, 1_000_000))
    memory.on_read = lambda _exchange: write(journal, next(numbers))
    write(journal, 1)
    assert sink.flush(PATIENCE_S) is True
    memory.on_read = lambda _exchange: None
    sink.close(PATIENCE_S)


def test_closing_tells_up_to_where_all_is_stored(journal: Journal, sink: Sink, memory: Memory) -> None:
    write(journal, 1)
    sink.wake()
    assert sink.close(PATIENCE_S) == journal.end
    assert memory.closed


def test_closing_does_not_vouch_for_what_could_not_be_read(journal: Journal, sink: Sink, memory: Memory) -> None:
    journal.append(encode(b"?", {"id": "1"}))
    write(journal, 1)
    sink.wake()
    assert sink.close(PATIENCE_S) is None
    assert not journal.close(stored=None)
    assert segments(journal.folder, journal.name), "it is kept for whoever can read it"


def test_closing_does_not_vouch_for_calls_under_way(journal: Journal, sink: Sink) -> None:
    write(journal, 1)
    journal.append(encode_exchange(an_exchange(id=UUID(int=2)))[:2])
    sink.wake()
    assert sink.close(PATIENCE_S) is None


def test_a_database_out_of_reach_is_tried_again(
    journal: Journal, memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    refusals = iter([StoreError("down", permanent=False)] * 3)
    sink = Sink(journal, lambda: _opened(refusals, memory))
    memory.failures = [StoreError("down again", permanent=False)] * 3
    write(journal, 1, 2)
    assert sink.flush(PATIENCE_S) is True
    assert memory.urls == ["https://host/1", "https://host/2"]
    assert "calls wait in the journal: down again" in caplog.text
    sink.close(PATIENCE_S)


def test_a_database_that_can_never_be_used_ends_the_attempt_loudly(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    sink = Sink(journal, lambda: _opened(iter([StoreError("newer", permanent=True)]), Memory()))
    write(journal, 1)
    assert sink.flush(PATIENCE_S) is False
    assert sink.close(PATIENCE_S) == (0, 0)
    assert "calls stay in the journal" in caplog.text
    assert writers(journal.folder) == [journal.name]


def test_a_database_that_stays_out_of_reach_does_not_keep_the_process_from_ending(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrying, "RETRY_S", (PATIENCE_S,))
    tried = threading.Event()
    sink = Sink(journal, lambda: _refuse(tried))
    write(journal, 1)
    sink.wake()
    assert tried.wait(PATIENCE_S)
    assert sink.close(0.01) in (None, (0, 0))


def test_a_failure_of_any_other_kind_is_told_and_costs_nothing(
    journal: Journal, sink: Sink, memory: Memory, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([OSError("too many open files")])

    def settle(backlog: module.Backlog) -> None:
        for failure in failures:
            raise failure

    monkeypatch.setattr(module.Backlog, "settle", settle)
    write(journal, 1)
    assert sink.flush(PATIENCE_S) is True
    assert memory.urls == ["https://host/1"]
    assert "too many open files" in caplog.text


def test_what_dead_processes_have_left_is_brought_along(journal: Journal, sink: Sink, memory: Memory) -> None:
    dead = Journal(journal.folder)
    write(dead, 7)
    dead.close(stored=None)
    write(journal, 1)
    assert sink.flush(PATIENCE_S)
    assert memory.urls == ["https://host/7", "https://host/1"]


def test_the_dead_are_looked_for_again_and_again(
    journal: Journal, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ADOPT_EVERY_S", 0.001)
    adopted = threading.Event()
    memory.on_read = lambda exchange: adopted.set() if exchange.url.endswith("/7") else None
    sink = Sink(journal, lambda: memory)
    write(journal, 1)
    assert sink.flush(PATIENCE_S)
    dead = Journal(journal.folder)
    write(dead, 7)
    dead.close(stored=None)
    assert adopted.wait(PATIENCE_S)
    sink.close(PATIENCE_S)


def test_drained_segments_go(journal: Journal, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.recording.journal.WORTH_TURNING_BYTES", 0)
    write(journal, 1)
    assert sink.flush(PATIENCE_S)
    sink.close(PATIENCE_S)
    assert journal.end == (1, 0)
    Sink(journal, Memory).flush(PATIENCE_S)
    assert list(segments(journal.folder, journal.name)) == [1]


def test_what_must_be_written_before_a_drain_is(journal: Journal, memory: Memory) -> None:
    late: list[int] = [5]
    sink = Sink(journal, lambda: memory, before_drain=lambda: write(journal, *[late.pop() for _ in late]))
    write(journal, 1)
    assert sink.flush(PATIENCE_S)
    sink.close(PATIENCE_S)
    assert memory.urls == ["https://host/1", "https://host/5"]


class Watched(Pace):
    """Notes how long it would have rested, and does not."""

    rests: ClassVar[list[float]] = []

    def rest_s(self, *, worked_s: float, busy: float, behind_s: float) -> float:
        self.rests.append(super().rest_s(worked_s=worked_s, busy=busy, behind_s=behind_s))
        return 0.0


def test_it_rests_after_each_call_and_each_batch_while_others_are_under_way(journal: Journal, memory: Memory) -> None:
    Watched.rests.clear()
    sink = Sink(journal, lambda: memory, pace=Watched(quiet_after_s=0.001))
    journal.append(encode_exchange(an_exchange(id=UUID(int=9)))[:2])
    write(journal, 1, 2, 3)
    sink.wake()
    while len(memory.calls) < 3:
        threading.Event().wait(0.001)
    sink.close(PATIENCE_S)
    assert len(Watched.rests) == 4
    assert all(rest > 0 for rest in Watched.rests)


def test_when_nobody_is_disturbed_it_takes_many_at_a_time_and_does_not_rest(journal: Journal, memory: Memory) -> None:
    Watched.rests.clear()
    sink = Sink(journal, lambda: memory, pace=Watched(quiet_after_s=0.001, batch=2))
    write(journal, *range(1, 50))
    threading.Event().wait(0.01)
    sink.wake()
    while len(memory.calls) < 49:
        threading.Event().wait(0.001)
    sink.close(PATIENCE_S)
    assert (memory.batches, Watched.rests) == ([49], [])


def test_a_flush_does_not_wait_for_rests(journal: Journal, memory: Memory) -> None:
    Watched.rests.clear()
    sink = Sink(journal, lambda: memory, pace=Watched(quiet_after_s=PATIENCE_S, batch=2))
    write(journal, *range(1, 50))
    assert sink.flush(PATIENCE_S)
    sink.close(PATIENCE_S)
    assert len(Watched.rests) <= 1  # after the last batch nobody waits any more


class Sleepy(Pace):
    def rest_s(self, *, worked_s: float, busy: float, behind_s: float) -> float:
        return 10 * PATIENCE_S


def test_a_flush_ends_a_rest(journal: Journal, memory: Memory) -> None:
    first = threading.Event()
    memory.on_read = lambda _exchange: first.set()
    sink = Sink(journal, lambda: memory, pace=Sleepy())
    journal.append(encode_exchange(an_exchange(id=UUID(int=9)))[:2])
    write(journal, 1, 2, 3)
    sink.wake()
    assert first.wait(PATIENCE_S)
    assert sink.flush(PATIENCE_S)
    sink.close(PATIENCE_S)


def test_nothing_is_begun_after_the_close(journal: Journal) -> None:
    """A finalizer may hand in a call while the interpreter ends, when a thread that is begun never comes to life."""
    sink = Sink(journal, _never)
    sink.close(PATIENCE_S)
    before = threading.active_count()
    sink.wake()
    assert threading.active_count() == before


def test_nothing_is_begun_while_the_interpreter_ends(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "is_finalizing", lambda: True)
    before = threading.active_count()
    Sink(journal, _never).wake()
    assert threading.active_count() == before


def test_a_fork_waits_until_the_thread_has_imported_what_it_needs(
    journal: Journal, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child with half a module in it could never import the other half."""
    monkeypatch.setattr(module, "FORK_WAIT_S", PATIENCE_S)
    opening, opened, read = threading.Event(), threading.Event(), threading.Event()
    memory.on_read = lambda _exchange: read.set()

    def open_slowly() -> Memory:
        opening.set()
        opened.wait(PATIENCE_S)
        return memory

    sink = Sink(journal, open_slowly)
    write(journal, 1)
    sink.wake()
    assert opening.wait(PATIENCE_S)
    forking = threading.Thread(target=sink.prepare_for_fork)
    forking.start()
    forking.join(0.05)
    assert forking.is_alive()
    opened.set()
    forking.join(PATIENCE_S)
    assert read.is_set()
    sink.close(PATIENCE_S)


def test_a_fork_does_not_wait_for_a_database_out_of_reach(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FORK_WAIT_S", PATIENCE_S)
    tried = threading.Event()
    sink = Sink(journal, lambda: _refuse(tried))
    sink.prepare_for_fork()
    write(journal, 1)
    sink.wake()
    assert tried.wait(PATIENCE_S)
    began = module.time.monotonic()
    sink.prepare_for_fork()
    assert module.time.monotonic() - began < PATIENCE_S
    sink.close(0)


def test_a_system_out_of_threads_costs_no_call(
    journal: Journal, memory: Memory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sink = Sink(journal, lambda: memory)
    with monkeypatch.context() as broken:
        broken.setattr(threading.Thread, "start", _no_thread)
        write(journal, 1)
        sink.wake()
        assert "can't start new thread" in caplog.text
    assert sink.flush(PATIENCE_S) is True
    sink.close(PATIENCE_S)


def test_waking_may_interrupt_itself(journal: Journal, memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A finalizer runs wherever memory is allocated, also while the same thread starts the writer."""
    sink = Sink(journal, lambda: memory)
    start = threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        sink.wake()
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    write(journal, 1)
    sink.wake()
    assert sink.flush(PATIENCE_S)
    sink.close(PATIENCE_S)


def _opened(refusals: Iterator[Exception], memory: Memory) -> Memory:
    for refusal in refusals:
        raise refusal
    return memory


def _refuse(tried: threading.Event) -> Memory:
    tried.set()
    raise StoreError("down", permanent=False)


def _never() -> Memory:
    raise AssertionError("nothing has ended")


def _no_thread(_thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_what_is_left_for_later_is_done_when_all_is_stored(journal: Journal, sink: Sink, memory: Memory) -> None:
    memory.left = 3
    write(journal, 1)
    assert sink.flush(PATIENCE_S)
    patiently(lambda: memory.left == 0)
    memory.left = 3
    write(journal, 2)
    assert sink.flush(PATIENCE_S)
    patiently(lambda: memory.left == 0)


def test_what_has_ended_meanwhile_comes_before_what_was_left_for_later(
    journal: Journal, sink: Sink, memory: Memory
) -> None:
    left_then: list[int] = []
    write(journal, 1)
    assert sink.flush(PATIENCE_S)
    memory.on_read = lambda _exchange: left_then.append(memory.left)
    memory.on_catching_up = lambda: (write(journal, 3), sink.wake()) if memory.left == 50 else None
    memory.left = 50
    write(journal, 2)
    sink.wake()
    patiently(lambda: memory.left == 0)
    assert left_then == [50, 49]
