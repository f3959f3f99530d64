"""Names that are made up: of exchanges, and of the processes that record them."""

from __future__ import annotations

import os
from uuid import UUID

__all__ = ["is_left", "uuid7", "uuid7_hex", "writer_name"]

_VERSION_AND_VARIANT = 0x7 << 76 | 0x2 << 62
_LEFT = "-left"
_RANDOM = ~(0xF << 76 | 0x3 << 62) & (1 << 80) - 1


def uuid7(unix_ms: int) -> UUID:
    """Return a UUIDv7 (RFC 9562 §5.7) for a time in milliseconds since 1970: they sort by time."""
    return UUID(int=_number(unix_ms))


def uuid7_hex(unix_ms: int) -> str:
    """Return the same as 32 hexadecimal digits, without the making of an object for it."""
    return f"{_number(unix_ms):032x}"


def _number(unix_ms: int) -> int:
    random = int.from_bytes(os.urandom(10))
    return (unix_ms & 0xFFFFFFFFFFFF) << 80 | random & _RANDOM | _VERSION_AND_VARIANT


def writer_name(*, left: bool = False) -> str:
    """Return a name that no other recording process has; `left` says that a collector is to drain its journal."""
    return f"{os.getpid()}-{os.urandom(6).hex()}{_LEFT if left else ''}"


def is_left(name: str) -> bool:
    """Whether a writer leaves its journal to a collector while it lives."""
    return name.endswith(_LEFT)
