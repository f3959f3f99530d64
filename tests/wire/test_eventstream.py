"""AWS event streams."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.wire.eventstream import Message, read_messages


def a_frame(payload: bytes, headers: bytes = b"") -> bytes:
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    checked = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return checked + struct.pack(">I", zlib.crc32(checked))


def a_header(name: str, value: str) -> bytes:
    return bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()


def test_it_yields_payload_headers_and_end_of_each_frame() -> None:
    first = a_frame(b'{"a": 1}', a_header(":event-type", "chunk") + a_header(":message-type", "event"))
    second = a_frame(b"")
    assert list(read_messages(first + second)) == [
        Message(b'{"a": 1}', len(first), {":event-type": "chunk", ":message-type": "event"}),
        Message(b"", len(first) + len(second), {}),
    ]


@pytest.mark.parametrize(
    "other",
    [b"\x00", b"\x01", b"\x02x", b"\x03xx", b"\x04xxxx", b"\x05" + b"x" * 8, b"\x06\x00\x02xx", b"\x08" + b"x" * 8],
)
def test_headers_of_other_types_are_passed_over(other: bytes) -> None:
    frame = a_frame(b"", b"\x01n" + other + a_header("name", "value"))
    assert next(read_messages(frame)).headers == {"name": "value"}


@pytest.mark.parametrize("headers", [b"\x01n\x0a", b"\x05n", b"\x01n\x07", b"\x01n\x07\x00"])
def test_headers_that_cannot_be_read_are_left_out(headers: bytes) -> None:
    [message] = read_messages(a_frame(b"payload", headers))
    assert message.payload == b"payload"
    assert set(message.headers.values()) <= {""}


@given(st.lists(st.binary(max_size=30), max_size=4), st.data())
def test_it_stops_where_a_frame_is_cut(payloads: list[bytes], data: st.DataObject) -> None:
    frames = [a_frame(payload) for payload in payloads]
    body = b"".join(frames)
    cut = data.draw(st.integers(0, len(body)))
    whole = [payload for payload, end in zip(payloads, _ends(frames), strict=True) if end <= cut]
    assert [message.payload for message in read_messages(body[:cut])] == whole


@given(st.data())
def test_it_stops_where_a_byte_is_wrong(data: st.DataObject) -> None:
    frame = bytearray(a_frame(b"payload", a_header("name", "value")))
    at = data.draw(st.integers(0, len(frame) - 1))
    frame[at] ^= data.draw(st.integers(1, 255))
    assert list(read_messages(bytes(frame))) == []


def test_a_frame_smaller_than_its_own_headers_is_none() -> None:
    prelude = struct.pack(">II", 16, 100)
    assert list(read_messages(prelude + struct.pack(">I", zlib.crc32(prelude)) + b"\0" * 200)) == []


@given(st.binary())
def test_it_never_raises(body: bytes) -> None:
    list(read_messages(body))


def _ends(frames: list[bytes]) -> list[int]:
    return [sum(map(len, frames[: number + 1])) for number in range(len(frames))]
