"""Calls that the database refuses: set aside beside the journal, each in a file of its own with the reason.

`ID.rejected` holds an intent and a finish as the journal has them, and behind them the reason. A file appears whole or
not at all, and a call that is set aside again takes its own file's place. `rejected.journal` is what versions before
that have left: all calls in a row, without reasons.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from audit.call import Exchange
from audit.files import write_private
from audit.recording.frames import (
    FINISH,
    INTENT,
    REASON,
    Frame,
    encode,
    encode_exchange,
    exchange_of,
    read_frames,
)
from audit.wire.redact import redact_keys

__all__ = ["Rejected", "Unreadable", "files", "part", "read", "set_aside"]

MOST_TOLD = 1_000
"""Characters of a reason that are kept."""
_TOGETHER = "rejected.journal"
_SUFFIX = ".rejected"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A call that was set aside."""

    path: Path
    exchange: Exchange
    reason: str | None = None
    """An error's class and message; None where a version that kept no reasons has set it aside."""
    at: datetime | None = None
    """When it was refused last; None likewise."""
    tries: int = 1
    """How often it was refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A file, or the rest of one, of which no call can be read."""

    path: Path
    offset: int
    """Where in the file begins what cannot be read, in bytes."""


def set_aside(folder: Path, exchange: Exchange, reason: str) -> None:
    """Keep an exchange that the database refuses, and why; raise `OSError` when it cannot be kept."""
    path = folder / f"{exchange.id}{_SUFFIX}"
    tries = max((one.tries for one in _read(path) if isinstance(one, Rejected)), default=0) + 1
    at = time.time_ns() // 1000
    head = {"id": exchange.id.hex, "at": at, "reason": redact_keys(reason)[:MOST_TOLD], "tries": tries}
    frames = [*encode_exchange(exchange), *encode(REASON, head)]
    write_private(path, b"".join(frames), over=True)  # on stable storage: the segment that had it goes next


def files(folder: Path) -> list[Path]:
    """Return the files of what was set aside."""
    return sorted((*folder.glob(f"*{_SUFFIX}"), *folder.glob(_TOGETHER)))


def read(folder: Path) -> Iterator[Rejected | Unreadable]:
    """Yield what was set aside, file by file; changes nothing."""
    for path in files(folder):
        yield from _read(path)


def part(folder: Path) -> None:
    """Give each call that an older version has set aside a file of its own; raise `OSError` when that cannot be done.

    A file that cannot be read to its end is kept as it is, under the name `rejected.damaged`.
    """
    together = folder / _TOGETHER
    found = list(_read(together))
    for one in found:
        if isinstance(one, Rejected) and not (path := folder / f"{one.exchange.id}{_SUFFIX}").exists():
            write_private(path, b"".join(encode_exchange(one.exchange)), over=True)
    if any(isinstance(one, Unreadable) for one in found):
        together.rename(together.with_suffix(".damaged"))
    else:
        together.unlink(missing_ok=True)


def _read(path: Path) -> list[Rejected | Unreadable]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:  # put back since it was looked for
        return []
    calls: list[Rejected] = []
    end, intent = 0, None
    try:
        for frame in read_frames(data):
            if frame.kind == INTENT:
                intent = frame
            elif frame.kind == FINISH and intent is not None:
                calls.append(Rejected(path=path, exchange=exchange_of(intent, frame)))
                end = frame.end
            elif frame.kind == REASON:
                calls[-1] = _explained(calls[-1], frame)
                end = frame.end
    except (LookupError, TypeError, ValueError):  # another version's frames
        pass
    sound = end == len(data) and (calls or path.name == _TOGETHER)
    return [*calls] if sound else [*calls, Unreadable(path=path, offset=end)]


def _explained(call: Rejected, frame: Frame) -> Rejected:
    head = frame.head
    at = _EPOCH + timedelta(microseconds=head["at"])
    return replace(call, reason=str(head["reason"]), at=at, tries=int(head["tries"]))
