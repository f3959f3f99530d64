"""Ways to damage an exchange. Each takes it, chance, and any other exchange, and returns one that is worse."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable
from dataclasses import replace
from random import Random

import brotli
import zstandard

from audit.call import Arrival, Ending, Exchange, Headers
from tests.campaigns.structure import with_another_value

__all__ = ["MUTATIONS", "RARE", "Mutation"]

Mutation = Callable[[Exchange, Random, Exchange], Exchange]
Damage = Callable[[bytes, Random, bytes], bytes]


def _truncated(body: bytes, chance: Random, _other: bytes) -> bytes:
    return body[: _place(body, chance)]


def _flipped(body: bytes, chance: Random, _other: bytes) -> bytes:
    damaged = bytearray(body)
    for _ in range(chance.randint(1, 20) if damaged else 0):
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def _shortened(body: bytes, chance: Random, _other: bytes) -> bytes:
    start, end = sorted((_place(body, chance), _place(body, chance)))
    return body[:start] + body[end:]


def _repeated(body: bytes, chance: Random, _other: bytes) -> bytes:
    start, end = sorted((_place(body, chance), _place(body, chance)))
    return body[:end] + body[start:end] * chance.randint(1, 5) + body[end:]


def _spliced(body: bytes, chance: Random, other: bytes) -> bytes:
    return body[: _place(body, chance)] + other[_place(other, chance) :]


def _followed(body: bytes, _chance: Random, other: bytes) -> bytes:
    return body + other


def _inserting(*pieces: bytes) -> Damage:
    """Return what puts one of the pieces into a body, at one place or at several."""

    def inserted(body: bytes, chance: Random, _other: bytes) -> bytes:
        for _ in range(chance.randint(1, 3)):
            at = _place(body, chance)
            body = body[:at] + chance.choice(pieces) + body[at:]
        return body

    return inserted


def _in_strings(*pieces: bytes) -> Damage:
    """Return what puts one of the pieces behind a quotation mark, where JSON takes it for text."""

    def inserted(body: bytes, chance: Random, _other: bytes) -> bytes:
        marks = [match.end() for match in re.finditer(rb'"', body)]
        at = chance.choice(marks) if marks else 0
        return body[:at] + chance.choice(pieces) + body[at:]

    return inserted


def _for_numbers(*pieces: bytes) -> Damage:
    """Return what writes one of the pieces in the place of a number."""

    def exchanged(body: bytes, chance: Random, _other: bytes) -> bytes:
        numbers = list(re.finditer(rb"(?<=[:\[, ])-?\d[\d.eE+-]*+", body))
        for found in sorted(chance.sample(numbers, min(len(numbers), 3)), key=lambda match: -match.start()):
            body = body[: found.start()] + chance.choice(pieces) + body[found.end() :]
        return body

    return exchanged


def _nested(body: bytes, chance: Random, _other: bytes) -> bytes:
    depth = chance.choice((500, 990, 10_000))
    opening, closing = chance.choice(((b"[", b"]"), (b'{"a":', b"}"), (b'{"content":[', b"]}")))
    deep = opening * depth + b"1" + closing * depth * chance.randint(0, 1)
    values = list(re.finditer(rb'(?<=:)\s*(?:"[^"\\]*+"|\d++|null|true|false)', body))
    if not values or chance.random() < 0.2:
        return deep
    found = chance.choice(values)
    return body[: found.start()] + deep + body[found.end() :]


def _line_ends(body: bytes, chance: Random, _other: bytes) -> bytes:
    ends = chance.choice(((b"\r\n",), (b"\r",), (b"\r\n", b"\r", b"\n")))
    return re.sub(rb"\r\n|\n|\r", lambda _match: chance.choice(ends), body)


def _empty(_body: bytes, chance: Random, _other: bytes) -> bytes:
    return chance.choice(_NOTHING)


def _random(_body: bytes, chance: Random, _other: bytes) -> bytes:
    return chance.randbytes(chance.randint(1, 3000))


def _another_value(body: bytes, chance: Random, _other: bytes) -> bytes:
    return with_another_value(body, chance)


def _large(body: bytes, chance: Random, _other: bytes) -> bytes:
    """10 MB: the same again and again, or one very long text."""
    if chance.random() < 0.5:
        return (body or b"x") * (10_000_000 // max(len(body), 1))
    marks = [match.end() for match in re.finditer(rb'"', body)]
    at = chance.choice(marks) if marks else 0
    return body[:at] + chance.choice((b"long ", b"x", b"\\u00e4", b"[")) * 2_000_000 + body[at:]


def _place(body: bytes, chance: Random) -> int:
    return chance.randint(0, len(body))


def _of_body(damage: Damage) -> Mutation:
    """Damage the reply, or sometimes the request."""

    def mutated(exchange: Exchange, chance: Random, other: Exchange) -> Exchange:
        if chance.random() < 0.25:
            return replace(exchange, request_body=damage(exchange.request_body, chance, other.request_body))
        return replace(exchange, response_body=damage(exchange.response_body, chance, other.response_body))

    return mutated


def _split(exchange: Exchange, chance: Random, _other: Exchange) -> Exchange:
    """Say that the reply came in pieces, cut anywhere; sometimes what is said makes no sense."""
    size = len(exchange.response_body) if chance.random() < 0.9 else 10**9
    cuts = sorted(chance.randint(0, size) for _ in range(chance.randint(1, 300)))
    times = sorted(chance.randint(0, 10**7) for _ in cuts)
    arrivals = tuple(Arrival(cut, at_us) for cut, at_us in zip(cuts, times, strict=True))
    return replace(exchange, arrivals=arrivals, first_byte_us=times[0], duration_us=times[-1])


def _content_type(exchange: Exchange, chance: Random, _other: Exchange) -> Exchange:
    return _with_header(exchange, "content-type", chance.choice(_TYPES), of_request=chance.random() < 0.25)


def _claimed_coding(exchange: Exchange, chance: Random, _other: Exchange) -> Exchange:
    coding = chance.choice((*_CODERS, "gzip, br", "x-unknown", "gzip," * 9, "\x00"))
    return _with_header(exchange, "content-encoding", coding, of_request=chance.random() < 0.25)


def _packed(exchange: Exchange, chance: Random, _other: Exchange) -> Exchange:
    coding = chance.choice(list(_CODERS))
    packed = replace(exchange, response_body=_CODERS[coding](exchange.response_body))
    return _with_header(packed, "content-encoding", coding)


def _packed_and_damaged(exchange: Exchange, chance: Random, other: Exchange) -> Exchange:
    packed = _packed(exchange, chance, other)
    damage = chance.choice((_truncated, _flipped, _shortened, _repeated, _spliced))
    return replace(packed, response_body=damage(packed.response_body, chance, other.response_body))


def _bomb(exchange: Exchange, chance: Random, _other: Exchange) -> Exchange:
    coding = chance.choice(list(_CODERS))
    filling = chance.choice((b"\x00", b" ", b"[", b'{"a":[', b"data: {}\n\n", b"{}\n", b"\r", b"data: [\r"))
    plain = exchange.response_body + filling * (80_000_000 // len(filling))
    return _with_header(replace(exchange, response_body=_CODERS[coding](plain)), "content-encoding", coding)


def _status(exchange: Exchange, chance: Random, _other: Exchange) -> Exchange:
    return replace(exchange, status=chance.choice(_STATUSES))


def _url(exchange: Exchange, chance: Random, other: Exchange) -> Exchange:
    made = chance.choice(
        (other.url, "", "http://[::1", "https://x/%00%ff%ed%a0%80", "x" * 5000, f"{exchange.url}?a=%00&a&=&;")
    )
    return replace(exchange, url=made)


def _headers(exchange: Exchange, chance: Random, _other: Exchange) -> Exchange:
    """Add headers in which providers tell figures and names, with other things in them."""
    names = chance.sample(_TELLING, 4)
    return replace(
        exchange,
        request_headers=(*exchange.request_headers, (chance.choice(_TELLING), chance.choice(_VALUES))),
        response_headers=(*exchange.response_headers, *((name, chance.choice(_VALUES)) for name in names)),
    )


def _ended(exchange: Exchange, chance: Random, _other: Exchange) -> Exchange:
    body = exchange.response_body[: _place(exchange.response_body, chance)]
    ending = chance.choice([ending for ending in Ending if ending is not Ending.EOF])
    failure = chance.choice((None, "httpx.ReadError: \ud800\x00", "x" * 1000))
    return replace(exchange, ending=ending, response_body=body, failure=failure)


def _with_header(exchange: Exchange, name: str, value: str, *, of_request: bool = False) -> Exchange:
    field = "request_headers" if of_request else "response_headers"
    headers: Headers = getattr(exchange, field)
    return replace(exchange, **{field: (*((key, one) for key, one in headers if key != name), (name, value))})


_TYPES = (
    "application/json",
    "text/event-stream",
    "application/x-ndjson",
    "application/vnd.amazon.eventstream",
    "text/html; charset=utf-16",
    "multipart/form-data; boundary=b",
    "multipart/form-data",
    "audio/mpeg",
    "image/png",
    "",
    "\x00;;=",
    "application/json; charset=\xff",
)
_TELLING = (
    "x-request-id",
    "request-id",
    "x-stainless-retry-count",
    "openai-processing-ms",
    "x-ratelimit-remaining-tokens",
    "x-amzn-bedrock-input-token-count",
    "x-amzn-bedrock-output-token-count",
    "x-amzn-bedrock-invocation-latency",
    "x-litellm-response-cost",
    "x-ms-rai-invoked",
    "date",
    "retry-after",
    "server-timing",
    "content-length",
    "x-envoy-upstream-service-time",
)
_NOTHING = (b"", b" ", b"\r\n\r\n", b"null", b"{}", b"[]", b"data:", b"data: [DONE]\n\n", b"\xef\xbb\xbf")
_STATUSES = (None, 0, 100, 200, 204, 302, 400, 401, 404, 413, 429, 500, 529, 999)
_VALUES = ("", "-1", "0", "9" * 400, "NaN", "1e999", "\x00", "\xff\xfe", "x" * 10_000, "[redacted]", "12.5", "٣")
_CODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda body: gzip.compress(body, mtime=0),
    "deflate": zlib.compress,
    "br": lambda body: brotli.compress(body, quality=1),
    "zstd": lambda body: zstandard.compress(body, 1),
}
MUTATIONS: dict[str, Mutation] = {
    "truncated": _of_body(_truncated),
    "bits flipped": _of_body(_flipped),
    "a part missing": _of_body(_shortened),
    "a part repeated": _of_body(_repeated),
    "two bodies spliced": _of_body(_spliced),
    "two bodies in a row": _of_body(_followed),
    "not UTF-8": _of_body(_inserting(b"\xff", b"\xc3\x28", b"\xf0\x9f", b"\xed\xa0\x80", b"\xfe\xff")),
    "NUL": _of_body(_inserting(b"\x00", b"\\u0000")),
    "lone surrogate": _of_body(_in_strings(rb"\ud800", rb"\udc00\ud800", b"\xed\xb0\x80")),
    "deeply nested": _of_body(_nested),
    "many digits": _of_body(_for_numbers(b"9" * 400, b"-" + b"1" * 400, b"1" * 5000, b"0." + b"3" * 400)),
    "not a number": _of_body(_for_numbers(b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1", b"1e400", b"1.5")),
    "another value": _of_body(_another_value),
    "other line ends": _of_body(_line_ends),
    "empty": _of_body(_empty),
    "random bytes": _of_body(_random),
    "split": _split,
    "another content type": _content_type,
    "another content coding": _claimed_coding,
    "packed": _packed,
    "packed and damaged": _packed_and_damaged,
    "another status": _status,
    "another address": _url,
    "odd headers": _headers,
    "cut off": _ended,
    "10 MB": _of_body(_large),
    "decompression bomb": _bomb,
}
RARE = {"10 MB": 0.02, "decompression bomb": 0.02, "another value": 5.0}
"""How often a mutation comes beside the others, where not once."""
