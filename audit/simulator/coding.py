"""Bodies in the content codings of HTTP, a piece at a time."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Protocol

import brotli
import zstandard

__all__ = ["Coder", "accepted", "coder", "decoded"]


class Coder(Protocol):
    """Encodes a body; what comes out for a piece can be decoded without waiting for the next."""

    def push(self, data: bytes) -> bytes: ...

    def end(self) -> bytes: ...


def accepted(codings: Sequence[str], accept_encoding: str) -> list[str]:
    """Return the codings that an Accept-Encoding header allows."""
    offers = {}
    for offer in accept_encoding.lower().split(","):
        name, _, weight = offer.partition(";")
        offers[name.strip()] = weight.replace(" ", "") not in ("q=0", "q=0.0")
    return [coding for coding in codings if offers.get(coding, offers.get("*", False))]


def coder(codings: Sequence[str]) -> Coder:
    """Return a coder that applies the codings in their order; none leaves bytes as they are."""
    return _Chain([_CODERS[name]() for name in codings])


def decoded(body: bytes, content_encoding: str) -> bytes:
    """Return a request's body as it was before it was encoded; raise `ValueError` where that cannot be."""
    for name in reversed([part.strip() for part in content_encoding.lower().split(",") if part.strip()]):
        try:
            body = _undone(name, body)
        except (zlib.error, brotli.error, zstandard.ZstdError) as exc:
            raise ValueError(f"the body is not {name}: {exc}") from exc
    return body


def _undone(name: str, body: bytes) -> bytes:
    if name in ("gzip", "deflate"):
        return zlib.decompress(body, wbits=47 if name == "gzip" else zlib.MAX_WBITS)
    if name == "br":
        plain: bytes = brotli.decompress(body)
        return plain
    if name == "zstd":
        return zstandard.ZstdDecompressor().decompressobj().decompress(body)
    raise ValueError(f"the body is encoded with {name}, which is not known here")


class _Zlib:
    def __init__(self, wbits: int) -> None:
        self._stream = zlib.compressobj(wbits=wbits)

    def push(self, data: bytes) -> bytes:
        return self._stream.compress(data) + self._stream.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        return self._stream.flush()


class _Brotli:
    def __init__(self) -> None:
        self._stream = brotli.Compressor(quality=4)

    def push(self, data: bytes) -> bytes:
        coded: bytes = self._stream.process(data) + self._stream.flush()
        return coded

    def end(self) -> bytes:
        last: bytes = self._stream.finish()
        return last


class _Zstd:
    def __init__(self) -> None:
        self._stream = zstandard.ZstdCompressor().compressobj()

    def push(self, data: bytes) -> bytes:
        return self._stream.compress(data) + self._stream.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)

    def end(self) -> bytes:
        return self._stream.flush(zstandard.COMPRESSOBJ_FLUSH_FINISH)


class _Chain:
    def __init__(self, coders: Sequence[Coder]) -> None:
        self._coders = coders

    def push(self, data: bytes) -> bytes:
        for one in self._coders:
            data = one.push(data)
        return data

    def end(self) -> bytes:
        data = b""
        for one in self._coders:
            data = (one.push(data) if data else b"") + one.end()
        return data


_CODERS: dict[str, Callable[[], Coder]] = {
    "gzip": lambda: _Zlib(31),
    "deflate": lambda: _Zlib(zlib.MAX_WBITS),
    "br": _Brotli,
    "zstd": _Zstd,
}
