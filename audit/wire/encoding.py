"""Content encoding undone, within bounds, keeping track of what arrived when.

RFC 9110 §8.4: encodings are listed in the order they were applied, so they are undone from the last.
"""

from __future__ import annotations

import zlib
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

import brotli
import zstandard

__all__ = ["MAX_DECODED", "Decoded", "decode"]

MAX_DECODED = 64 * 1024 * 1024
"""Bytes one body may unpack to: above any real reply (the largest images are near 40 MB), below harm."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A body with its encodings undone as far as possible; `problem` says what stopped that."""

    body: bytes
    problem: str | None = None
    marks: tuple[tuple[int, int], ...] = ()
    """(bytes received, bytes decoded from them), rising: where in the plain body each arrival ended."""

    def received_for(self, offset: int) -> int:
        """Return how many received bytes it took for `offset` plain bytes to be there."""
        if not self.marks:
            return offset
        index = bisect_left(self.marks, offset, key=lambda mark: mark[1])
        return self.marks[min(index, len(self.marks) - 1)][0]


def decode(body: bytes, encoding: str, *, cuts: tuple[int, ...] = (), limit: int = MAX_DECODED) -> Decoded:
    """Undo `encoding`, a Content-Encoding value, and say where each of `cuts` (received bytes) falls then."""
    names = [name.strip().lower() for name in encoding.split(",")]
    names = [name for name in names if name not in ("", "identity")]
    if not names or not body:
        return Decoded(body)
    if len(names) > _MOST_ENCODINGS:
        return Decoded(b"", f"{len(names)} content encodings")
    unknown = [name for name in names if name not in _UNPACKERS]
    if unknown:
        return Decoded(b"", f"unknown content encoding {unknown[0][:40]!r}")
    ends = _ends(range(0, len(body), _SLICE), cuts, len(body))
    decoded = _decode(body, names, ends, limit)
    if decoded.problem and decoded.problem.startswith(_BROKEN):
        # A decoder gives nothing of a piece that breaks inside, so the piece in question goes in byte by byte.
        sound = decoded.marks[-1][0] if decoded.marks else 0
        decoded = _decode(body, names, _ends(range(sound, sound + _SLICE), ends, len(body)), limit)
    return decoded


def _ends(steps: Iterable[int], cuts: Iterable[int], size: int) -> list[int]:
    return sorted({*(at for at in chain(steps, cuts) if 0 < at < size), size})


class _Unpacker(Protocol):
    """Undoes one encoding as bytes come."""

    def unpack(self, data: bytes, most: int) -> bytes:
        """Return the plain bytes of `data`; if there are more than `most`, somewhat more than `most`."""
        ...

    @property
    def finished(self) -> bool:
        """Whether the packed bytes have come to their own end."""
        ...


def _decode(body: bytes, names: list[str], ends: list[int], limit: int) -> Decoded:
    unpackers = [_UNPACKERS[name]() for name in reversed(names)]
    plain: list[bytes] = []
    marks: list[tuple[int, int]] = []
    size = start = 0
    for end in ends:
        try:
            piece = _unpacked(body[start:end], unpackers, limit - size)
        except (zlib.error, brotli.error, zstandard.ZstdError) as exc:
            problem = f"{_BROKEN} after {size} plain bytes: {str(exc)[:80]}"
            return Decoded(b"".join(plain), problem, tuple(marks))
        plain.append(piece[: limit - size])
        if len(piece) > limit - size:
            return Decoded(b"".join(plain), f"unpacks to more than {limit} bytes", tuple(marks))
        size += len(piece)
        start = end
        marks.append((end, size))
    whole = all(unpacker.finished for unpacker in unpackers)
    return Decoded(b"".join(plain), None if whole else "content encoding ends early", tuple(marks))


def _unpacked(piece: bytes, unpackers: list[_Unpacker], most: int) -> bytes:
    """Return the plain bytes of a piece, or more than `most` of anything when it is more at any stage."""
    for unpacker in unpackers:
        piece = unpacker.unpack(piece, most)
        if len(piece) > most:
            break
    return piece


class _Zlib:
    """gzip (window 31) and the two kinds of deflate: RFC 9110's zlib format (15), and the bare one (-15)."""

    def __init__(self, window: int | None) -> None:
        self._window = window
        self._decoder = None if window is None else zlib.decompressobj(window)

    def unpack(self, data: bytes, most: int) -> bytes:
        if self._decoder is None:
            if not data:
                return b""
            self._window = 15 if data[0] & 0x0F == zlib.DEFLATED else -15
            self._decoder = zlib.decompressobj(self._window)
        out = bytearray()
        while data and len(out) <= most:
            if self._decoder.eof:
                if self._window != _GZIP or data[:1] != _GZIP_MAGIC:
                    break  # gzip members come in a row; anything else behind the end is no part of it, as for curl
                self._decoder = zlib.decompressobj(_GZIP)
            out += self._decoder.decompress(data, most + 1 - len(out))
            data = self._decoder.unused_data
        return bytes(out)

    @property
    def finished(self) -> bool:
        return self._decoder is not None and self._decoder.eof


class _Brotli:
    def __init__(self) -> None:
        self._decoder = brotli.Decompressor()

    def unpack(self, data: bytes, most: int) -> bytes:
        if self._decoder.is_finished():
            return b""  # what stands behind the end is no part of it
        out = bytearray(self._decoder.process(data, output_buffer_limit=_STEP))
        # can_accept_more_data() may be true while there is more to come out of what it has.
        while len(out) <= most and (more := self._decoder.process(b"", output_buffer_limit=_STEP)):
            out += more
        return bytes(out)

    @property
    def finished(self) -> bool:
        return bool(self._decoder.is_finished())


class _Zstd:
    def __init__(self) -> None:
        self._packed = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        self._decoder = self._packed.decompressobj(read_across_frames=False)

    def unpack(self, data: bytes, most: int) -> bytes:
        out = bytearray()
        # decompressobj() takes no limit, and 4 bytes can hold 128 KB: slices bound what one call makes.
        pending = [data[at : at + _ZSTD_SLICE] for at in range(0, len(data), _ZSTD_SLICE)][::-1]
        while pending and len(out) <= most:
            if self._decoder.eof:
                self._decoder = self._packed.decompressobj(read_across_frames=False)
            out += self._decoder.decompress(pending.pop())
            if self._decoder.eof and self._decoder.unused_data:
                pending.append(self._decoder.unused_data)
        return bytes(out)

    @property
    def finished(self) -> bool:
        return bool(self._decoder.eof)


_BROKEN = "broken content encoding"
_SLICE = 4096
"""Packed bytes taken at once: bounds what a decoder makes of them, and copies behind the end of a gzip member."""
_GZIP = 31
_GZIP_MAGIC = b"\x1f"
_STEP = 1 << 20
_ZSTD_SLICE = 256
_ZSTD_WINDOW = 1 << 27
"""RFC 8878 lets a decoder refuse windows above 8 MB; browsers take 128 MB."""
_MOST_ENCODINGS = 4
_UNPACKERS: dict[str, Callable[[], _Unpacker]] = {
    "gzip": lambda: _Zlib(_GZIP),
    "x-gzip": lambda: _Zlib(_GZIP),
    "deflate": lambda: _Zlib(None),
    "br": _Brotli,
    "zstd": _Zstd,
}
