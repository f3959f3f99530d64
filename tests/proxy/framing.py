"""HTTP/1.1 messages read strictly off a socket: an opinion of our own on what is one, and where it ends."""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["BodyEnd", "Broken", "Ending", "Fields", "Incoming", "body_end", "values"]

Fields = tuple[tuple[bytes, bytes], ...]
"""Names as they were written, and values without the blanks around them."""


class Ending(StrEnum):
    """How a message ended."""

    COMPLETE = "complete"
    CUT = "cut"
    """The connection was closed before the message's end."""
    RESET = "reset"
    """The connection was broken off."""
    MALFORMED = "malformed"
    OPEN = "open"
    """Nothing more came for as long as we waited."""


class Broken(Exception):
    """The message does not come to its end."""

    def __init__(self, ending: Ending, why: str = "") -> None:
        super().__init__(f"{ending}: {why}")
        self.ending = ending
        self.why = why


@dataclass(frozen=True, slots=True)
class BodyEnd:
    """Where a body ends: after so many bytes, with the last chunk, or where the connection does (neither)."""

    length: int | None = None
    chunked: bool = False


class Incoming:
    """What comes over a connection, by lines and by counts of bytes."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = bytearray()
        self.raw = bytearray()
        """All that was read of this message, as it came. Whoever begins a message clears it."""
        self.first_at: float | None = None
        """When the first byte of this message came, by the monotonic clock."""

    def begin(self) -> None:
        """Begin a message."""
        self.raw.clear()
        self.first_at = time.monotonic() if self._buffer else None

    @property
    def ahead(self) -> bytes:
        """What has come already and is not read."""
        return bytes(self._buffer)

    def line(self) -> bytes:
        """Return a line without its end, which is CR LF and nothing else."""
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > _LONGEST_LINE:
                raise Broken(Ending.MALFORMED, "endless line")
            self._receive()
        line = self._take(end + 1)
        if not line.endswith(b"\r\n") or b"\r" in line[:-2] or b"\0" in line:
            raise Broken(Ending.MALFORMED, f"line {line[:80]!r}")
        return line[:-2]

    def fields(self) -> Fields:
        """Return header or trailer fields, to the empty line."""
        found = []
        while line := self.line():
            name, colon, value = line.partition(b":")
            if not colon or not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
                raise Broken(Ending.MALFORMED, f"field {line[:80]!r}")
            found.append((name, value.strip(b" \t")))
        return tuple(found)

    def body(self, end: BodyEnd, sink: bytearray) -> Fields:
        """Put the body into `sink` as it comes; return the trailers."""
        if end.chunked:
            return self._chunks(sink)
        if end.length is not None:
            self._counted(end.length, sink)
        else:
            self._to_the_end(sink)
        return ()

    def rest(self) -> tuple[bytes, Ending]:
        """Return what else comes until the connection ends, or nothing more comes; and which of the two."""
        sink = bytearray()
        try:
            self._to_the_end(sink)
        except Broken as exc:
            return bytes(sink), exc.ending
        return bytes(sink), Ending.CUT

    def _chunks(self, sink: bytearray) -> Fields:
        while True:
            match = _CHUNK.fullmatch(line := self.line())
            if match is None:
                raise Broken(Ending.MALFORMED, f"chunk {line[:80]!r}")
            if not (size := int(match[1], 16)):
                return self.fields()
            self._counted(size, sink)
            if line := self.line():
                raise Broken(Ending.MALFORMED, f"after a chunk: {line[:80]!r}")

    def _counted(self, count: int, sink: bytearray) -> None:
        while count:
            if not self._buffer:
                self._receive()
            piece = self._take(min(count, len(self._buffer)))
            sink += piece
            count -= len(piece)

    def _to_the_end(self, sink: bytearray) -> None:
        while True:
            sink += self._take(len(self._buffer))
            try:
                self._receive()
            except Broken as exc:
                if exc.ending is Ending.CUT:
                    return
                raise

    def _take(self, count: int) -> bytes:
        piece = bytes(self._buffer[:count])
        del self._buffer[:count]
        self.raw += piece
        return piece

    def _receive(self) -> None:
        try:
            piece = self._connection.recv(65_536)
        except TimeoutError:
            raise Broken(Ending.OPEN) from None
        except OSError:
            raise Broken(Ending.RESET) from None
        if not piece:
            raise Broken(Ending.CUT)
        if self.first_at is None:
            self.first_at = time.monotonic()
        self._buffer += piece


def values(fields: Fields, name: bytes) -> list[bytes]:
    """Return the values of a field, in order."""
    return [value for other, value in fields if other.lower() == name]


def body_end(fields: Fields) -> BodyEnd | None:
    """Return where the fields say that the body ends, None if they say nothing; they must not say two things."""
    lengths, codings = values(fields, b"content-length"), values(fields, b"transfer-encoding")
    if codings:
        if lengths or [coding.lower() for coding in codings] != [b"chunked"]:
            raise Broken(Ending.MALFORMED, f"transfer-encoding {codings}, content-length {lengths}")
        return BodyEnd(chunked=True)
    if not lengths:
        return None
    if len(lengths) > 1 or not _DIGITS.fullmatch(lengths[0]):
        raise Broken(Ending.MALFORMED, f"content-length {lengths}")
    return BodyEnd(length=int(lengths[0]))


_LONGEST_LINE = 1_000_000
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?")
_DIGITS = re.compile(rb"[0-9]{1,18}")
