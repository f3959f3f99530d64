"""From the journal to the database: one thread, in batches, giving way to the caller's own threads."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue
from typing import TypeVar

from audit.call import Call, Exchange
from audit.errors import StoreError
from audit.recording.adoption import adopt
from audit.recording.backlog import Backlog
from audit.recording.destination import Destination
from audit.recording.drain import store
from audit.recording.journal import Journal, Position, note_stored
from audit.recording.pace import Load, Pace
from audit.recording.retrying import Ended, until_done

__all__ = ["Sink"]

T = TypeVar("T")
ADOPT_EVERY_S = 60.0
"""How often to look for journals that other processes have left by dying."""
FORK_WAIT_S = 5.0
_BEGINNING: Position = (0, 0)
_log = logging.getLogger("audit")


class Sink:
    """Drains a journal while it is written, and what dead processes left beside it."""

    def __init__(
        self,
        journal: Journal,
        destination: Callable[[], Destination],
        *,
        before_drain: Callable[[], None] = lambda: None,
        pace: Pace | None = None,
    ) -> None:
        self._journal = journal
        self._open = destination
        self._before_drain = before_drain
        self._pace = pace or Pace()
        self._backlog = Backlog(journal.folder, journal.name)
        self._wakes: SimpleQueue[None] = SimpleQueue()  # its put() may interrupt itself, as finalizers do
        self._awake = False
        self._closing = threading.Event()
        self._progress = threading.Condition()
        self._stored = self._wanted = _BEGINNING
        self._behind_s = 0.0
        self._seen = (time.monotonic(), _BEGINNING)
        self._load = Load()
        self._busy = 0.0
        self._thread: threading.Thread | None = None
        self._ended = False
        self._starting = threading.Lock()
        self._imported = threading.Event()
        self._imported.set()

    def wake(self) -> None:
        """Say that something has ended. Cheap: called for every exchange."""
        if not self._awake:
            self._awake = True
            self._wakes.put(None)
        if self._thread is None and not self._closing.is_set():
            self._start()

    def flush(self, timeout_s: float) -> bool:
        """Drain without giving way; return whether all that had ended is in the database."""
        end = self._journal.end
        with self._progress:
            self._wanted = max(self._wanted, end)
        self.wake()
        with self._progress:
            self._progress.wait_for(lambda: self._stored >= end or self._ended, timeout_s)
            return self._stored >= end

    def prepare_for_fork(self) -> None:
        """Wait, though not for long, until the thread imports nothing.

        A child would have the halves of modules, and their locks taken for ever.
        """
        self._imported.wait(FORK_WAIT_S)

    def close(self, timeout_s: float) -> Position | None:
        """End the thread; return up to where all is in the database.

        None while calls are under way, and when some of it could not be read: it must not be cleared away.
        """
        if self._thread is not None:
            self.flush(timeout_s)
        self._closing.set()
        self._wakes.put(None)
        if self._thread is not None:
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                return None
        done = self._backlog.is_understood and not self._backlog.under_way
        return self._stored if done else None

    def _start(self) -> None:
        # A thread begun while the interpreter ends never says that it has begun, and would be waited for without end.
        # The lock is not waited for: a finalizer may have interrupted this very thread in here.
        if not sys.is_finalizing() and self._starting.acquire(blocking=False):
            try:
                if self._thread is None:
                    self._imported.clear()
                    thread = threading.Thread(target=self._run, name="audit-writer", daemon=True)
                    thread.start()
                    self._thread = thread
            except RuntimeError as exc:  # no more threads, or none any more: the process is ending
                self._imported.set()
                _log.error("calls stay in the journal %s: %s", self._journal.folder, exc)
            finally:
                self._starting.release()

    def _run(self) -> None:
        try:
            destination = self._until_done(self._open)
            while not self._closing.is_set():
                self._until_done(lambda: adopt(self._journal.folder, destination))
                self._catch_up(destination)
                self._drain_on_demand(destination, until=time.monotonic() + ADOPT_EVERY_S)
            destination.close()
        except StoreError as exc:
            _log.error("calls stay in the journal %s: %s", self._journal.folder, exc)
        except Ended:
            pass  # what is not drained, the next process to start finds
        finally:
            self._imported.set()
            with self._progress:
                self._ended = True
                self._progress.notify_all()

    def _drain_on_demand(self, destination: Destination, until: float) -> None:
        while not self._closing.is_set() and (remaining := until - time.monotonic()) > 0:
            try:
                self._wakes.get(timeout=remaining)
            except Empty:
                return
            self._load.lap()
            if not self._hurried:
                self._closing.wait(self._pace.quiet_after_s)  # the caller has the reply now: let it work with it
            self._awake = False
            self._until_done(lambda: self._drain(destination))
            self._catch_up(destination)

    def _drain(self, destination: Destination) -> None:
        self._before_drain()
        _, self._busy = self._load.lap()
        try:
            while not self._closing.is_set() and (batch := self._backlog.take(self._most)):
                self._behind_s = self._lag_s()
                calls = [self._read(destination, exchange) for exchange in batch.exchanges]
                self._until_done(partial(store, calls, batch, destination, self._journal.folder))
                self._settle()
                self._give_way()
            self._settle()
        except Exception:  # whichever it is, it is handed on to whoever tries again
            self._backlog = Backlog(self._journal.folder, self._journal.name)  # what was taken is not stored
            self._stored = self._backlog.position
            raise
        if not self._backlog.under_way:
            self._journal.turn_if_large()

    def _catch_up(self, destination: Destination) -> None:
        while not self._closing.is_set() and destination.catch_up():
            if self._backlog.has_grown:
                return
            self._give_way()

    def _lag_s(self) -> float:
        """Return for how long something has waited at least, by a clock that nobody sets."""
        now, (seen_at, end) = time.monotonic(), self._seen
        if self._stored >= end:
            self._seen = (now, self._journal.end)
            return 0.0
        return now - seen_at

    def _settle(self) -> None:
        position = self._backlog.position
        if position > self._stored and self._backlog.is_understood:  # for who asks how much waits, or takes it over
            note_stored(self._journal.folder, self._journal.name, position)
        self._backlog.settle()
        with self._progress:
            self._stored = max(self._stored, position)
            self._progress.notify_all()

    def _read(self, destination: Destination, exchange: Exchange) -> Call:
        call = destination.read(exchange)
        self._imported.set()  # opening the database has imported its half, and the first reading the other
        self._give_way()
        return call

    def _give_way(self) -> None:
        worked_s, _ = self._load.lap()
        if self._is_alone():
            return
        until = time.monotonic() + self._pace.rest_s(worked_s=worked_s, busy=self._busy, behind_s=self._behind_s)
        while not (self._is_alone() or self._closing.is_set()) and (remaining := until - time.monotonic()) > 0:
            self._closing.wait(min(remaining, self._pace.quiet_after_s))
        _, self._busy = self._load.lap()  # how busy the others are shows while this thread rests

    @property
    def _most(self) -> int:
        return self._pace.full_batch if self._is_alone() else self._pace.batch

    def _is_alone(self) -> bool:
        """Whether nobody can be disturbed, or somebody waits for the writer."""
        quiet = time.monotonic() - self._journal.appended_at >= self._pace.quiet_after_s
        return self._hurried or (quiet and not self._backlog.under_way)

    @property
    def _hurried(self) -> bool:
        """Whether somebody waits for the end of what was in the journal when he asked."""
        return self._stored < self._wanted

    def _until_done(self, act: Callable[[], T]) -> T:
        return until_done(act, self._closing, on_wait=self._imported.set)
