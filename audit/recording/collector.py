"""All journals of a folder into the database: those that living processes leave to it, and what the dead have left.

Processes that only journal need no database, and share no lock with each other; one collector stores for all.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

from audit.errors import AuditError, JournalError, StoreError
from audit.recording.backlog import Batch
from audit.recording.destination import Destination
from audit.recording.drain import Drain
from audit.recording.identity import is_left
from audit.recording.journal import writers
from audit.recording.lock import WriterLock
from audit.recording.retrying import Ended, until_done

__all__ = ["Collected", "Collector", "is_collecting"]

T = TypeVar("T")
LOOK_EVERY_S = 0.1
"""How often to look for what is new, unless there is more than fits into one batch."""
LOOK_FOR_DEAD_S = 1.0
AWAY_S = 30.0
"""How long a journal is left alone that cannot be drained for reasons of its own."""
LATEST_S = 60.0
"""How long what storing leaves for later may wait for a moment in which nothing is to be stored."""
LOCK_WAIT_S = 2.0
"""How long a collector before this one may take to end."""
FULL_BATCH = 500
_LOCK = "collecting"
"""The file that the one collector of a folder keeps locked; no `NAME.lock`, which are signs of life of writers."""
_log = logging.getLogger("audit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """How a collector gets on."""

    stored: int
    """Calls brought into the database since it began."""
    lost: int
    """Calls of which processes have said in their journals that they could not be recorded, likewise."""
    depth_bytes: int
    """How much of the journals may still have to be stored."""
    oldest_s: float
    """How long ago the first call has ended that waits for the database; zero when none does."""
    journals: int
    """How many are being drained: of living processes that leave theirs to collectors, and of dead ones."""


class Collector:
    """Drains the journals of a folder. One at a time does, which holds the folder while it is entered by `with`.

    `stop` and `progress` are for other threads; all else is for one.
    """

    def __init__(self, folder: Path, destination: Callable[[], Destination]) -> None:
        """Drain into what `destination` opens."""
        self._folder = folder
        self._open = destination
        self._destination: Destination | None = None
        self._lock: WriterLock | None = None
        self._drains: dict[str, Drain] = {}
        self._away: dict[str, float] = {}
        self._looked_for_dead_at = 0.0
        self._ending = threading.Event()
        self._stored = self._lost = 0
        self._behind_since = time.monotonic()

    def __enter__(self) -> Self:
        """Hold the folder; raise `AuditError` when another collector does, `JournalError` when nobody can."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = _taken(self._folder / _LOCK)
        except OSError as exc:
            raise JournalError(f"cannot use the journal in {self._folder}: {exc.strerror}") from exc
        if self._lock is None:
            raise AuditError(f"another collector is at work in {self._folder}; one is enough for all who record there")
        return self

    def __exit__(self, *_raised: object) -> None:
        assert self._lock is not None
        for drain in self._drains.values():
            drain.let_go()
        if self._destination is not None:
            self._destination.close()
        self._lock.release(remove=True)

    def run(self) -> None:
        """Drain until `stop`, and then once more what is there; raise `StoreError` when it cannot be stored.

        While the database is out of reach it is tried again and again, and the journals grow.
        """
        with suppress(Ended):
            self._patiently(self._have_destination)
            while not self._ending.is_set():
                if not self._round():
                    self._ending.wait(LOOK_EVERY_S)
        self.drain()

    def drain(self) -> None:
        """Store what is there now, and unless the end has come, do what was left for later.

        Raises `StoreError` at once when the database is out of reach.
        """
        self._find(dead_too=True)
        ends = {name: drain.end for name, drain in self._drains.items()}
        while ready := self._ready([one for one in self._drains.values() if one.behind(ends[one.name])]):
            for drain in ready:
                self._store(drain, _at_once)
        with suppress(StoreError):  # nothing waits to be stored: that it is away is nobody's trouble
            while not self._ending.is_set() and self._have_destination().catch_up():
                pass

    def stop(self) -> None:
        """Have `run` come to its end."""
        self._ending.set()

    @property
    def progress(self) -> Collected:
        """Return how it gets on."""
        drains = list(self._drains.values())
        return Collected(
            stored=self._stored,
            lost=self._lost,
            depth_bytes=sum(drain.depth_bytes for drain in drains),
            oldest_s=round(max((drain.waiting_s for drain in drains), default=0.0), 3),
            journals=len(drains),
        )

    def _round(self) -> bool:
        """Store a batch of every journal that has one; return whether any was full, so that there may be more to do."""
        batches = [self._store(drain, self._patiently) for drain in self._look_around()]
        return any(batch.is_full(FULL_BATCH) for batch in batches) | self._catch_up(len(batches))

    def _catch_up(self, stored: int) -> bool:
        """Do what was left for later where nothing else is to be done, or for too long was; `stored` batches just were.

        Returns whether more of it may be left.
        """
        assert self._destination is not None
        if stored and time.monotonic() < self._behind_since + LATEST_S:
            return False
        for _ in range(max(stored, 1)):
            if not self._destination.catch_up():
                self._behind_since = time.monotonic()
                return False
        return True

    def _look_around(self) -> list[Drain]:
        """Return the journals that have something to be stored, and have read it."""
        due = time.monotonic() >= self._looked_for_dead_at + LOOK_FOR_DEAD_S
        self._find(dead_too=due)
        return self._ready(list(self._drains.values()))

    def _find(self, *, dead_too: bool) -> None:
        """Take up journals that have been begun, and the dead's if those are asked for; forget those that are gone."""
        names = writers(self._folder)
        for name in self._drains.keys() - names:  # taken over by somebody else
            self._drains.pop(name).let_go()
        for name in names:
            if (is_left(name) or dead_too) and time.monotonic() >= self._away.get(name, 0.0):
                with self._sparing_others(name):
                    self._take_up(name, dead_too=dead_too)
        if dead_too:
            self._looked_for_dead_at = time.monotonic()

    def _take_up(self, name: str, *, dead_too: bool) -> None:
        drain = self._drains.get(name) or Drain(self._folder, name)
        if (dead_too and drain.inherit()) or is_left(name):
            self._drains[name] = drain

    def _ready(self, drains: list[Drain]) -> list[Drain]:
        """Return those of which a batch is at hand now; dead ones' that have no more are cleared away."""
        ready = []
        for drain in drains:
            with self._sparing_others(drain.name):
                if drain.look(FULL_BATCH):
                    ready.append(drain)
                elif drain.is_inherited:
                    drain.clear()
                    del self._drains[drain.name]
        return ready

    def _store(self, drain: Drain, persistently: Callable[[Callable[[], Any]], Any]) -> Batch:
        """Store the batch at hand; return it, an empty one if it cannot be stored for a reason of its own."""
        destination: Destination = persistently(self._have_destination)
        batch = Batch([], [])

        def act() -> None:
            nonlocal batch
            with self._sparing_others(drain.name):
                batch = drain.store(destination)

        persistently(act)
        self._stored += len(batch.exchanges)
        self._lost += sum(loss.count for loss in batch.losses)
        return batch

    def _have_destination(self) -> Destination:
        if self._destination is None:
            self._destination = self._open()
        return self._destination

    def _patiently(self, act: Callable[[], T]) -> T:
        return until_done(act, self._ending, on_wait=self._look_around)

    @contextmanager
    def _sparing_others(self, name: str) -> Iterator[None]:
        """Leave a journal alone for a while when something is wrong with it, unless that is the database."""
        try:
            yield
        except StoreError:
            raise
        except Exception:  # noqa: BLE001  # told with its traceback, and tried again after a while
            _log.exception("the journal %s in %s cannot be drained", name, self._folder)
            self._away[name] = time.monotonic() + AWAY_S
            if drain := self._drains.pop(name, None):
                drain.let_go()


def is_collecting(folder: Path) -> bool:
    """Whether a collector is at work in a folder."""
    if not (folder / _LOCK).exists():
        return False
    lock = WriterLock.take(folder / _LOCK)
    if lock is not None:
        lock.release(remove=False)
    return lock is None


def _at_once(act: Callable[[], T]) -> T:
    return act()


def _taken(path: Path) -> WriterLock | None:
    """Return the lock, waiting a little for a collector that ends."""
    deadline = time.monotonic() + LOCK_WAIT_S
    while (lock := WriterLock.take(path)) is None and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY_S)
    return lock
