"""Names that are made up: of exchanges, and of the processes that record them."""

from __future__ import annotations

import os
from uuid import UUID

__all__ = ["uuid7", "writer_name"]


def uuid7(unix_ms: int) -> UUID:
    """Return a UUIDv7 (RFC 9562 §5.7) for a time in milliseconds since 1970: they sort by time."""
    random = int.from_bytes(os.urandom(10))
    number = (unix_ms & 0xFFFFFFFFFFFF) << 80 | random
    number = number & ~(0xF << 76) | 0x7 << 76
    return UUID(int=number & ~(0x3 << 62) | 0x2 << 62)


def writer_name() -> str:
    """Return a name that no other recording process has."""
    return f"{os.getpid()}-{os.urandom(6).hex()}"
