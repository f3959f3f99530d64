"""How an exchange's bytes are kept: compressed, exact, with the number of the codec that made them.

Codec 1 is Zstandard (RFC 8878) with `dictionary-1.txt` as a raw-content dictionary: the words that every provider's
JSON repeats, which are most of a short exchange. A codec's dictionary never changes; a better one is codec 2.
"""

from __future__ import annotations

import json
import threading
from functools import cache
from importlib.resources import files
from typing import Any

import zstandard

from audit.call import Arrival, Exchange

__all__ = ["CODEC", "pack", "pack_head", "unpack", "unpack_head"]

CODEC = 1
_LEVEL = 3


def pack(data: bytes) -> bytes:
    """Return `data` packed by the current codec."""
    return _codec().packer.compress(data) if data else b""


def unpack(data: bytes, codec: int) -> bytes:
    """Return what `pack` was given; raise `ValueError` for an unknown codec or broken data."""
    if codec != CODEC:
        raise ValueError(f"codec {codec} is not known to this version")
    try:
        return _codec().unpacker.decompress(data) if data else b""
    except zstandard.ZstdError as exc:
        raise ValueError(f"broken packed data: {exc}") from exc


def pack_head(exchange: Exchange) -> bytes:
    """Return what of an exchange is in no column of its own, packed."""
    head = {
        "method": exchange.method,
        "url": exchange.url,
        "request_headers": exchange.request_headers,
        "response_headers": exchange.response_headers,
        "failure": exchange.failure,
        "arrivals": [part for mark in exchange.arrivals for part in (mark.received, mark.at_us)],
    }
    return pack(json.dumps(head, separators=(",", ":")).encode())


def unpack_head(data: bytes, codec: int) -> dict[str, Any]:
    """Return what `pack_head` packed, as fields of an `Exchange`."""
    head = json.loads(unpack(data, codec))
    marks = iter(head["arrivals"])
    return {
        "method": head["method"],
        "url": head["url"],
        "request_headers": tuple((name, value) for name, value in head["request_headers"]),
        "response_headers": tuple((name, value) for name, value in head["response_headers"]),
        "failure": head["failure"],
        "arrivals": tuple(Arrival(received, at_us) for received, at_us in zip(marks, marks, strict=True)),
    }


class _Codec(threading.local):
    """Zstandard's contexts may not be used by two threads at once."""

    def __init__(self) -> None:
        content = files(__package__).joinpath(f"dictionary-{CODEC}.txt").read_bytes()
        dictionary = zstandard.ZstdCompressionDict(content, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
        self.packer = zstandard.ZstdCompressor(level=_LEVEL, dict_data=dictionary)
        self.unpacker = zstandard.ZstdDecompressor(dict_data=dictionary)


@cache
def _codec() -> _Codec:
    return _Codec()
