"""AWS event streams: binary frames of headers and a payload (application/vnd.amazon.eventstream).

Format: https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["Message", "read_messages"]


@dataclass(frozen=True, slots=True)
class Message:
    """One frame: its string headers, its payload, and the byte offset of its end."""

    payload: bytes
    end: int
    headers: dict[str, str] = field(default_factory=dict)


def read_messages(body: bytes) -> Iterator[Message]:
    """Yield whole frames with sound checksums; stop where one is cut or broken."""
    at = 0
    while len(body) - at >= _PRELUDE.size + 4:
        total, header_size, prelude_crc = _PRELUDE.unpack_from(body, at)
        payload_start = at + _PRELUDE.size + header_size
        payload_end = at + total - 4
        if zlib.crc32(body[at : at + 8]) != prelude_crc or payload_end < payload_start or at + total > len(body):
            return
        if zlib.crc32(body[at:payload_end]) != int.from_bytes(body[payload_end : payload_end + 4]):
            return
        headers = dict(_headers(body[at + _PRELUDE.size : payload_start]))
        yield Message(body[payload_start:payload_end], at + total, headers)
        at += total


def _headers(data: bytes) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(data):
        name_end = at + 1 + data[at]
        name, kind, at = data[at + 1 : name_end].decode("utf-8", "replace"), data[name_end : name_end + 1], name_end + 1
        if kind in (b"\x06", b"\x07"):  # bytes, a string; every header these services send is a string
            size = int.from_bytes(data[at : at + 2])
            if kind == b"\x07":
                yield name, data[at + 2 : at + 2 + size].decode("utf-8", "replace")
            at += 2 + size
        elif kind and kind[0] in _SIZES:
            at += _SIZES[kind[0]]
        else:
            return


_PRELUDE = struct.Struct(">III")
_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Bytes by header type: true, false, byte, short, integer, long, timestamp, UUID."""
