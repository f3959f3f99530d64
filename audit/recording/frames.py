"""The journal's frames: what a process writes down about its calls, each frame whole or not there.

A frame is `magic(3) kind(1) size(4) payload_crc32(4) crc32(4) payload`, little-endian, its second checksum that of the
12 bytes before it, so that a torn frame can be told from a damaged one. The payload is `head_size(4) head body`, the
head JSON. An intent says what is about to be sent, with the request's body; a finish says how it went, with the
response's body; pieces between them hold what a large body has had before its end; a loss counts exchanges that could
not be written. A reason, which only files of set-aside calls have, says why the call before it was refused. Format
version 1 is in the magic.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import chain
from typing import Any
from uuid import UUID

import msgspec

from audit.call import Arrival, Ending, Exchange, Headers, Origin, Tags
from audit.wire.redact import redact_keys

__all__ = [
    "FINISH",
    "INTENT",
    "LOSS",
    "PIECE",
    "REASON",
    "REQUEST",
    "RESPONSE",
    "Frame",
    "Loss",
    "encode",
    "encode_exchange",
    "exchange_of",
    "frame_size",
    "is_cut_short",
    "loss_of",
    "read_frames",
    "tags_told",
    "unknown_finish",
    "without_bodies",
]

INTENT, PIECE, FINISH, LOSS, REASON = b"I", b"P", b"F", b"L", b"R"
REQUEST, RESPONSE = "request", "response"
"""The sides that a piece can be of."""
_MAGIC = b"AJ1"
_LEAD = struct.Struct("<3scII")
_SIZE = _CHECKSUM = struct.Struct("<I")
_HEADER_SIZE = _LEAD.size + _CHECKSUM.size
_to_json = msgspec.json.Encoder().encode
_NO_TAGS = Tags()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, and where it ends in its segment."""

    kind: bytes
    head: dict[str, Any]
    body: bytes
    start: int
    end: int

    @property
    def id(self) -> str:
        return str(self.head["id"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Exchanges that happened and could not be recorded."""

    id: UUID
    at: datetime
    count: int
    reason: str


def encode(kind: bytes, head: dict[str, Any], body: bytes = b"") -> list[bytes]:
    """Return a frame as pieces to be written in a row."""
    packed = _packed(head)
    payload = _SIZE.pack(len(packed)) + packed
    lead = _LEAD.pack(_MAGIC, kind, len(payload) + len(body), zlib.crc32(body, zlib.crc32(payload)))
    return [lead + _CHECKSUM.pack(zlib.crc32(lead)) + payload, body]


def _packed(head: dict[str, Any]) -> bytes:
    """Return a head as JSON: on every call's path, where `json` would take six times as long."""
    try:
        return _to_json(head)
    except UnicodeEncodeError:  # lone surrogates, which `json` has as escapes
        return json.dumps(head, separators=(",", ":")).encode()


def encode_exchange(exchange: Exchange) -> list[bytes]:
    """Return a finished exchange as an intent and a finish."""
    intent = {
        "id": exchange.id.hex,
        "at": (exchange.started_at - _EPOCH) // timedelta(microseconds=1),
        "origin": exchange.origin.value,
        "method": exchange.method,
        "url": exchange.url,
        "headers": _told_headers(exchange.request_headers),
        "key": exchange.key_fingerprint,
        "tags": tags_told(exchange.tags),
    }
    finish = {
        "id": exchange.id.hex,
        "status": exchange.status,
        "headers": _told_headers(exchange.response_headers),
        "ending": exchange.ending.value,
        "failure": exchange.failure,
        "first_byte_us": exchange.first_byte_us,
        "duration_us": exchange.duration_us,
        "arrivals": [part for mark in exchange.arrivals for part in (mark.received, mark.at_us)],
        "request_size": 0,
    }
    return [*encode(INTENT, intent, exchange.request_body), *encode(FINISH, finish, exchange.response_body)]


def unknown_finish(exchange_id: str) -> dict[str, Any]:
    """Return the finish of which nothing is known: it makes of the exchange what the lack of any finish does."""
    told = dict.fromkeys(("status", "failure", "first_byte_us", "duration_us"))
    return {
        **told,
        "id": exchange_id,
        "headers": "",
        "ending": Ending.UNKNOWN.value,
        "arrivals": [],
        "request_size": 0,
    }


def without_bodies(finish: dict[str, Any]) -> dict[str, Any]:
    """Return what a finish tells where its bodies are not kept: how it went, but not that this is all that came."""
    return {**finish, "ending": Ending.UNKNOWN.value, "failure": None, "arrivals": [], "request_size": 0}


def tags_told(tags: Tags) -> dict[str, Any] | None:
    """Return tags as an intent tells them, keys that stand in them by mistake taken out; None when there are none."""
    if tags is _NO_TAGS or tags == _NO_TAGS:
        return None
    said = {name: value and redact_keys(value) for name, value in asdict(tags).items() if name != "labels"}
    return {**said, "labels": [(redact_keys(name), redact_keys(value)) for name, value in tags.labels]}


def read_frames(data: bytes, offset: int = 0) -> Iterator[Frame]:
    """Yield the whole frames of a segment's bytes, of which `data` begins at `offset`.

    Stops at the first that is torn or broken: nothing behind it is guessed at.
    """
    at = 0
    while (lead := _lead(data, at)) is not None:
        kind, size, checksum = lead
        start, end = at + _HEADER_SIZE, at + _HEADER_SIZE + size
        if end > len(data) or zlib.crc32(memoryview(data)[start:end]) != checksum:
            return
        try:
            body_start = start + _SIZE.size + _SIZE.unpack_from(data, start)[0]
            if body_start > end:
                return
            head = json.loads(data[start + _SIZE.size : body_start])
        except (struct.error, ValueError):  # sound, but not of our making
            return
        yield Frame(kind, head, data[body_start:end], offset + at, offset + end)
        at = end


def is_cut_short(rest: bytes) -> bool:
    """Whether what follows the last whole frame is nothing, or the beginning of one: an append that death cut off."""
    if len(rest) < _HEADER_SIZE:
        return _MAGIC.startswith(rest[: len(_MAGIC)])
    lead = _lead(rest, 0)
    return lead is not None and _HEADER_SIZE + lead[1] > len(rest)


def frame_size(data: bytes) -> int:
    """Return how many bytes the frame takes that begins here; 0 when none does, or too little of it is there."""
    lead = _lead(data, 0)
    return 0 if lead is None else _HEADER_SIZE + lead[1]


def _lead(data: bytes, at: int) -> tuple[bytes, int, int] | None:
    """Return kind, payload size and payload checksum of the frame at `at`; None when no sound one begins there."""
    end = at + _LEAD.size
    if len(data) < end + _CHECKSUM.size or zlib.crc32(data[at:end]) != _CHECKSUM.unpack_from(data, end)[0]:
        return None
    magic, kind, size, checksum = _LEAD.unpack_from(data, at)
    return (kind, size, checksum) if magic == _MAGIC else None


def exchange_of(intent: Frame, finish: Frame | None, pieces: Iterable[Frame] = ()) -> Exchange:
    """Return the exchange that an intent, the pieces behind it and a finish tell of.

    Without a finish, how it went is unknown, and the bodies are what the pieces hold.
    """
    head = intent.head
    start = {
        "id": UUID(head["id"]),
        "started_at": _EPOCH + timedelta(microseconds=head["at"]),
        "origin": Origin(head["origin"]),
        "method": head["method"],
        "url": head["url"],
        "request_headers": _headers(head["headers"]),
        "key_fingerprint": head["key"],
        "tags": _tags(head["tags"]),
    }
    if finish is None:
        request_body, response_body = _bodies(intent.body, pieces, b"", b"")
        return Exchange(**start, request_body=request_body, response_body=response_body, ending=Ending.UNKNOWN)
    told = finish.head
    split = told["request_size"]  # the part of a streamed request, which the intent could not have
    request_body, response_body = _bodies(intent.body, pieces, finish.body[:split], finish.body[split:])
    marks = iter(told["arrivals"])
    return Exchange(
        **start,
        request_body=request_body,
        status=told["status"],
        response_headers=_headers(told["headers"]),
        response_body=response_body,
        ending=Ending(told["ending"]),
        failure=told["failure"],
        first_byte_us=told["first_byte_us"],
        duration_us=told["duration_us"],
        arrivals=tuple(Arrival(received, at_us) for received, at_us in zip(marks, marks, strict=True)),
    )


def _bodies(sent: bytes, pieces: Iterable[Frame], request_end: bytes, response_end: bytes) -> tuple[bytes, bytes]:
    """Return both bodies, whole."""
    sides = {REQUEST: BytesIO(), RESPONSE: BytesIO()}
    for piece in pieces:
        sides[piece.head["side"]].write(piece.body)
    return _whole(sent, sides[REQUEST], request_end), _whole(b"", sides[RESPONSE], response_end)


def _whole(beginning: bytes, middle: BytesIO, end: bytes) -> bytes:
    """Return a body without copying it: what is large is all in the middle, or all in one of the others."""
    if not middle.tell():
        return beginning + end
    middle.write(end)
    return beginning + middle.getvalue()


def loss_of(frame: Frame) -> Loss:
    """Return the loss that a frame tells of."""
    head = frame.head
    at = _EPOCH + timedelta(microseconds=head["at"])
    return Loss(id=UUID(head["id"]), at=at, count=head["count"], reason=head["reason"])


def _told_headers(headers: Headers) -> str | list[str]:
    """Return name and value by turns: as lines, which is quickly written and read, or in a list if one has lines."""
    flat = list(chain.from_iterable(headers))
    return flat if any("\n" in part for part in flat) else "\n".join(flat)


def _headers(told: str | list[str]) -> Headers:
    flat = told if isinstance(told, list) else told.split("\n") if told else []
    parts = iter(flat)
    return tuple(zip(parts, parts, strict=True))


def _tags(head: dict[str, Any] | None) -> Tags:
    if head is None:
        return Tags()
    return Tags(**{**head, "labels": tuple((name, value) for name, value in head["labels"])})
