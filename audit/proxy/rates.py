"""How often each issued key was used in the last minute, counted in memory that all workers share.

Exact: a call is admitted if fewer than the limit were admitted in the 60 seconds before it. Each slot is a ring of
the times of the last admitted calls, as many as the limit, so that the oldest of them decides at once. The memory has
room for every slot's highest limit, but takes only as much as is used.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["MOST_RPM", "SLOTS", "Rates"]

SLOTS = 4_096
"""Keys with a limit that can be valid at once."""
MOST_RPM = 10_000
WINDOW_S = 60.0
_HEAD = struct.Struct("=QQ")
"""The limit that the ring was laid out for, and how many calls it has admitted."""
_TIME = struct.Struct("=d")
_STRIDE = 20 * 4096
"""Bytes of a slot: whole pages, room for the head and `MOST_RPM` times."""


class Rates:
    """Counts for one process, over memory that others may count in as well. Not for several threads at once."""

    def __init__(self, fd: int) -> None:
        """Use the memory behind a descriptor that `create` made, here or in a parent process."""
        self.fd = fd
        self._memory = mmap.mmap(fd, SLOTS * _STRIDE)

    @classmethod
    def create(cls) -> Rates:
        """Return new memory, to be shared with children that inherit its `fd`."""
        fd = _memory_file()
        os.ftruncate(fd, SLOTS * _STRIDE)
        return cls(fd)

    @classmethod
    def private(cls) -> Rates:
        """Return memory for this process alone."""
        return cls.create()

    def close(self) -> None:
        """Give up the memory and its descriptor; in other processes both stay."""
        self._memory.close()
        os.close(self.fd)

    def take(self, slot: int, rpm: int, now: float) -> float:
        """Return 0 if one more call is admitted, which counts it, else the seconds until one will be.

        `now` is of a clock that never goes back and that all processes share, such as `time.monotonic`. What is
        refused does not count. A limit other than before begins a new count: a key's limit never changes, so the
        slot is another key's now. Raises `ValueError` for a slot or a limit out of range.
        """
        if not (0 <= slot < SLOTS and 1 <= rpm <= MOST_RPM):
            raise ValueError(f"slot {slot} or limit {rpm} is out of range")
        with self._alone(slot):
            return self._take(slot * _STRIDE, rpm, now)

    def _take(self, start: int, rpm: int, now: float) -> float:
        limit, admitted = _HEAD.unpack_from(self._memory, start)
        if limit != rpm:
            admitted = 0
        place = start + _HEAD.size + admitted % rpm * _TIME.size
        if admitted >= rpm:
            (oldest,) = _TIME.unpack_from(self._memory, place)
            if (wait := oldest + WINDOW_S - now) > 0:
                return float(min(wait, WINDOW_S))
        _TIME.pack_into(self._memory, place, now)
        _HEAD.pack_into(self._memory, start, rpm, admitted + 1)  # last: who dies before it has counted nothing
        return 0.0

    @contextmanager
    def _alone(self, slot: int) -> Iterator[None]:
        """Hold the slot against other processes; the lock of one that dies is freed by the system."""
        fcntl.lockf(self.fd, fcntl.LOCK_EX, 1, slot)
        try:
            yield
        finally:
            fcntl.lockf(self.fd, fcntl.LOCK_UN, 1, slot)


def _memory_file() -> int:
    """Return the descriptor of a file that is in memory only, or, where a system has none such, of one without name."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("audit-rates")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
