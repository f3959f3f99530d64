"""How an exchange is kept: compressed as a whole, exact, with the number of the codec that did it.

Inside are three parts after their lengths: a head of JSON, the request's body, the response's. One piece packs better
than three, as answers repeat the words of their prompts.
Codec 1 is Zstandard (RFC 8878) with `dictionary-1.txt` as a raw-content dictionary: what every provider's JSON
repeats, which is most of a short exchange, and words of English. Codec 2 is the same with what was said before behind
the dictionary: an answer repeats the words of its conversation. A codec's dictionary never changes; a better one would
be codecs 3 and 4.
"""

from __future__ import annotations

import json
import struct
import threading
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from io import BytesIO
from itertools import accumulate, pairwise
from typing import Any

import msgspec
import zstandard

from audit.call import Arrival, Exchange

__all__ = ["CODEC", "CONTEXT_BYTES", "codec_for", "pack", "pack_exchange", "unpack", "unpack_exchange"]

CODEC = 1
IN_CONTEXT = 2
CONTEXT_BYTES = 16 * 1024
Octets = bytes | memoryview
_BRIEF = zstandard.ZstdCompressionParameters.from_level(3)
"""For less than `_LONG` bytes, where it takes no time: of such a chat level 2 leaves a tenth more."""
_QUICK = zstandard.ZstdCompressionParameters.from_level(2)
"""For more, as most calls are: 17 µs a call of 4 KB, for 27 of level 3 and 53 of the next; it takes 1 % more room than
the one and 4 to 6 % more than the other."""
_LONG = 2 * 1024
_DENSE = zstandard.ZstdCompressionParameters(
    strategy=zstandard.STRATEGY_LAZY, window_log=19, hash_log=16, chain_log=16, search_log=3, min_match=5
)
"""As level 6 for small data, but meant for a dictionary; for what is packed behind what was said before."""
_LARGE = 1024 * 1024
"""From how many bytes on parts are packed one after another: their sum would be in memory once more."""
_encode = msgspec.json.Encoder().encode
_LENGTHS = struct.Struct("<II")
"""Bytes of the head and of the request's body."""


def codec_for(context: bytes) -> int:
    """Return the codec that `pack` uses with a context, or without one."""
    return IN_CONTEXT if context else CODEC


def pack(*parts: Octets, context: bytes = b"") -> bytes:
    """Return what the parts are in a row, packed by the current codec; with `context`, what comes before them.

    Of the context the last `CONTEXT_BYTES` count, and whoever unpacks must give the same.
    """
    size = sum(map(len, parts))
    packer = _InContext(context).packer() if context else _codec().packer_for(size)
    if size < _LARGE:
        return packer.compress(b"".join(parts))
    packed = BytesIO()
    with packer.stream_writer(packed, size=size, closefd=False) as writer:
        for part in parts:
            writer.write(part)
    return packed.getvalue()


def unpack(data: bytes, codec: int, context: bytes = b"") -> bytes:
    """Return what `pack` was given; raise `ValueError` for an unknown codec, broken data, or another context."""
    if codec not in (CODEC, IN_CONTEXT):
        raise ValueError(f"codec {codec} is not known to this version")
    unpacker = _codec().unpacker if codec == CODEC else _InContext(context).unpacker()
    try:
        return unpacker.decompress(data)
    except zstandard.ZstdError as exc:
        raise ValueError(f"broken packed data: {exc}") from exc


def pack_exchange(
    exchange: Exchange, request: Sequence[Octets], response: Sequence[Octets], context: bytes = b""
) -> bytes:
    """Return what of an exchange is in no column of its own, packed; of its bodies what is in no part of its own."""
    head = {
        "method": exchange.method,
        "url": exchange.url,
        "request_headers": exchange.request_headers,
        "response_headers": exchange.response_headers,
        "failure": exchange.failure,
        "arrivals": _steps(exchange.arrivals),
    }
    packed_head = _json(head)
    lengths = _LENGTHS.pack(len(packed_head), sum(map(len, request)))
    return pack(lengths, packed_head, *request, *response, context=context)


def unpack_exchange(data: bytes, codec: int, context: bytes = b"") -> dict[str, Any]:
    """Return what `pack_exchange` packed, as fields of an `Exchange`; raise `ValueError` as `unpack` does.

    The bodies lack what stands in parts of its own.
    """
    content = unpack(data, codec, context)
    head_length, request_length = _LENGTHS.unpack_from(content)
    body_at = _LENGTHS.size + head_length
    head = json.loads(content[_LENGTHS.size : body_at])
    return {
        "method": head["method"],
        "url": head["url"],
        "request_headers": tuple((name, value) for name, value in head["request_headers"]),
        "response_headers": tuple((name, value) for name, value in head["response_headers"]),
        "failure": head["failure"],
        "arrivals": _marks(head["arrivals"]),
        "request_body": content[body_at : body_at + request_length],
        "response_body": content[body_at + request_length :],
    }


def _json(head: dict[str, Any]) -> bytes:
    try:
        return _encode(head)
    except UnicodeEncodeError:  # lone surrogates, which `json` has as escapes
        return json.dumps(head, separators=(",", ":")).encode()


def _steps(arrivals: tuple[Arrival, ...]) -> list[int]:
    """Each arrival as its distance from the one before: shorter than the arrivals themselves."""
    pairs = pairwise((Arrival(0, 0), *arrivals))
    return [step for old, new in pairs for step in (new.received - old.received, new.at_us - old.at_us)]


def _marks(steps: list[int]) -> tuple[Arrival, ...]:
    received, times = accumulate(steps[::2]), accumulate(steps[1::2])
    return tuple(Arrival(size, at_us) for size, at_us in zip(received, times, strict=True))


class _Codec(threading.local):
    """Zstandard's contexts may not be used by two threads at once."""

    def __init__(self) -> None:
        dictionary = zstandard.ZstdCompressionDict(_dictionary(), dict_type=zstandard.DICT_TYPE_RAWCONTENT)
        self._brief = zstandard.ZstdCompressor(compression_params=_BRIEF, dict_data=dictionary)
        self._quick = zstandard.ZstdCompressor(compression_params=_QUICK, dict_data=dictionary)
        self.unpacker = zstandard.ZstdDecompressor(dict_data=dictionary)

    def packer_for(self, size: int) -> zstandard.ZstdCompressor:
        """Return what packs so many bytes."""
        return self._brief if size < _LONG else self._quick


class _InContext:
    """The codec with a context, for one use."""

    def __init__(self, context: bytes) -> None:
        known = _dictionary() + context[-CONTEXT_BYTES:]
        self._dictionary = zstandard.ZstdCompressionDict(known, dict_type=zstandard.DICT_TYPE_RAWCONTENT)

    def packer(self) -> zstandard.ZstdCompressor:
        return zstandard.ZstdCompressor(compression_params=_DENSE, dict_data=self._dictionary)

    def unpacker(self) -> zstandard.ZstdDecompressor:
        return zstandard.ZstdDecompressor(dict_data=self._dictionary)


@cache
def _dictionary() -> bytes:
    return files(__package__).joinpath(f"dictionary-{CODEC}.txt").read_bytes()


@cache
def _codec() -> _Codec:
    return _Codec()
