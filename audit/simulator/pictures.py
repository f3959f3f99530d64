"""Small pictures, made rather than stored."""

from __future__ import annotations

import base64
import struct
import zlib

from audit.simulator.prose import dice

__all__ = ["picture"]


def picture(seed: str, *, side: int = 16) -> str:
    """Return a PNG of one colour as base64; the same for the same seed."""
    colour = bytes(dice("picture", seed).randint(0, 255) for _ in range(3))
    rows = b"".join(b"\0" + colour * side for _ in range(side))
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + chunks).decode()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
