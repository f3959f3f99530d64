"""Exchanges as structures."""

from __future__ import annotations

import gzip
import json
import struct
import time
import zlib

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.call import Arrival
from audit.wire import transcript as module
from audit.wire.transcript import Frame, Transcript, transcribe
from tests.dialects.aws_events import AWS_STREAM, aws_events
from tests.factories import an_exchange

JSON = ("content-type", "application/json")
EVENTS = ("content-type", "text/event-stream; charset=utf-8")
AWS = AWS_STREAM[0][1]


def answered(body: bytes, *headers: tuple[str, str], **over: object) -> Transcript:
    return transcribe(an_exchange(response_body=body, response_headers=headers, **over))


def asked(body: bytes, *headers: tuple[str, str]) -> Transcript:
    return transcribe(an_exchange(request_body=body, request_headers=headers))


def test_a_url_is_taken_apart() -> None:
    url = "HTTPS://User@Host.Example:8443//openai%2Fv1//models/a%20b/?alt=sse&empty=&x=%C3%A4"
    taken = transcribe(an_exchange(url=url))
    assert (taken.scheme, taken.host, taken.authority) == ("https", "host.example", "host.example:8443")
    assert taken.path == "/openai/v1/models/a b"
    assert taken.query == {"alt": "sse", "x": "ä"}


@pytest.mark.parametrize("url", ["https://[::1", "https://[nonsense]/v1", "", "::"])
def test_a_url_that_is_none_takes_nothing_down_with_it(url: str) -> None:
    assert transcribe(an_exchange(url=url, response_body=b"{}")).response == {}


def test_only_so_much_of_a_url_is_read() -> None:
    """The exchange has all of it."""
    taken = transcribe(an_exchange(url="https://host/" + "x" * 200_000 + "?a=b"))
    assert (taken.host, len(taken.path), taken.query) == ("host", 4_000 - len("https://host"), {})
    assert taken.notes == ("request: only the first 4000 characters of the URL are read",)
    assert len(taken.exchange.url) > 200_000


def test_headers_are_found_by_name_and_the_last_counts() -> None:
    taken = answered(b"", ("via", "a"), ("via", "b"))
    assert taken.response_headers == {"via": "b"}


def test_a_json_request_is_parsed() -> None:
    assert asked(b'{"model": "m"}', JSON).request == {"model": "m"}


def test_a_packed_request_is_unpacked_first() -> None:
    taken = asked(gzip.compress(b'{"model": "m"}'), JSON, ("content-encoding", "gzip"))
    assert (taken.request, taken.notes) == ({"model": "m"}, ())


def test_a_form_is_read_as_its_fields() -> None:
    body = b'--B\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n--B--\r\n'
    assert asked(body, ("content-type", "Multipart/Form-Data; boundary=B")).request == {"model": "whisper-1"}


@pytest.mark.parametrize("body", [b"", b" \n"])
def test_a_request_without_a_body_is_none_and_no_problem(body: bytes) -> None:
    taken = asked(body, JSON)
    assert (taken.request, taken.notes) == (None, ())


def test_a_request_that_is_not_json_though_it_says_so_is_noted() -> None:
    assert asked(b"{", JSON).notes[0].startswith("request: not JSON: ")
    assert asked(b"{").notes[0].startswith("request: not JSON: ")


def test_a_request_of_another_kind_is_no_problem() -> None:
    taken = asked(b"RIFF", ("content-type", "audio/wav"))
    assert (taken.request, taken.notes) == (None, ())


def test_a_request_that_is_read_with_replacements_is_noted_whatever_its_type() -> None:
    assert asked(b'"\xff"', ("content-type", "text/plain")).notes == ("request: not UTF-8 at byte 1",)


def test_a_broken_encoding_of_the_request_is_noted() -> None:
    assert asked(b"{}", JSON, ("content-encoding", "nonsense")).notes == (
        "request: unknown content encoding 'nonsense'",
    )


@pytest.mark.parametrize("headers", [(JSON,), (), (("content-type", "text/plain"),), (EVENTS,)])
def test_a_json_reply_is_parsed_whatever_its_type_says(headers: tuple[tuple[str, str], ...]) -> None:
    taken = answered(b'\xef\xbb\xbf\r\n {"id": "x"}', *headers)
    assert (taken.response, taken.frames, taken.notes) == ({"id": "x"}, None, ())


def test_blank_lines_that_keep_a_connection_alive_may_go_before_it() -> None:
    assert answered(b"\n" * 1000 + b'{"id": "x"}').response == {"id": "x"}


