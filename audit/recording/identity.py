"""Names that are made up: of exchanges, and of the processes that record them."""

from __future__ import annotations

import os
import threading
from uuid import UUID

__all__ = ["Ids", "is_left", "uuid7", "writer_name"]

_VERSION_AND_VARIANT = 0x7 << 76 | 0x2 << 62
_LEFT = "-left"
_TAIL = (1 << 62) - 1
_RANDOM = ~(0xF << 76 | 0x3 << 62) & (1 << 80) - 1


def uuid7(unix_ms: int) -> UUID:
    """Return a UUIDv7 (RFC 9562 §5.7) for a time in milliseconds since 1970: they sort by time."""
    return UUID(int=_number(unix_ms))


class Ids:
    """Makes UUIDv7s that grow from each to the next, also within a millisecond and when the clock is set back.

    The 12 bits behind the milliseconds count up (RFC 9562 §6.2, method 1); they overflow into the milliseconds. Safe
    for threads and for signal handlers.
    """

    def __init__(self, *, after: int = 0) -> None:
        """Begin behind `after`, another's `last`."""
        self.last = after
        self._guard = threading.RLock()

    def next_hex(self, unix_ms: int) -> str:
        """Return one for a time in milliseconds since 1970 or later, as 32 hexadecimal digits."""
        random = int.from_bytes(os.urandom(10))
        with self._guard:
            self.last = stamp = max(unix_ms << 12 | random >> 69, self.last + 1)
        return f"{stamp >> 12 << 80 | (stamp & 0xFFF) << 64 | random & _TAIL | _VERSION_AND_VARIANT:032x}"


def _number(unix_ms: int) -> int:
    random = int.from_bytes(os.urandom(10))
    return (unix_ms & 0xFFFFFFFFFFFF) << 80 | random & _RANDOM | _VERSION_AND_VARIANT


def writer_name(*, left: bool = False) -> str:
    """Return a name that no other recording process has; `left` says that a collector is to drain its journal."""
    return f"{os.getpid()}-{os.urandom(6).hex()}{_LEFT if left else ''}"


def is_left(name: str) -> bool:
    """Whether a writer leaves its journal to a collector while it lives."""
    return name.endswith(_LEFT)
