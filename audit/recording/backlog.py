"""What a writer's segments hold that is not in the database yet."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from audit.call import Exchange
from audit.recording.frames import FINISH, INTENT, Frame, Loss, exchange_of, is_cut_short, loss_of, read_frames
from audit.recording.journal import Position, segments

__all__ = ["Backlog", "Batch"]

_READ_BYTES = 1024 * 1024
_KEPT_BYTES = 64 * 1024
_MOST_KEPT = 256
_log = logging.getLogger("audit")


@dataclass(frozen=True, slots=True)
class Batch:
    """What is ready to be stored."""

    exchanges: list[Exchange]
    losses: list[Loss]

    def __bool__(self) -> bool:
        return bool(self.exchanges or self.losses)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an intent stands whose call is still under way."""

    segment: int
    start: int
    end: int
    frame: Frame | None
    """The intent itself, unless it is large; then it is read again when it is needed."""


class Backlog:
    """Reads one writer's segments in order, while it writes or after it died. For one thread."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._segment = min(segments(folder, name), default=0)
        self._offset = 0
        self._open: dict[str, _Place] = {}
        self._ahead: Iterator[Frame] = iter(())
        self._strange: set[int] = set()

    def take(self, most: int) -> Batch:
        """Return up to `most` finished exchanges and the losses between them; empty if nothing is finished.

        Until `settle` is called they count as not stored.
        """
        batch = Batch([], [])
        while len(batch.exchanges) < most and (frame := self._next()):
            with self._noting_strange(self._segment):
                self._sort(frame, batch)
        return batch

    def settle(self) -> None:
        """Drop the segments all of whose calls are stored: what was taken so far is."""
        needed = {place.segment for place in self._open.values()} | self._strange
        for number, path in segments(self._folder, self._name).items():
            if number < self._segment and number not in needed:
                path.unlink(missing_ok=True)

    def unfinished(self) -> list[Exchange]:
        """Return the calls that a dead writer began and never finished."""
        exchanges = []
        for place in self._open.values():
            with self._noting_strange(place.segment):
                exchanges.append(exchange_of(self._intent(place), None))
        return exchanges

    @property
    def position(self) -> Position:
        """Where in the journal lies what was not taken yet."""
        return self._segment, self._offset

    @property
    def under_way(self) -> int:
        """How many calls have begun and not ended, as far as was read."""
        return len(self._open)

    def damaged(self) -> list[Path]:
        """Return the segments of a dead writer that hold what is neither a frame nor the beginning of one."""
        found = segments(self._folder, self._name)
        return [path for number, path in found.items() if number in self._strange or not _sound(path)]

    @contextmanager
    def _noting_strange(self, segment: int) -> Iterator[None]:
        """Pass over what cannot be understood, such as another version's frames; their segment is kept."""
        try:
            yield
        except (FileNotFoundError, LookupError, TypeError, ValueError) as exc:
            self._strange.add(segment)
            _log.error("a frame in %s cannot be read: %r", self._path(segment), exc)

    def _sort(self, frame: Frame, batch: Batch) -> None:
        if frame.kind == INTENT:
            kept = frame if len(frame.body) <= _KEPT_BYTES and len(self._open) < _MOST_KEPT else None
            self._open[frame.id] = _Place(self._segment, frame.start, frame.end, kept)
        elif frame.kind == FINISH:
            if place := self._open.pop(frame.id, None):  # else it was stored before its segment went
                batch.exchanges.append(exchange_of(self._intent(place), frame))
        else:
            batch.losses.append(loss_of(frame))

    def _next(self) -> Frame | None:
        while True:
            if (frame := next(self._ahead, None)) is None:
                self._ahead = _frames(self._path(self._segment), self._offset)
                frame = next(self._ahead, None)
            if frame is not None:
                self._offset = frame.end
                return frame
            later = [number for number in segments(self._folder, self._name) if number > self._segment]
            if not later:
                return None
            self._segment, self._offset = min(later), 0

    def _intent(self, place: _Place) -> Frame:
        if place.frame is not None:
            return place.frame
        with self._path(place.segment).open("rb") as file:
            data = os.pread(file.fileno(), place.end - place.start, place.start)
        for frame in read_frames(data, place.start):
            return frame
        raise LookupError(f"the intent at {place.start} is gone")

    def _path(self, segment: int) -> Path:
        return self._folder / f"{self._name}.{segment}.journal"


def _frames(path: Path, offset: int) -> Iterator[Frame]:
    """Yield whole frames from `offset` on, of so much as is read at once; at least one if there is one."""
    size = _READ_BYTES
    while data := _read(path, offset, size):
        frames = read_frames(data, offset)
        if (first := next(frames, None)) is not None:
            yield first
            yield from frames
        if first is not None or len(data) < size:
            return
        size *= 4


def _read(path: Path, offset: int, size: int) -> bytes:
    try:
        with path.open("rb") as file:
            return os.pread(file.fileno(), size, offset)
    except FileNotFoundError:
        return b""


def _sound(path: Path) -> bool:
    offset, end = 0, None
    while end != offset:
        end = offset
        for frame in _frames(path, end):
            offset = frame.end
    with path.open("rb") as file:
        file.seek(offset)
        return is_cut_short(file.read())
