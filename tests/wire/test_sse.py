"""Server-sent events, however they are cut."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.wire.sse import Event, EventStream, first_lines, looks_like_events, read_events


def events_of(body: bytes) -> list[Event]:
    return list(read_events(body))


def test_an_event_has_name_data_and_the_place_of_its_end() -> None:
    body = b'event: ping\ndata: {"a": 1}\n\ndata: [DONE]\n\n'
    assert events_of(body) == [Event("ping", '{"a": 1}', 28), Event("", "[DONE]", len(body))]


def test_data_over_several_lines_is_joined() -> None:
    assert events_of(b"data: a\ndata:b\ndata\n\n") == [Event("", "a\nb\n", 21)]


def test_one_blank_behind_the_colon_is_dropped_and_only_one() -> None:
    assert [event.data for event in events_of(b"data:  a\n\ndata:b\n\n")] == [" a", "b"]


def test_comments_and_unknown_fields_are_passed_over() -> None:
    assert events_of(b": ping\nid: 7\nretry: 3\nfoo: bar\ndata: a\n\n") == [Event("", "a", 40)]


def test_an_event_without_data_is_none_and_leaves_no_name_behind() -> None:
    assert events_of(b"event: ping\n\ndata: a\n\n") == [Event("", "a", 22)]


def test_a_stream_that_ends_without_a_blank_line_still_gives_its_last_event() -> None:
    assert events_of(b"data: a\n\ndata: b") == [Event("", "a", 9), Event("", "b", 16)]


def test_an_empty_body_has_no_events() -> None:
    assert events_of(b"") == []


def test_what_is_not_utf8_is_replaced() -> None:
    assert events_of(b"data: \xff\n\n") == [Event("", "\ufffd", 9)]


def test_events_come_as_soon_as_they_are_complete() -> None:
    stream = EventStream()
    assert list(stream.feed(b"data: a\n")) == []
    assert list(stream.feed(b"\ndata: b")) == [Event("", "a", 9)]
    assert list(stream.close()) == [Event("", "b", 16)]


def test_a_carriage_return_at_the_edge_waits_for_what_follows() -> None:
    stream = EventStream()
    assert list(stream.feed(b"data: a\r\n\r")) == []
    assert list(stream.feed(b"\ndata: b\r\n\r\n")) == [Event("", "a", 11), Event("", "b", 22)]


_LINES = st.lists(
    st.one_of(
        st.sampled_from(["", "", "data", "data:", ": comment", "event: e", "id: 1", "data: [DONE]"]),
        st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=8).map("data: {}".format),
    ),
    max_size=20,
)


@given(_LINES, st.sampled_from(["\n", "\r\n", "\r"]), st.booleans(), st.data())
def test_events_are_the_same_however_the_bytes_are_split(
    lines: list[str], end: str, bom: bool, data: st.DataObject
) -> None:
    body = (b"\xef\xbb\xbf" if bom else b"") + end.join(lines).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=10)))
    stream = EventStream()
    pieces = [body[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    events = [event for piece in pieces for event in stream.feed(piece)] + list(stream.close())
    assert events == events_of(body)


@given(_LINES, st.booleans())
def test_line_ends_make_no_difference_to_what_is_said(lines: list[str], bom: bool) -> None:
    told = [
        [(event.name, event.data) for event in events_of((b"\xef\xbb\xbf" if bom else b"") + end.join(lines).encode())]
        for end in ("\n", "\r\n", "\r")
    ]
    assert told[0] == told[1] == told[2]


@given(st.binary())
def test_ends_rise_and_stay_within_the_body(body: bytes) -> None:
    ends = [event.end for event in events_of(body)]
    assert ends == sorted(ends)
    assert all(0 < end <= len(body) for end in ends)


@pytest.mark.parametrize(
    "body",
    [
        b"data: a\n\n",
        b"event: a\ndata: b\n\n",
        b"\xef\xbb\xbfdata: a\n\n",
        b": OPENROUTER PROCESSING\n\n: again\n\ndata: {}",
        b"\r\n\r\nid: 1\r\n",
        b"retry: 10\n",
    ],
)
def test_an_event_stream_is_told_by_its_beginning(body: bytes) -> None:
    assert looks_like_events(body)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"data": 1}', b"<html>", b": only a comment\n", b"dataset: 1"])
def test_other_bodies_are_none(body: bytes) -> None:
    assert not looks_like_events(body)


@pytest.mark.parametrize("body", [b":\n\n\n" * 1000 + b"x", b"\n" * 4096 + b"x", b":" + b"\r" * 4094 + b"x"])
def test_no_body_takes_long_to_tell(body: bytes) -> None:
    began = time.process_time()
    assert not looks_like_events(body)
    assert time.process_time() - began < 0.5  # with a backtracking expression: longer than the universe is old


def test_one_long_event_in_many_pieces_takes_time_by_its_length_not_its_square() -> None:
    stream, piece = EventStream(), b"x" * 1000
    began = time.process_time()
    events = [*stream.feed(b"data: "), *(event for _ in range(10_000) for event in stream.feed(piece)), *stream.close()]
    assert [len(event.data) for event in events] == [10_000_000]
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("body", "most", "kept"),
    [
        (b"a\nb\nc\n", 3, b"a\nb\nc\n"),
        (b"a\nb\nc\n", 2, b"a\nb\n"),
        (b"a\nb\nc", 2, b"a\nb\nc"),
        (b"a\r\nb\r\nc\r\n", 2, b"a\r\nb\r\n"),
        (b"a\rb\nc\r\nd", 3, b"a\rb\nc\r\n"),
        (b"a\r\nb\r\nc", 3, b"a\r\nb\r\nc"),
        (b"", 1, b""),
    ],
)
def test_a_body_can_be_cut_behind_some_lines(body: bytes, most: int, kept: bytes) -> None:
    assert first_lines(body, most) == kept


def test_events_are_read_as_they_are_asked_for() -> None:
    events = read_events(b"data: a\n\n" * 5_000_000)
    began = time.process_time()
    assert next(events).data == "a"
    assert time.process_time() - began < 1
