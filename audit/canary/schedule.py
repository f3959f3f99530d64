"""Canaries at their slots: one tick a second looks for what is due. The only import of APScheduler.

Its own job store is not shared and holds one job: two schedulers on one job store run nearly every job twice, while
two on one database of checks claim each slot once (`Checks.claim`).
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor as TickExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from audit.canary.plan import Assignment
from audit.canary.slots import latest_slot

__all__ = ["MOST_AT_ONCE", "MOST_PER_PROVIDER", "Schedule"]

TICK_S = 1
MIND_EVERY_S = 5.0
MOST_AT_ONCE = 16
MOST_PER_PROVIDER = 4
"""One provider that hangs must neither keep the others waiting nor be met by a crowd when it comes back."""

_log = logging.getLogger("audit")
Key = tuple[str, str, str]


class Schedule:
    """Runs each assignment once a slot, as long as it is started.

    A slot is run as long as it is the latest one; slots that passed meanwhile, because nothing ran or too much did,
    are not made up for: they stay gaps, and nothing is known of them.
    """

    def __init__(
        self,
        assignments: Sequence[Assignment],
        run: Callable[[Assignment, datetime], object],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        pool: Executor | None = None,
    ) -> None:
        """Call `run`, which claims the slot, in the threads of `pool`."""
        self._assignments = assignments
        self._run = run
        self._clock = clock
        self._pool = pool or ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="audit-canary")
        self._begun: dict[Key, datetime] = {}
        self._running: dict[Key, Future[object]] = {}
        self._ending = threading.Event()
        self._minder: threading.Thread | None = None
        self._ticker = BackgroundScheduler(
            timezone=UTC,
            jobstores={"default": MemoryJobStore()},
            executors={"default": TickExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Begin to tick, in a thread of its own."""
        self._ticker.add_job(self.tick, "interval", seconds=TICK_S, id="tick", next_run_time=datetime.now(UTC))
        self._ticker.start()
        self._minder = threading.Thread(target=self._mind, name="audit-canary-clock", daemon=True)
        self._minder.start()

    def stop(self) -> None:
        """Begin nothing more, and wait until all that was begun has ended."""
        self._ending.set()
        if self._minder is not None:
            self._minder.join()
        if self._ticker.running:
            self._ticker.shutdown(wait=True)
        self._pool.shutdown(wait=True)
        self._reap()

    def tick(self) -> int:
        """Begin what is due, the longest overdue first, as far as there is room; return how many were begun.

        Not for several threads at once.
        """
        self._reap()
        begun = 0
        for slot_at, assignment in self._due(self._clock()):
            if self._has_room(assignment):
                self._begun[assignment.key] = slot_at
                self._running[assignment.key] = self._pool.submit(self._run, assignment, slot_at)
                begun += 1
        return begun

    def _mind(self) -> None:
        """Let the ticks go on when the clock is set back: they are planned by it, the next one far ahead then."""
        while not self._ending.wait(MIND_EVERY_S):
            job, now = self._ticker.get_job("tick"), datetime.now(UTC)
            if job is not None and job.next_run_time - now > timedelta(seconds=2 * TICK_S):
                self._ticker.modify_job("tick", next_run_time=now)

    def _due(self, now: datetime) -> list[tuple[datetime, Assignment]]:
        slots = [(latest_slot(assignment, now), assignment) for assignment in self._assignments]
        due = [(at, one) for at, one in slots if one.key not in self._running and self._begun.get(one.key) != at]
        return sorted(due, key=lambda pair: pair[0])

    def _has_room(self, assignment: Assignment) -> bool:
        by_provider = Counter(provider for _, provider, _ in self._running)
        return len(self._running) < MOST_AT_ONCE and by_provider[assignment.target.provider] < MOST_PER_PROVIDER

    def _reap(self) -> None:
        """Forget what has ended; a check that could not be stored is told in the log, its slot stays a gap."""
        for key in [key for key, future in self._running.items() if future.done()]:
            if (problem := self._running.pop(key).exception()) is not None:
                _log.error("a check of canary %s with %s at %s was lost: %s", key[0], key[2], key[1], problem)
