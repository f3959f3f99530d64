"""What a writer's segments hold that is not in the database yet."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from audit.call import Exchange
from audit.recording.frames import FINISH, INTENT, Frame, Loss, exchange_of, is_cut_short, loss_of, read_frames
from audit.recording.journal import segments

__all__ = ["Backlog", "Batch"]

_READ_BYTES = 4 * 1024 * 1024


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


class Backlog:
    """Reads one writer's segments in order, while it writes or after it died. For one thread."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._segment = min(segments(folder, name), default=0)
        self._offset = 0
        self._open: dict[str, _Place] = {}
        self._read_ahead: list[Frame] = []

    def take(self, most: int) -> Batch:
        """Return up to `most` finished exchanges and the losses between them; empty if nothing is finished.

        Until `settle` is called they count as not stored.
        """
        batch = Batch([], [])
        while len(batch.exchanges) < most and (frame := self._next()):
            if frame.kind == INTENT:
                self._open[frame.id] = _Place(self._segment, frame.start, frame.end)
            elif frame.kind == FINISH:
                if place := self._open.pop(frame.id, None):  # else it was stored before its segment went
                    batch.exchanges.append(exchange_of(self._intent(place), frame))
            else:
                batch.losses.append(loss_of(frame))
        return batch

    def settle(self) -> None:
        """Drop the segments all of whose calls are stored: what was taken so far is."""
        needed = min((place.segment for place in self._open.values()), default=self._segment)
        for number, path in segments(self._folder, self._name).items():
            if number < min(needed, self._segment):
                path.unlink(missing_ok=True)

    def unfinished(self) -> list[Exchange]:
        """Return the calls that a dead writer began and never finished."""
        return [exchange_of(self._intent(place), None) for place in self._open.values()]

    @property
    def under_way(self) -> int:
        """How many calls have begun and not ended, as far as was read."""
        return len(self._open)

    @property
    def unread_bytes(self) -> int:
        """How much is written and not taken yet."""
        ahead = sum(frame.end - frame.start for frame in self._read_ahead)
        sizes = {number: path.stat().st_size for number, path in segments(self._folder, self._name).items()}
        later = sum(size for number, size in sizes.items() if number > self._segment)
        return ahead + later + max(0, sizes.get(self._segment, 0) - self._offset)

    def damaged(self) -> list[Path]:
        """Return the segments of a dead writer that hold what is neither a frame nor the beginning of one."""
        return [path for path in segments(self._folder, self._name).values() if not _sound(path)]

    def _next(self) -> Frame | None:
        if not self._read_ahead:
            self._read_ahead = self._read()[::-1]
        return self._read_ahead.pop() if self._read_ahead else None

    def _read(self) -> list[Frame]:
        while True:
            path = self._path(self._segment)
            frames = _frames(path, self._offset)
            if frames:
                self._offset = frames[-1].end
                return frames
            later = [number for number in segments(self._folder, self._name) if number > self._segment]
            if not later:
                return []
            self._segment, self._offset = min(later), 0

    def _intent(self, place: _Place) -> Frame:
        with self._path(place.segment).open("rb") as file:
            data = os.pread(file.fileno(), place.end - place.start, place.start)
        return next(read_frames(data, place.start))

    def _path(self, segment: int) -> Path:
        return self._folder / f"{self._name}.{segment}.journal"


def _frames(path: Path, offset: int) -> list[Frame]:
    """Return whole frames from `offset` on: some megabytes of them, at least one if there is one."""
    try:
        with path.open("rb") as file:
            remaining = os.fstat(file.fileno()).st_size - offset
            size = _READ_BYTES
            while remaining > 0:
                frames = list(read_frames(os.pread(file.fileno(), size, offset), offset))
                if frames or size >= remaining:
                    return frames
                size *= 4
    except FileNotFoundError:
        pass  # nothing was written to it yet
    return []


def _sound(path: Path) -> bool:
    offset = 0
    while frames := _frames(path, offset):
        offset = frames[-1].end
    with path.open("rb") as file:
        file.seek(offset)
        return is_cut_short(file.read())
