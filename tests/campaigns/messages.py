"""What requests and responses have in common, and random pieces of both."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Sequence
from random import Random

import brotli
import zstandard

from tests.proxy.framing import Fields

__all__ = ["a_body", "a_coding", "chunks", "cut", "fields", "lines", "some_cuts", "some_fields"]

CODINGS: dict[bytes, Callable[[bytes], bytes]] = {
    b"gzip": gzip.compress,
    b"deflate": zlib.compress,
    b"br": lambda body: brotli.compress(body, quality=4),
    b"zstd": zstandard.compress,
}
SIZES = {0: 3, 1: 2, 20: 6, 300: 6, 5_000: 4, 70_000: 1, 300_000: 0.2, 1_500_000: 0.04}
"""How often bodies are about so large."""
_MANY = 10
_NAMES = b"x-a X-Odd-CASE x_under x.dot !#$%&'*+^`|~ X-Trace-Thing x-content-length x-transfer-encoding link LOCATION"
_LETTERS = bytes(range(0x21, 0x7F))
_LATIN = bytes([*range(0x21, 0x7F), *range(0xA0, 0x100)])


def a_body(chance: Random) -> bytes:
    """Return JSON, an event stream, or bytes of any kind; often small, now and then large."""
    size = chance.choices(list(SIZES), list(SIZES.values()))[0]
    size = size and chance.randint(size // 2, size * 2)
    kind = chance.choice(("json", "events", "binary"))
    if kind == "binary":
        return Random(chance.getrandbits(32)).randbytes(size)
    if kind == "json":
        return json.dumps({"model": "gpt-4o", "text": "wörd " * (size // 6)}, ensure_ascii=False).encode() * (size > 0)
    event = b'data: {"choices":[{"delta":{"content":"hi"}}]}\n\n'
    return event * (size // len(event)) + (b"data: [DONE]\n\n" if size else b"")


def a_coding(chance: Random, body: bytes) -> tuple[Fields, bytes]:
    """Return the headers that say how a body is encoded, and the encoded body; some say so and lie."""
    coding = chance.choice((None, None, None, *CODINGS))
    if coding is None:
        return (), body
    return ((b"content-encoding", coding),), body if chance.random() < 0.1 else CODINGS[coding](body)


def some_fields(chance: Random, known: Sequence[tuple[bytes, bytes]]) -> Fields:
    """Return headers of both kinds, in any order: `known` ones, and ones that nobody has thought of."""
    found = chance.choices(known, k=chance.randint(0, 4))
    for _ in range(chance.choice((0, 0, 1, 2, 5))):
        found.append((chance.choice(_NAMES.split()), _a_value(chance)))
    if chance.random() < 0.1:
        found += [(b"connection", b"x-Hop, keep-alive"), (b"X-hop", b"1"), (b"keep-alive", b"timeout=5")]
    chance.shuffle(found)
    return tuple(found)


def _a_value(chance: Random) -> bytes:
    size, letters = chance.choice(((0, _LETTERS), (5, _LETTERS), (5, _LATIN), (40, _LATIN), (3_000, _LETTERS)))
    bulk = Random(chance.getrandbits(32))
    words = bytes(bulk.choices(letters, k=size))
    return words if not words or chance.random() < 0.7 else words[: size // 2] + b" \t " + words[size // 2 :]


def chunks(chance: Random, body: bytes) -> tuple[bytes, ...]:
    """Cut a body into what will be its chunks, none of them empty."""
    if not body:
        return ()
    number = chance.choice((0, 1, 2, 9))
    cuts = sorted({chance.randint(1, len(body)) for _ in range(number)} | {len(body)})
    return tuple(body[start:end] for start, end in zip([0, *cuts], cuts, strict=False))


def lines(pieces: Sequence[bytes], extension: bytes, trailers: Fields) -> bytes:
    """Return chunks as they go over the wire, with the last one and the trailers behind it."""
    told = [b"%x%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces]
    return b"".join([*told, b"0" + extension + b"\r\n", fields(trailers), b"\r\n"])


def fields(headers: Fields) -> bytes:
    """Return headers as they go over the wire."""
    return b"".join(b"%s: %s\r\n" % header for header in headers)


def some_cuts(chance: Random, size: int) -> tuple[int, ...]:
    """Say where bytes are cut for sending: nowhere, in some places, or, if they are few, behind every one."""
    if size < 600 and chance.random() < 0.1:
        return tuple(range(1, size))
    return tuple(sorted(chance.randint(0, size) for _ in range(chance.choice((0, 0, 1, 2, 6)))))


def cut(wire: bytes, cuts: Sequence[int], pause_s: float) -> tuple[bytes | float, ...]:
    """Return the pieces, with pauses between them where they are few."""
    steps: list[bytes | float] = []
    pause_s = pause_s if len(cuts) < _MANY else 0.0
    for start, end in zip((0, *cuts), (*cuts, len(wire)), strict=True):
        steps += [wire[start:end], pause_s] if pause_s else [wire[start:end]]
    return tuple(step for step in steps if step != b"")
