"""AWS event streams as sheets: each frame's payload, or the vendor's piece that Bedrock packs into it as base64.

A frame says its length and bears checksums, so one whose payload changes is made anew.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from audit.redaction.deltas import Deltas
from audit.redaction.json_texts import passages_of
from audit.redaction.passage import Passage
from audit.redaction.sheets import Sheets
from audit.wire.eventstream import read_messages

__all__ = ["aws_sheets"]


def aws_sheets(body: bytes) -> Sheets:
    """Return the payloads of all whole frames; a frame that is cut or broken is not read."""
    frames = list(_frames(body))
    return Sheets(
        texts=[frame.text for frame in frames],
        passages=list(_passages(frames)),
        places=[(frame.start, frame.end) for frame in frames],
        wrap=lambda number, text: frames[number].bearing(text),
    )


class _Frame(NamedTuple):
    start: int
    end: int
    head: bytes
    """Its headers, as they stand."""
    before: bytes
    """Of the payload, what stands before the text and behind it."""
    text: str
    behind: bytes
    packed: bool
    """Whether the text stands in base64."""

    def bearing(self, text: str) -> bytes:
        """Return the frame with another text."""
        content = text.encode("utf-8", "surrogateescape")
        payload = self.before + (base64.b64encode(content) if self.packed else content) + self.behind
        prelude = struct.pack(">II", _FIXED + len(self.head) + len(payload), len(self.head))
        frame = prelude + _sum(prelude) + self.head + payload
        return frame + _sum(frame)


def _frames(body: bytes) -> Iterator[_Frame]:
    start = 0
    for message in read_messages(body):
        head = body[start + _PRELUDE : message.end - _SUM - len(message.payload)]
        yield _Frame(start, message.end, head, *_unpacked(message.payload))
        start = message.end


def _unpacked(payload: bytes) -> tuple[bytes, str, bytes, bool]:
    match = _PACKED.search(payload)
    try:
        inner = base64.b64decode(match[1], validate=True) if match else b""
    except binascii.Error:
        inner = b""
    if match and inner:
        text = inner.decode("utf-8", "surrogateescape")
        return payload[: match.start(1)], text, payload[match.end(1) :], True
    return b"", payload.decode("utf-8", "surrogateescape"), b"", False


def _passages(frames: list[_Frame]) -> Iterator[Passage]:
    deltas = Deltas()
    for number, frame in enumerate(frames):
        if not deltas.add(frame.text, 0, number):
            yield from passages_of(frame.text, 0, number)
    yield from deltas.passages()


def _sum(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(_SUM)


_PRELUDE, _SUM = 12, 4
_FIXED = _PRELUDE + _SUM
_PACKED = re.compile(rb'^\s*\{\s*"bytes"\s*:\s*"([A-Za-z0-9+/]+=*)"')
