from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from audit.call import Exchange, Tags
from audit.canary import schedule as schedule_module
from audit.canary.plan import Assignment
from audit.canary.prompt import Request
from audit.canary.run import Runner
from audit.canary.schedule import MOST_AT_ONCE, MOST_PER_PROVIDER, Schedule
from audit.canary.slots import latest_slot
from audit.errors import StoreError
from audit.interpret import Interpreter
from audit.store.checks import Checks
from audit.store.engine import open_engine
from audit.store.tables import checks as checks_table
from tests.canary.canaries import NOON, an_assignment
from tests.databases import KINDS, a_database
from tests.factories import an_exchange

EVERY = timedelta(minutes=5)


class Pool(Executor):
    """Holds what it is given until the test lets it run."""

    def __init__(self) -> None:
        self.held: list[tuple[Future[Any], Callable[[], Any]]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.held.append((future, lambda: fn(*args, **kwargs)))
        return future

    def work(self, most: int | None = None) -> None:
        now, self.held = self.held[:most], self.held[most:] if most is not None else []
        for future, task in now:
            try:
                future.set_result(task())
            except StoreError as exc:
                future.set_exception(exc)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.work()


class Clock:
    """A time that moves when it is told to."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


class Bench:
    """A schedule with everything it needs in the test's hands."""

    def __init__(self, *assignments: Assignment, run: Callable[[Assignment, datetime], object] | None = None) -> None:
        self.ran: list[tuple[str, datetime]] = []
        self.clock, self.pool = Clock(), Pool()
        self.schedule = Schedule(assignments, run or self._note, clock=self.clock, pool=self.pool)

    def _note(self, assignment: Assignment, slot_at: datetime) -> None:
        self.ran.append((assignment.target.model, slot_at))

    def tick(self, **later: float) -> int:
        """Move the clock, tick, and let run what was begun; return how much that was."""
        self.clock.now += timedelta(**later)
        begun = self.schedule.tick()
        self.pool.work()
        return begun


def test_a_slot_is_run_once() -> None:
    one = an_assignment()
    bench = Bench(one)
    assert [bench.tick() for _ in range(3)] == [1, 0, 0]
    assert bench.ran == [("claude-opus-5", latest_slot(one, NOON))]


def test_each_slot_is_run_when_it_comes() -> None:
    one = an_assignment()
    bench = Bench(one)
    bench.tick()
    begun = [bench.tick(seconds=1) for _ in range(900)]
    assert sum(begun) == 3
    first = latest_slot(one, NOON)
    assert [slot_at for _, slot_at in bench.ran] == [first + EVERY * number for number in range(4)]
    assert begun.index(1) == ((first + EVERY) - NOON).total_seconds() - 1


def test_slots_that_were_missed_are_not_made_up_for() -> None:
    one = an_assignment()
    bench = Bench(one)
    bench.tick()
    assert [bench.tick(hours=3), bench.tick()] == [1, 0]
    assert bench.ran[1][1] == latest_slot(one, bench.clock.now)


def test_nothing_is_run_twice_at_once() -> None:
    bench = Bench(an_assignment())
    assert bench.schedule.tick() == 1
    bench.clock.now += EVERY
    assert bench.schedule.tick() == 0
    bench.pool.work()
    assert bench.tick() == 1
    assert bench.ran[1][1] - bench.ran[0][1] == EVERY


def test_one_provider_takes_only_its_share() -> None:
    slow = [an_assignment(provider="slow", model=f"slow-{number}") for number in range(10)]
    bench = Bench(*slow, an_assignment(provider="quick", model="quick"))
    assert bench.schedule.tick() == MOST_PER_PROVIDER + 1
    assert bench.schedule.tick() == 0
    bench.pool.work(most=1)
    assert bench.schedule.tick() == 1


def test_only_so_many_are_run_at_once() -> None:
    bench = Bench(*(an_assignment(provider=str(number)) for number in range(30)))
    assert bench.schedule.tick() == MOST_AT_ONCE
    bench.pool.work()
    assert bench.schedule.tick() == 30 - MOST_AT_ONCE


def test_the_longest_overdue_goes_first() -> None:
    many = [an_assignment(model=f"model-{number}") for number in range(20)]
    bench = Bench(*many)
    while bench.tick():
        pass
    slots = [slot_at for _, slot_at in bench.ran]
    assert len(slots) == 20
    assert slots == sorted(slots)


def test_a_check_that_is_lost_is_told_and_its_slot_stays_a_gap(caplog: pytest.LogCaptureFixture) -> None:
    def lose(assignment: Assignment, slot_at: datetime) -> None:
        raise StoreError("the database is gone", permanent=False)

    bench = Bench(an_assignment(), run=lose)
    assert [bench.tick(), bench.tick(), bench.tick(minutes=5)] == [1, 0, 1]
    assert caplog.record_tuples == [
        (
            "audit",
            logging.ERROR,
            "a check of canary hello with claude-opus-5 at anthropic was lost: the database is gone",
        )
    ]


def test_stopping_waits_for_what_was_begun() -> None:
    bench = Bench(an_assignment())
    bench.schedule.tick()
    assert bench.ran == []
    bench.schedule.stop()
    assert len(bench.ran) == 1


def test_it_ticks_by_itself_and_drains_when_stopped() -> None:
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def run(assignment: Assignment, slot_at: datetime) -> None:
        begun.set()
        assert go_on.wait(timeout=30)
        ended.set()

    schedule = Schedule([an_assignment(every_s=3600)], run)
    schedule.start()
    assert begun.wait(timeout=30)
    stopping = threading.Thread(target=schedule.stop)
    stopping.start()
    assert not ended.is_set()
    go_on.set()
    stopping.join(timeout=30)
    assert (stopping.is_alive(), ended.is_set()) == (False, True)


def test_it_ticks_on_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next tick is planned by the clock then, more than a year ahead."""
    monkeypatch.setattr(schedule_module, "MIND_EVERY_S", 0.01)
    clock, ran = Clock(), threading.Semaphore(0)
    schedule = Schedule([an_assignment()], lambda _assignment, _slot_at: ran.release(), clock=clock)
    schedule.start()
    assert ran.acquire(timeout=30)
    far = datetime.now(UTC) + timedelta(days=400)
    schedule._ticker.modify_job("tick", next_run_time=far)
    clock.now -= timedelta(days=400)
    assert ran.acquire(timeout=30)
    looked, look = threading.Semaphore(0), schedule._ticker.get_job
    monkeypatch.setattr(schedule._ticker, "get_job", lambda name: looked.release() or look(name))
    assert [looked.acquire(timeout=30) for _ in range(3)] == [True] * 3  # and finds nothing to be done
    schedule.stop()


@pytest.mark.parametrize("kind", KINDS)
def test_two_schedulers_on_one_database_run_each_slot_once(kind: str, tmp_path: Path) -> None:
    assignments = [an_assignment(model=f"model-{number}", provider=f"provider-{number % 7}") for number in range(20)]
    asked: list[str] = []
    together = threading.Barrier(2)

    def ask(request: Request, *, tags: Tags, timeout_s: float) -> Exchange:
        asked.append(request.url)
        return an_exchange(response_body=b"{}", duration_us=1)

    def work(url: str) -> None:
        """Tick along for three slots, as a process of its own would."""
        engine, clock, pool = open_engine(url), Clock(), Pool()
        interpret = Interpreter(pricing=lambda _reading, _exchange: None)
        runner = Runner(
            assignments, ask=ask, interpret=interpret, checks=Checks(engine), environ={}, by="x", clock=clock
        )
        schedule = Schedule(assignments, runner.run, clock=clock, pool=pool)
        for _ in range(3):
            together.wait(timeout=60)
            while schedule.tick():
                pool.work()
            clock.now += EVERY
        engine.dispose()

    with a_database(kind, tmp_path) as url, ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(work, url) for _ in range(2)]:
            done.result(timeout=120)
        engine = open_engine(url)
        with engine.connect() as connection:
            rows = connection.execute(select(checks_table)).all()
        engine.dispose()
    assert len(asked) == len(rows) == 60
    assert set(Counter((row.model, row.slot_at) for row in rows).values()) == {1}
    assert all(row.verdict for row in rows)
