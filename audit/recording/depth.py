"""How much waits in the journal: told by its files alone, without a database and without disturbing anyone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from audit.recording.frames import FINISH, INTENT, PIECE, Frame, is_cut_short, read_frames
from audit.recording.identity import is_left
from audit.recording.journal import Position, segments, stored_up_to, writers
from audit.recording.lock import is_held

__all__ = ["Rates", "State", "Waiting", "WriterDepth", "look", "rates"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class State(StrEnum):
    """How a writer is."""

    RECORDING = "recording"
    """It lives and brings its calls into the database itself."""
    JOURNALLING = "journalling"
    """It lives and leaves its calls to a collector."""
    ADOPTED = "adopted"
    """It is gone, and another process is bringing in what it has left."""
    GONE = "gone"
    """It is gone, and what it has left waits for the next process that looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A call that has ended and waits for the database."""

    id: UUID
    writer: str
    started_at: datetime
    ended_at: datetime
    method: str
    url: str
    size_bytes: int
    """Of its bodies."""


@dataclass(slots=True, kw_only=True)
class WriterDepth:
    """One writer's journal."""

    name: str
    pid: int | None
    """None where the name, which is somebody else's, tells none."""
    state: State
    segments: int = 0
    size_bytes: int = 0
    """Not yet stored, as far as it is known."""
    waiting: list[Waiting] = field(default_factory=list)
    under_way: int = 0
    """Calls that have begun and not ended; of a writer that is gone, those that its end has cut off."""
    ended: int = 0
    """Calls that have ended since the look before, stored or not."""
    end: Position = (0, 0)
    damaged: list[Path] = field(default_factory=list)
    """Segments that hold what is not understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How fast the journal fills and is drained: at least, as a segment that comes and goes in between is not seen."""

    filled_per_s: float
    drained_per_s: float
    over_s: float


@dataclass(slots=True)
class _Begun:
    """A call that has begun."""

    head: dict[str, Any]
    """The intent's."""
    size: int

    def ended(self, writer: str, finish: Frame) -> Waiting:
        started_at = _EPOCH + timedelta(microseconds=self.head["at"])
        return Waiting(
            id=UUID(finish.id),
            writer=writer,
            started_at=started_at,
            ended_at=started_at + timedelta(microseconds=finish.head["duration_us"] or 0),
            method=str(self.head["method"]),
            url=str(self.head["url"]),
            size_bytes=self.size,
        )


def look(folder: Path, since: Mapping[str, Position] | None = None) -> list[WriterDepth]:
    """Return how each writer's journal is; `since` tells, by writer, where it ended at the look before."""
    return [_depth(folder, name, (since or {}).get(name, (0, 0))) for name in writers(folder)]


def rates(before: list[WriterDepth], after: list[WriterDepth], over_s: float) -> Rates:
    """Return how fast it fills and is drained between two looks, of which the second knows of the first."""
    filled = sum(one.ended for one in after)
    drained = sum(len(one.waiting) for one in before) + filled - sum(len(one.waiting) for one in after)
    return Rates(filled_per_s=filled / over_s, drained_per_s=max(drained, 0) / over_s, over_s=over_s)


def _depth(folder: Path, name: str, since: Position) -> WriterDepth:
    found = WriterDepth(name=name, pid=_pid(name), state=_state(folder, name), end=since)
    stored = stored_up_to(folder, name)
    begun: dict[str, _Begun] = {}
    for number, path in segments(folder, name).items():
        try:
            data = path.read_bytes()
        except FileNotFoundError:  # stored meanwhile, and gone
            continue
        found.segments += 1
        if number >= stored[0]:
            found.size_bytes += max(len(data) - (stored[1] if number == stored[0] else 0), 0)
        if not _read(found, begun, number, data, stored=stored, since=since):
            found.damaged.append(path)
    found.under_way = len(begun)
    return found


def _read(
    found: WriterDepth, begun: dict[str, _Begun], number: int, data: bytes, *, stored: Position, since: Position
) -> bool:
    """Take in a segment; return whether all of it is understood."""
    understood, offset = True, 0
    for frame in read_frames(data):
        offset = frame.end
        try:
            call = _sorted(begun, frame)
            if call is not None:
                found.ended += (number, offset) > since
                if (number, offset) > stored:
                    found.waiting.append(call.ended(found.name, frame))
        except (LookupError, TypeError, ValueError, ArithmeticError):  # another version's frame
            understood = False
    found.end = max(found.end, (number, offset))
    return understood and is_cut_short(data[offset:])


def _sorted(begun: dict[str, _Begun], frame: Frame) -> _Begun | None:
    """Return the call that a frame ends, if it does."""
    if frame.kind == INTENT:
        begun[frame.id] = _Begun(frame.head, len(frame.body))
    elif frame.kind == PIECE:
        if call := begun.get(frame.id):
            call.size += len(frame.body)
    elif frame.kind == FINISH and (call := begun.pop(frame.id, None)):  # else it was stored, and its intent is gone
        call.size += len(frame.body)
        return call
    return None


def _pid(name: str) -> int | None:
    text = name.partition("-")[0]
    return int(text) if text.isdecimal() else None


def _state(folder: Path, name: str) -> State:
    lives = _lives(_pid(name))
    if not is_held(folder / f"{name}.lock"):
        return State.GONE
    if not lives:
        return State.ADOPTED
    return State.JOURNALLING if is_left(name) else State.RECORDING


def _lives(pid: int | None) -> bool:
    if not pid:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True
