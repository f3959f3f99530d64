"""How much more a journal may take: what its limit leaves, and what the disk has beyond what is to stay free.

Begun calls and new content are held to it; ends of calls that have begun are not, and are only counted.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from audit.errors import JournalError

__all__ = ["Measure", "Room", "measure"]

LOOK_EVERY_S = 1.0
"""How often folder and disk are looked at: others write there too, and what is stored goes."""
LOOK_EVERY_BYTES = 16 * 1024 * 1024
"""Written by this process; then it is looked at sooner."""
RESERVE_BYTES = 256 * 1024 * 1024
"""What stays free of a disk unless something else is configured: the database and others on it have to go on."""
SMALLEST_SHARE = 20
"""Of a small disk, such as a container's, only one part of so many stays free."""
USUAL_BYTES = 64 * 1024
"""Of an agent's request; where less is left most calls find no room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A journal's folder and its disk at one moment, in bytes."""

    folder: Path
    used: int
    """All files of the folder."""
    most: int | None
    """What they may come to; None: as much as the disk has."""
    free: int
    reserve: int
    """What is to stay free."""

    @property
    def left(self) -> int:
        """What calls that begin now may still take; less than nothing where ends of calls have gone beyond."""
        beyond_reserve = self.free - self.reserve
        return beyond_reserve if self.most is None else min(self.most - self.used, beyond_reserve)

    def after(self, written: int) -> Measure:
        """Return how it is when so many bytes more were written."""
        return replace(self, used=self.used + written, free=max(self.free - written, 0))

    @property
    def is_full(self) -> bool:
        """Whether most calls find no room."""
        return self.left < USUAL_BYTES

    @property
    def full(self) -> str:
        """Say why there is no room, and what to do."""
        if self.most is not None and self.most - self.used <= self.free - self.reserve:
            return (
                f"the journal in {self.folder} is full: {_told(self.used)} of the {_told(self.most)} that it may have "
                "([journal] max_bytes); `audit collect` brings it into the database, or raise the limit"
            )
        return (
            f"the disk of the journal in {self.folder} is full: {_told(self.free)} are free, and "
            f"{_told(self.reserve)} are to stay so ([journal] free_reserve); make room there, or lower the reserve"
        )


class Room:
    """Holds what one process writes to a journal to its limits, without a look at the disk for each call.

    Between two looks it knows what this process writes and not what others do, who may go beyond by that much.
    """

    def __init__(
        self,
        folder: Path,
        *,
        most: int | None,
        reserve: int | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`most` and `reserve` are as `measure` has them."""
        self._look = partial(measure, folder, most=most, reserve=reserve)
        self._clock = clock
        self._measured: Measure | None = None
        self._looked_at = 0.0
        self._written = 0

    def take(self, size: int, *, new: bool) -> None:
        """Count so many bytes more; raise `JournalError` if they are `new` and there is no room for them."""
        if new and (measured := self._current()) is not None and self._written + size > measured.left:
            raise JournalError(measured.after(self._written).full)
        self._written += size  # two threads may count as one now and then: the next look puts that right

    def _current(self) -> Measure | None:
        """Return how it was at the last look; None where nobody can tell, as the one who writes will be told."""
        now = self._clock()
        if now - self._looked_at >= LOOK_EVERY_S or self._written >= LOOK_EVERY_BYTES or not self._looked_at:
            self._looked_at, self._written = now, 0
            try:
                self._measured = self._look()
            except OSError:
                self._measured = None
        return self._measured


def measure(folder: Path, *, most: int | None, reserve: int | None) -> Measure:
    """Look at a journal's folder and its disk; raise `OSError` if that is not possible.

    `most` is what the folder may come to, None: anything. `reserve` is what stays free of the disk, None: a sensible
    share of it.
    """
    disk = os.statvfs(folder)
    sensible = min(RESERVE_BYTES, disk.f_blocks * disk.f_frsize // SMALLEST_SHARE)
    return Measure(
        folder=folder,
        used=_used(folder),
        most=most,
        free=disk.f_bavail * disk.f_frsize,
        reserve=sensible if reserve is None else reserve,
    )


def _used(folder: Path) -> int:
    with os.scandir(folder) as entries:
        return sum(map(_size, entries))


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_size
    except FileNotFoundError:  # stored since, and gone
        return 0


def _told(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 100_000 else f"{size:,} bytes"
