"""From the journal to the database: one thread, in batches, giving way to the caller's own threads."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from itertools import chain, repeat
from typing import TypeVar

from audit.call import Call
from audit.errors import StoreError
from audit.recording.adoption import adopt, store
from audit.recording.backlog import Backlog, Batch
from audit.recording.destination import Destination
from audit.recording.journal import Journal
from audit.recording.pace import Pace

__all__ = ["Sink"]

T = TypeVar("T")
ADOPT_EVERY_S = 60.0
"""How often to look for journals that other processes have left by dying."""
_RETRY_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_log = logging.getLogger("audit")


class Sink:
    """Drains a journal while it is written, and what dead processes left beside it."""

    def __init__(self, journal: Journal, destination: Callable[[], Destination], pace: Pace | None = None) -> None:
        self._journal = journal
        self._open = destination
        self._pace = pace or Pace()
        self._backlog = Backlog(journal.folder, journal.name)
        self._wanted = threading.Event()
        self._closing = threading.Event()
        self._hurry = threading.Event()
        self._drained = threading.Condition()
        self._drained_at = time.monotonic()
        self._thread: threading.Thread | None = None
        self._guard = threading.Lock()

    def wake(self) -> None:
        """Say that something has ended. Cheap: called for every exchange."""
        if not self._wanted.is_set():
            self._wanted.set()
        if self._thread is None:
            self._start()

    def flush(self, timeout_s: float) -> bool:
        """Drain without giving way; return whether all that had ended is in the database."""
        asked_at = time.monotonic()
        self._hurry.set()
        self.wake()
        with self._drained:
            return self._drained.wait_for(lambda: self._drained_at >= asked_at, timeout_s)

    def close(self, timeout_s: float) -> bool:
        """End the thread; return whether nothing is left in the journal."""
        if self._thread is None and not self._backlog.unread_bytes:
            return True
        drained = self.flush(timeout_s)
        self._closing.set()
        self._wanted.set()
        if self._thread is not None:
            self._thread.join(timeout_s)
        return drained and not self._backlog.under_way

    def _start(self) -> None:
        with self._guard:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="audit-writer", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        try:
            destination = self._until_done(self._open)
            while not self._closing.is_set():
                self._until_done(lambda: adopt(self._journal.folder, destination))
                self._drain_on_demand(destination, until=time.monotonic() + ADOPT_EVERY_S)
            destination.close()
        except StoreError as exc:
            _log.error("calls stay in the journal %s: %s", self._journal.folder, exc)
        except _Closing:
            pass  # what is not drained, the next process to start finds

    def _drain_on_demand(self, destination: Destination, until: float) -> None:
        while not self._closing.is_set() and (remaining := until - time.monotonic()) > 0:
            if self._wanted.wait(remaining):
                if not self._hurry.is_set():
                    self._closing.wait(self._pace.quiet_after_s)  # the caller has the reply now: let it work with it
                self._wanted.clear()
                self._drain(destination)

    def _drain(self, destination: Destination) -> None:
        began = time.monotonic()
        while batch := self._backlog.take(self._pace.most(quiet_s=self._quiet_s(), behind_s=self._behind_s())):
            calls = self._read_gently(destination, batch)
            self._until_done(partial(store, calls, batch, destination, self._journal.folder))
            self._backlog.settle()
        if not self._backlog.under_way:
            self._journal.turn_if_large()
        with self._drained:
            self._drained_at = began
            self._hurry.clear()
            self._drained.notify_all()

    def _read_gently(self, destination: Destination, batch: Batch) -> list[Call]:
        calls = []
        for exchange in batch.exchanges:
            began = time.monotonic()
            calls.append(destination.read(exchange))
            worked_s = time.monotonic() - began
            rest_s = self._pace.rest_s(worked_s=worked_s, quiet_s=self._quiet_s(), behind_s=self._behind_s())
            if rest_s and not self._hurry.is_set():
                self._closing.wait(rest_s)
        return calls

    def _quiet_s(self) -> float:
        return time.monotonic() - self._journal.appended_at

    def _behind_s(self) -> float:
        return float("inf") if self._hurry.is_set() else time.monotonic() - self._drained_at

    def _until_done(self, act: Callable[[], T]) -> T:
        """Try until it works; raise `_Closing` if the end comes first, `StoreError` if it can never work."""
        for wait_s in chain(_RETRY_S, repeat(_RETRY_S[-1])):
            try:
                return act()
            except StoreError as exc:
                if exc.permanent:
                    raise
                _log.warning("the database is out of reach, calls wait in the journal: %s", exc)
            except Exception:  # noqa: BLE001  # told with its traceback, and tried again: the journal keeps the calls
                _log.exception("the writer failed, calls wait in the journal")
            if self._closing.wait(wait_s):
                break
        raise _Closing


class _Closing(Exception):
    """The process ends while the database is out of reach."""