def test_a_packed_reply_is_unpacked_first() -> None:
    taken = answered(gzip.compress(b"[1]"), JSON, ("content-encoding", "gzip"))
    assert (taken.response, taken.plain) == ([1], b"[1]")


def test_a_reply_that_is_cut_short_is_noted() -> None:
    taken = answered(gzip.compress(b'{"a": 1}')[:-9], JSON, ("content-encoding", "gzip"))
    assert taken.notes[0] == "response: content encoding ends early"


@pytest.mark.parametrize(("body", "headers"), [(b"", (JSON,)), (b" \n", (JSON,)), (b"", ())])
def test_a_reply_without_a_body_is_none_and_no_problem(body: bytes, headers: tuple[tuple[str, str], ...]) -> None:
    taken = answered(body, *headers)
    assert (taken.response, taken.frames, taken.notes) == (None, None, ())


@pytest.mark.parametrize("body", [b"<html>", b"\x89PNG", b"plain words"])
def test_sounds_images_and_pages_are_kept_and_not_read(body: bytes) -> None:
    taken = answered(body, ("content-type", "application/octet-stream"))
    assert (taken.response, taken.frames, taken.notes, taken.plain) == (None, None, (), body)


def test_a_page_that_calls_itself_json_is_noted() -> None:
    assert answered(b"<html>", JSON).notes == ("response: not JSON: Expecting value at character 0",)


@pytest.mark.parametrize("headers", [(EVENTS,), (JSON,), ()])
def test_an_event_stream_is_cut_into_frames_whatever_its_type_says(headers: tuple[tuple[str, str], ...]) -> None:
    body = b'event: a\ndata: {"n": 1}\n\ndata:  {"n": 2}\n\ndata: ping\n\ndata: [DONE]\n\n'
    taken = answered(body, *headers)
    assert taken.response is None
    assert taken.frames == (
        Frame("a", {"n": 1}, '{"n": 1}', 25),
        Frame("", {"n": 2}, ' {"n": 2}', 42),
        Frame("", None, "ping", 54),
        Frame("", None, "[DONE]", len(body)),
    )
    assert taken.notes == ("response: 1 of 4 events are not JSON",)


def test_an_empty_event_stream_has_no_frames() -> None:
    assert answered(b"", EVENTS).frames == ()


def test_only_so_many_frames_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FRAMES", 3)
    taken = answered(b"data: {}\n\n" * 5, EVENTS)
    assert len(taken.frames or ()) == 3
    assert taken.notes == ("response: only the first 3 events are read",)


