"""Frames: each whole or not there."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.call import Arrival, Ending, Exchange, Origin, Tags
from audit.recording.frames import (
    FINISH,
    INTENT,
    LOSS,
    PIECE,
    REQUEST,
    RESPONSE,
    Frame,
    encode,
    encode_exchange,
    exchange_of,
    frame_size,
    is_cut_short,
    loss_of,
    read_frames,
    tags_told,
    unknown_finish,
)

_WORDS = st.text(max_size=8)
_COUNTS = st.none() | st.integers(0, 2**40)
_HEADERS = st.lists(st.tuples(_WORDS, _WORDS), max_size=3).map(tuple)
_TIMES = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_TAGS = st.builds(
    Tags,
    project=st.none() | _WORDS,
    user=st.none() | _WORDS,
    session=st.none() | _WORDS,
    canary=st.none() | _WORDS,
    labels=_HEADERS,
)
_EXCHANGES = st.builds(
    Exchange,
    id=st.uuids(),
    started_at=_TIMES,
    origin=st.sampled_from(Origin),
    reference=st.none(),
    method=_WORDS,
    url=_WORDS,
    request_headers=_HEADERS,
    request_body=st.binary(),
    status=_COUNTS,
    response_headers=_HEADERS,
    response_body=st.binary(),
    ending=st.sampled_from(Ending),
    failure=st.none() | _WORDS,
    first_byte_us=_COUNTS,
    duration_us=_COUNTS,
    arrivals=st.lists(st.builds(Arrival, st.integers(0), st.integers(0)), max_size=3).map(tuple),
    key_fingerprint=st.none() | _WORDS,
    tags=_TAGS,
)
_BODIES = st.lists(st.binary(max_size=40), max_size=5)


def segment(bodies: list[bytes]) -> tuple[bytes, list[int]]:
    frames = [b"".join(encode(INTENT, {"id": str(number)}, body)) for number, body in enumerate(bodies)]
    return b"".join(frames), [sum(map(len, frames[: number + 1])) for number in range(len(frames))]


@given(_EXCHANGES)
def test_an_exchange_comes_back_as_it_was(exchange: Exchange) -> None:
    intent, finish = read_frames(b"".join(encode_exchange(exchange)))
    assert (intent.kind, finish.kind) == (INTENT, FINISH)
    assert exchange_of(intent, finish) == exchange


def test_a_streamed_request_body_comes_with_the_finish() -> None:
    exchange = Exchange(id=UUID(int=1), started_at=datetime.now(UTC), method="POST", url="u", ending=Ending.EOF)
    intent, finish = read_frames(b"".join(encode_exchange(exchange)))
    streamed = Frame(FINISH, finish.head | {"request_size": 3}, b"askanswer", 0, 0)
    assert (exchange_of(intent, streamed).request_body, exchange_of(intent, streamed).response_body) == (
        b"ask",
        b"answer",
    )


def test_without_a_finish_how_it_went_is_unknown() -> None:
    exchange = Exchange(
        id=UUID(int=1), started_at=datetime.now(UTC), method="POST", url="u", request_body=b"ask", ending=Ending.EOF
    )
    intent, _ = read_frames(b"".join(encode_exchange(exchange)))
    cut = exchange_of(intent, None)
    assert (cut.id, cut.request_body, cut.ending, cut.status) == (exchange.id, b"ask", Ending.UNKNOWN, None)


def test_a_loss_comes_back_as_it_was() -> None:
    head = {"id": UUID(int=7).hex, "at": 1_000_000, "count": 3, "reason": "disk full"}
    [frame] = read_frames(b"".join(encode(LOSS, head)))
    loss = loss_of(frame)
    assert (loss.id, loss.count, loss.reason) == (UUID(int=7), 3, "disk full")
    assert loss.at == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=1)


def test_no_tags_are_told_as_none() -> None:
    assert tags_told(Tags()) is None
    assert tags_told(Tags(user="u")) is not None


@given(_BODIES, st.integers(0, 1000))
def test_frames_say_where_they_stand(bodies: list[bytes], offset: int) -> None:
    data, ends = segment(bodies)
    frames = list(read_frames(data, offset))
    assert [frame.body for frame in frames] == bodies
    assert [frame.end for frame in frames] == [offset + end for end in ends]
    assert [frame.start for frame in frames] == [offset, *(offset + end for end in ends)][: len(frames)]


@given(_BODIES, st.data())
def test_it_stops_where_a_frame_is_torn_and_takes_the_rest_for_a_beginning(
    bodies: list[bytes], data: st.DataObject
) -> None:
    whole, ends = segment(bodies)
    cut = data.draw(st.integers(0, len(whole)))
    read = list(read_frames(whole[:cut]))
    assert [frame.body for frame in read] == [body for body, end in zip(bodies, ends, strict=True) if end <= cut]
    assert is_cut_short(whole[read[-1].end if read else 0 : cut])


@given(_BODIES.filter(bool), st.data())
def test_it_stops_where_a_byte_is_wrong_and_says_that_it_is_damage(bodies: list[bytes], data: st.DataObject) -> None:
    whole, ends = segment(bodies)
    at = data.draw(st.integers(0, len(whole) - 1))
    broken = bytearray(whole)
    broken[at] ^= data.draw(st.integers(1, 255))
    read = list(read_frames(bytes(broken)))
    assert [frame.body for frame in read] == [body for body, end in zip(bodies, ends, strict=True) if end <= at]
    assert not is_cut_short(bytes(broken[read[-1].end if read else 0 :]))


@given(st.binary())
def test_of_anything_else_it_makes_nothing(data: bytes) -> None:
    assert list(read_frames(data)) == []


@pytest.mark.parametrize("payload", [b"", b"\x01\0\0", b"\x02\0\0\0{]", b"\xff\xff\xff\xff{}"])
def test_a_sound_frame_that_is_not_of_our_making_is_not_read(payload: bytes) -> None:
    lead = struct.pack("<3scII", b"AJ1", b"I", len(payload), zlib.crc32(payload))
    assert list(read_frames(lead + struct.pack("<I", zlib.crc32(lead)) + payload)) == []


@pytest.mark.parametrize(
    ("rest", "beginning"), [(b"", True), (b"A", True), (b"AJ1I\0", True), (b"AJ2", False), (b"x", False)]
)
def test_a_few_bytes_are_a_beginning_if_they_begin_like_a_frame(rest: bytes, beginning: bool) -> None:
    assert is_cut_short(rest) is beginning


def test_a_head_with_lone_surrogates_comes_back() -> None:
    """As in the text of an exception that quotes what it could not decode."""
    [frame] = read_frames(b"".join(encode(INTENT, {"id": "1", "why": "\udcff ä"}, b"body")))
    assert (frame.head, frame.body) == ({"id": "1", "why": "\udcff ä"}, b"body")


@given(_EXCHANGES, st.lists(st.integers(0, 50)), st.lists(st.integers(0, 50)))
def test_bodies_cut_into_pieces_come_back_whole(exchange: Exchange, asked: list[int], answered: list[int]) -> None:
    whole = replace(exchange, ending=Ending.EOF)
    intent, finish = read_frames(b"".join(encode_exchange(replace(whole, request_body=b"", response_body=b""))))
    request, sent = _cut(REQUEST, whole.request_body, asked)
    response, come = _cut(RESPONSE, whole.response_body, answered)
    told = Frame(FINISH, finish.head | {"request_size": len(sent)}, sent + come, 0, 0)
    assert exchange_of(intent, told, iter(request + response)) == whole
    cut = exchange_of(intent, None, iter(response + request))
    assert cut.request_body + sent == whole.request_body
    assert cut.response_body + come == whole.response_body
    assert (cut.ending, cut.status) == (Ending.UNKNOWN, None)


def test_the_finish_of_which_nothing_is_known_tells_as_much_as_none() -> None:
    exchange = Exchange(id=UUID(int=1), started_at=datetime.now(UTC), method="POST", url="u", ending=Ending.EOF)
    intent, _ = read_frames(b"".join(encode_exchange(exchange)))
    [finish] = read_frames(b"".join(encode(FINISH, unknown_finish(intent.id))))
    assert exchange_of(intent, finish) == exchange_of(intent, None)


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_a_frames_size_is_known_from_its_beginning(body: bytes, rest: bytes) -> None:
    whole = b"".join(encode(INTENT, {"id": "1"}, body))
    assert frame_size(whole + rest) == frame_size(whole[:16]) == len(whole)
    assert frame_size(whole[:15]) == frame_size(b"") == frame_size(b"\0" * 16) == 0


def _cut(side: str, body: bytes, sizes: list[int]) -> tuple[list[Frame], bytes]:
    """Return a body's pieces, and what is left for the finish."""
    pieces = []
    for size in sizes:
        pieces.append(Frame(PIECE, {"side": side}, body[:size], 0, 0))
        body = body[size:]
    return pieces, body


def test_a_key_among_the_tags_is_taken_out() -> None:
    key = "sk-" + "a" * 30
    told = tags_told(Tags(project=f"p {key}", labels=((key, "v"), ("n", key))))
    assert told is not None
    assert key not in repr(told)
    assert told["project"] == "p [redacted]"
    assert told["user"] is None
