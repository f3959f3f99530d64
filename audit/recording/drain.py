"""One writer's journal on its way into the database, a batch at a time."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

from audit.call import Call
from audit.errors import StoreError
from audit.recording.backlog import Backlog, Batch
from audit.recording.destination import Destination
from audit.recording.journal import Position, clear_away, note_stored, segments, stored_up_to
from audit.recording.lock import WriterLock
from audit.recording.rejected import set_aside
from audit.recording.tape import told

__all__ = ["Drain", "store"]

_log = logging.getLogger("audit")


class Drain:
    """Brings what one writer has written into the database, while it writes or after it died. For one thread."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._folder = folder
        self._backlog = Backlog(folder, name, stored=stored_up_to(folder, name))
        self._batch = Batch([], [])
        self._stored = self._backlog.position
        self._waiting_since: float | None = None
        self._lock: WriterLock | None = None
        self._cut_off: Iterator[Batch] | None = None

    @property
    def is_inherited(self) -> bool:
        """Whether the writer is known to be dead, and its journal taken over."""
        return self._lock is not None

    def inherit(self) -> bool:
        """Take the journal over if its writer is dead; return whether it is."""
        if self._lock is None:
            self._lock = WriterLock.take(self._folder / f"{self.name}.lock")
        return self.is_inherited

    def look(self, most: int) -> bool:
        """Have the next batch at hand, of up to `most` exchanges; return whether there is one.

        A dead writer's calls that never ended come last.
        """
        if not self._batch and (self.is_inherited or self._backlog.has_grown):
            self._batch = self._next(most)
            self._waiting_since = time.monotonic() - self._batch.age_s if self._batch.exchanges else None
            if not self._batch:
                self._stored = self._backlog.position
                self._backlog.settle()  # its writer may have begun another segment so that this one can go
        return bool(self._batch)

    def store(self, destination: Destination) -> Batch:
        """Store the batch at hand and return it. Raises as `store` does; then it stays at hand."""
        batch = self._batch
        store([destination.read(exchange) for exchange in batch.exchanges], batch, destination, self._folder)
        self._batch = Batch([], [])
        self._stored = self._backlog.position
        if self._backlog.is_understood:  # else who looks next must come upon it again
            note_stored(self._folder, self.name, self._stored)
        if not self._backlog.has_grown:
            self._waiting_since = None
        self._backlog.settle()
        return batch

    def clear(self) -> None:
        """Take away what a dead writer has left, all of which is stored; what cannot be read is kept, and told."""
        assert self._lock is not None
        for path in self._backlog.damaged():
            _log.error("%s holds what cannot be read and is kept as it is", path)
            path.rename(path.with_suffix(".damaged"))
        clear_away(self._folder, self.name)
        self._lock.release(remove=True)
        self._lock = None

    def let_go(self) -> None:
        """Leave what is left of it to whoever looks next."""
        if self._lock is not None:
            self._lock.release(remove=False)
            self._lock = None

    def behind(self, end: Position) -> bool:
        """Whether anything may still have to be stored of what stands before `end`, or of a dead writer's journal."""
        return self.is_inherited or self._stored < end

    @property
    def end(self) -> Position:
        """Where the journal ends now."""
        return max(((number, _size(path)) for number, path in self._segments()), default=self._stored)

    @property
    def depth_bytes(self) -> int:
        """How much of the journal may still have to be stored."""
        number, offset = self._stored
        sizes = [(_size(path), offset if at == number else 0) for at, path in self._segments() if at >= number]
        return sum(max(size - done, 0) for size, done in sizes)

    @property
    def waiting_s(self) -> float:
        """How long ago the first exchange has ended that waits for the database; zero when none does."""
        since = self._waiting_since
        return 0.0 if since is None else max(time.monotonic() - since, 0.0)

    def _next(self, most: int) -> Batch:
        if batch := self._backlog.take(most):
            return batch
        if self._lock is None:
            return Batch([], [])
        if self._cut_off is None:
            self._cut_off = self._backlog.unfinished(most)
        return next(self._cut_off, Batch([], []))

    def _segments(self) -> Iterator[tuple[int, Path]]:
        return iter(segments(self._folder, self.name).items())


def store(calls: Sequence[Call], batch: Batch, destination: Destination, folder: Path) -> dict[UUID, str]:
    """Store a batch; what the database will never take is set aside. Return which calls those are, and why.

    Raises `StoreError` when nothing of it may be stored, and `OSError` when it cannot be set aside.
    """
    refused = _append(calls, destination)
    for exchange in batch.exchanges:
        if exchange.id in refused:
            _log.error("call %s was refused and set aside in %s: %s", exchange.id, folder, refused[exchange.id])
            set_aside(folder, exchange, refused[exchange.id])
    for loss in batch.losses:
        destination.lost(loss)
    return refused


def _append(calls: Sequence[Call], destination: Destination) -> dict[UUID, str]:
    """Return which calls are refused, and why: also one that makes the writer fail, so that it cannot block others."""
    try:
        return dict(destination.append(calls)) if calls else {}
    except (StoreError, OSError, MemoryError):
        raise
    except Exception as exc:  # noqa: BLE001  # whichever it is: told with its traceback, and the exchange kept
        if len(calls) == 1:
            _log.exception("the writer failed at call %s", calls[0].exchange.id)
            return {calls[0].exchange.id: told(exc)}
        half = len(calls) // 2
        return {**_append(calls[:half], destination), **_append(calls[half:], destination)}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # stored since it was looked for, and gone
        return 0
