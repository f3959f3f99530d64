"""What a writer's segments hold that is not in the database yet."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from audit.call import Exchange
from audit.recording.frames import (
    FINISH,
    INTENT,
    PIECE,
    Frame,
    Loss,
    exchange_of,
    frame_size,
    is_cut_short,
    loss_of,
    read_frames,
)
from audit.recording.journal import Position, segments

__all__ = ["Backlog", "Batch"]

_READ_BYTES = 1024 * 1024
_KEPT_BYTES = 64 * 1024
_MOST_KEPT = 256
_MOST_BYTES = 8 * 1024 * 1024
"""Of bodies in one batch, not counting the last exchange's: they are in memory all at once."""
_log = logging.getLogger("audit")


class _CutAwayError(LookupError):
    """A segment ends before a frame that stood in it: its writer could not bring it to stable storage."""


@dataclass(slots=True)
class Batch:
    """What is ready to be stored."""

    exchanges: list[Exchange]
    losses: list[Loss]
    size: int = 0
    """Bytes of bodies."""

    def __bool__(self) -> bool:
        return bool(self.exchanges or self.losses)

    @property
    def age_s(self) -> float:
        """How long ago its first exchange ended, in seconds; zero without one."""
        if not self.exchanges:
            return 0.0
        first = self.exchanges[0]
        age_s = time.time() - first.started_at.timestamp() - (first.duration_us or 0) / 1e6
        return max(age_s, 0.0)  # clocks are set back

    def add(self, exchange: Exchange) -> None:
        """Take in one more."""
        self.exchanges.append(exchange)
        self.size += len(exchange.request_body) + len(exchange.response_body)

    def is_full(self, most: int) -> bool:
        """Whether it has `most` exchanges, or is large with fewer."""
        return len(self.exchanges) >= most or self.size >= _MOST_BYTES


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a frame stands of a call that is still under way."""

    segment: int
    start: int
    end: int
    frame: Frame | None = None
    """An intent itself, unless it is large; then it is read again when it is needed, as pieces are."""


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """What is known of a call that has not ended."""

    intent: _Place
    pieces: dict[int, _Place] = field(default_factory=dict)
    """By number: one is written anew when its segment cannot be brought to stable storage, and cut away there."""
    segments: set[int] = field(default_factory=set)
    """Those that hold any of it."""

    def add(self, piece: _Place, number: int | None) -> None:
        """Take in a piece, in place of one that has its number; before pieces had numbers none was written twice."""
        self.pieces[len(self.pieces) if number is None else number] = piece
        self.segments.add(piece.segment)


class Backlog:
    """Reads one writer's segments in order, while it writes or after it died. For one thread."""

    def __init__(self, folder: Path, name: str, *, stored: Position = (0, 0)) -> None:
        """Read from the first segment on; calls that ended before `stored` are in the database already."""
        self._folder = folder
        self._name = name
        self._segment = self._after(-1) or 0
        self._offset = 0
        self._known = stored
        self._open: dict[str, _UnderWay] = {}
        self._ahead: Iterator[Frame] = iter(())
        self._strange: set[int] = set()

    def take(self, most: int) -> Batch:
        """Return up to `most` finished exchanges, fewer of large ones, and the losses between them.

        It is empty if nothing is finished. Until `settle` is called what it holds counts as not stored.
        """
        batch = Batch([], [])
        while not batch.is_full(most) and (frame := self._next()):
            with self._noting_strange(self._segment):
                self._sort(frame, batch)
        return batch

    def settle(self) -> None:
        """Drop the segments all of whose calls are stored: what was taken so far is."""
        needed = self._strange.union(*(call.segments for call in self._open.values()))
        for number, path in segments(self._folder, self._name).items():
            if number < self._segment and number not in needed:
                path.unlink(missing_ok=True)

    def unfinished(self, most: int) -> Iterator[Batch]:
        """Yield the calls that a dead writer began and never finished, in batches as `take` makes them."""
        batch = Batch([], [])
        for call in self._open.values():
            with self._noting_strange(*call.segments):
                batch.add(self._exchange(call, None))
            if batch.is_full(most):
                yield batch
                batch = Batch([], [])
        if batch:
            yield batch

    @property
    def has_grown(self) -> bool:
        """Whether there is anything that was not taken yet: told by the size of files, without reading any."""
        try:
            grown = self._path(self._segment).stat().st_size > self._offset
        except FileNotFoundError:
            grown = False
        return grown or self._after(self._segment) is not None

    @property
    def is_understood(self) -> bool:
        """Whether there was nothing that could not be read, so far."""
        return not self._strange

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
    def _noting_strange(self, *found_in: int) -> Iterator[None]:
        """Pass over what cannot be understood, such as another version's frames; their segments are kept."""
        try:
            yield
        except (FileNotFoundError, LookupError, TypeError, ValueError) as exc:
            self._strange.update(found_in)
            _log.error("a frame in %s cannot be read: %r", self._path(found_in[0]), exc)

    def _sort(self, frame: Frame, batch: Batch) -> None:
        if frame.kind == INTENT:
            kept = frame if len(frame.body) <= _KEPT_BYTES and len(self._open) < _MOST_KEPT else None
            place = _Place(self._segment, frame.start, frame.end, kept)
            self._open[frame.id] = _UnderWay(place, segments={self._segment})
        elif frame.kind == PIECE:
            if found := self._open.get(frame.id):  # else it was stored before the intent's segment went
                found.add(_Place(self._segment, frame.start, frame.end), frame.head.get("number"))
        elif frame.kind == FINISH:
            ended = self._open.pop(frame.id, None)  # else likewise
            if ended and self.position > self._known:
                with self._noting_strange(self._segment, *ended.segments):
                    self._end(ended, frame, batch)
        elif self.position > self._known:
            batch.losses.append(loss_of(frame))

    def _end(self, call: _UnderWay, finish: Frame, batch: Batch) -> None:
        try:
            batch.add(self._exchange(call, finish))
        except _CutAwayError:  # and the finish with it, which was read ahead: both come again, in the next segment
            self._open[finish.id] = call

    def _next(self) -> Frame | None:
        while (frame := self._next_here()) is None:
            if (following := self._after(self._segment)) is None:
                return None
            if (frame := self._next_here()) is not None:  # written, and the next segment begun, since it was read
                break
            self._segment, self._offset = following, 0
        self._offset = frame.end
        return frame

    def _after(self, segment: int) -> int | None:
        """Return the next segment.

        A listing may have one that was made meanwhile, and lack the one made before; the listing after it has both.
        """
        for _ in range(2):
            later = [number for number in segments(self._folder, self._name) if number > segment]
            if not later:
                return None
        return min(later)

    def _next_here(self) -> Frame | None:
        if (frame := next(self._ahead, None)) is None:
            self._ahead = _frames(self._path(self._segment), self._offset)
            frame = next(self._ahead, None)
        return frame

    def _exchange(self, call: _UnderWay, finish: Frame | None) -> Exchange:
        return exchange_of(self._frame(call.intent), finish, map(self._frame, call.pieces.values()))

    def _frame(self, place: _Place) -> Frame:
        if place.frame is not None:
            return place.frame
        with self._path(place.segment).open("rb") as file:
            data = os.pread(file.fileno(), place.end - place.start, place.start)
        for frame in read_frames(data, place.start):
            return frame
        cut = len(data) < place.end - place.start
        raise (_CutAwayError if cut else LookupError)(f"the frame at {place.start} is gone")

    def _path(self, segment: int) -> Path:
        return self._folder / f"{self._name}.{segment}.journal"


def _frames(path: Path, offset: int) -> Iterator[Frame]:
    """Return whole frames from `offset` on, of so much as is read at once; at least one if there is one."""
    data = _read(path, offset, _READ_BYTES)
    if (size := frame_size(data)) > len(data) == _READ_BYTES:
        data = _read(path, offset, size)
    return read_frames(data, offset)


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