def test_only_so_many_lines_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reply may have any number of lines without a single event."""
    monkeypatch.setattr(module, "MAX_LINES", 4)
    taken = answered(b"data: {}\n\n: a\n: b\n: c\ndata: {}\n\n", EVENTS)
    assert len(taken.frames or ()) == 1
    assert taken.notes == ("response: only the first 4 lines are read",)


def test_a_packed_stream_of_endless_lines_takes_seconds_at_most() -> None:
    body = brotli.compress(b"data: {}\n\n" + b"{}\n" * 25_000_000, quality=1)
    began = time.process_time()
    taken = answered(body, EVENTS, ("content-encoding", "br"))
    assert taken.notes == (
        "response: unpacks to more than 67108864 bytes",
        "response: only the first 1000000 lines are read",
    )
    assert time.process_time() - began < 5


def test_what_is_not_text_in_a_stream_is_noted() -> None:
    assert answered(b'data: {"a": "\xff"}\n\n', EVENTS).notes == ("response: not UTF-8 at byte 13",)
    assert answered(b'{"a": "\xff"}\n{"b": 1}', JSON).notes == ("response: not UTF-8 at byte 7",)


def test_what_can_be_no_figure_is_noted() -> None:
    assert answered(b'{"a": NaN}', JSON).notes == ("response: NaN in the place of a number",)
    assert answered(b'data: {"a": NaN}\n\n' * 2, EVENTS).notes == ("response: NaN in the place of a number",)
    assert asked(b'{"a": ' + b"1" * 400 + b"}", JSON).notes == ("request: an integer of 400 characters",)


@pytest.mark.parametrize(
    ("body", "kind", "noted"),
    [
        (b'{"a": 1}\n{"b": 2}\n{"c', "application/x-ndjson", "response: what follows byte 17 cannot be read"),
        (aws_events(("a", {})) + b"\x00" * 20, AWS, "response: what follows byte 34 cannot be read"),
        (b"{}", AWS, "response: what follows byte 0 cannot be read"),
    ],
)
def test_it_says_how_far_a_stream_could_be_read(body: bytes, kind: str, noted: str) -> None:
    assert answered(body, ("content-type", kind)).notes == (noted,)


@pytest.mark.parametrize("body", [b'{"a": 1}\n\n{"b": 2}\r\n', b'{"a": 1},{"b": 2}]\n', b'{"a": 1}\x1e{"b": 2}\x1e'])
def test_what_stands_between_values_is_not_noted(body: bytes) -> None:
    taken = answered(body, JSON)
    assert [frame.data for frame in taken.frames or ()] == [{"a": 1}, {"b": 2}]
    assert taken.notes == ()


def test_json_lines_are_frames() -> None:
    body = b'{"a": "\xc3\xa4"}\n{"b": 2}\n{"c'
    assert answered(body, ("content-type", "application/x-ndjson")).frames == (
        Frame("", {"a": "ä"}, "", 11),
        Frame("", {"b": 2}, "", 20),
    )


def test_an_array_sent_in_pieces_can_be_had_as_frames_as_far_as_it_came() -> None:
    taken = answered(b'[{"a": 1}\n,\r\n{"b": 2}\n,\r\n{"c', JSON)
    assert taken.response is None
    assert [frame.data for frame in taken.elements] == [{"a": 1}, {"b": 2}]


def test_an_aws_stream_is_cut_into_frames() -> None:
    header = b"\x0b:event-type\x07\x00\x05chunk"
    payload = b'{"a": 1}'
    prelude = struct.pack(">II", 16 + len(header) + len(payload), len(header))
    checked = prelude + struct.pack(">I", zlib.crc32(prelude)) + header + payload
    body = checked + struct.pack(">I", zlib.crc32(checked))
    taken = answered(body, ("content-type", "application/vnd.amazon.eventstream"))
    assert taken.frames == (Frame("chunk", {"a": 1}, '{"a": 1}', len(body)),)


def test_it_tells_when_the_body_had_come_so_far() -> None:
    body = b"data: {}\n\n" * 3
    taken = answered(body, EVENTS, arrivals=(Arrival(10, 500), Arrival(25, 700), Arrival(30, 900)))
    assert [taken.arrived_us(frame.end) for frame in taken.frames or ()] == [500, 700, 900]
    assert taken.arrived_us(99) == 900


def test_it_tells_so_of_a_packed_body_by_what_had_been_received() -> None:
    packer = zlib.compressobj(wbits=31)
    first = packer.compress(b"data: {}\n\n") + packer.flush(zlib.Z_SYNC_FLUSH)
    rest = packer.compress(b"data: {}\n\n") + packer.flush()
    arrivals = (Arrival(len(first), 500), Arrival(len(first + rest), 900))
    taken = answered(first + rest, EVENTS, ("content-encoding", "gzip"), arrivals=arrivals)
    assert [taken.arrived_us(frame.end) for frame in taken.frames or ()] == [500, 900]


def test_of_what_nobody_measured_it_tells_nothing() -> None:
    assert answered(b"{}").arrived_us(1) is None


@given(st.binary(), st.text(), st.text(), st.text())
def test_it_never_raises(body: bytes, kind: str, encoding: str, url: str) -> None:
    headers = (("content-type", kind), ("content-encoding", encoding))
    taken = transcribe(
        an_exchange(url=url, request_body=body, request_headers=headers, response_body=body, response_headers=headers)
    )
    assert isinstance(taken.elements, tuple)


@given(st.lists(st.dictionaries(st.text(), st.integers()), min_size=2), st.integers(0, 3))
def test_json_lines_end_where_they_end_in_the_bytes(values: list[dict[str, int]], blanks: int) -> None:
    body = (("\n" * (blanks + 1)).join(json.dumps(value, ensure_ascii=False) for value in values)).encode(
        "utf-8", "surrogatepass"
    )
    frames = answered(body).frames or ()
    assert [frame.data for frame in frames] == values
    assert frames[-1].end == len(body)


def test_what_is_larger_than_anything_may_unpack_to_is_kept_and_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_DECODED", 8)
    assert (asked(b'{"a": 1}', JSON).request, asked(b'{"a": 1}', JSON).notes) == ({"a": 1}, ())
    assert answered(b'{"a": 1}', JSON).response == {"a": 1}
    sent, come = asked(b'{"a": 10}', JSON), answered(b'{"a": 10}', JSON)
    assert (sent.request, sent.notes) == (None, ("request: more than 8 bytes are kept and not read",))
    assert (come.response, come.frames, come.plain) == (None, None, b'{"a": 10}')
    assert come.notes == ("response: more than 8 bytes are kept and not read",)
