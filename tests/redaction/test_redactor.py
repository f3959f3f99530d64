"""Exchanges before and after; whatever is read of them but text is the same."""

from __future__ import annotations

import gzip
import json
from dataclasses import fields, replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from audit.call import Arrival, Exchange, Reading, Tags
from audit.interpret import Interpreter
from tests.factories import an_exchange, event_stream
from tests.redaction.samples import a_redactor

EVENTS = (("content-type", "text/event-stream"),)
VALUES = ("ann.lee@example.org", "4111 1111 1111 1111", "+49 30 901820", "DE89 3704 0044 0532 0130 00", "203.0.113.77")
TEXTS = {"input", "output", "notes"}
"""What may differ in a reading."""


def chat(*deltas: str) -> bytes:
    def chunk(delta: dict[str, str], **more: Any) -> dict[str, Any]:
        head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1767323045, "model": "gpt-4o-2024"}
        return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}], **more}

    usage = {"prompt_tokens": 4111111, "completion_tokens": 1111111, "total_tokens": 5222222}
    chunks = [chunk({"role": "assistant", "content": ""}), *(chunk({"content": delta}) for delta in deltas)]
    return event_stream(*chunks, chunk({}, usage=usage), "[DONE]")


def timed(exchange: Exchange) -> Exchange:
    """Let each event arrive a millisecond after the one before."""
    ends = [at + 2 for at in range(len(exchange.response_body)) if exchange.response_body.startswith(b"\n\n", at)]
    return replace(exchange, arrivals=tuple(Arrival(end, 1000 * number) for number, end in enumerate(ends)))


def reading(exchange: Exchange) -> dict[str, Any]:
    read: Reading = Interpreter(pricing=lambda *_: None).read(exchange)
    return {field.name: getattr(read, field.name) for field in fields(read) if field.name not in TEXTS}


def said(exchange: Exchange) -> str:
    read = Interpreter(pricing=lambda *_: None).read(exchange)
    return "|".join(message.text for message in (*read.input, *read.output))


@settings(max_examples=150, deadline=None)
@given(
    text=st.lists(
        st.sampled_from([*VALUES, "Hello, ", "\n", "“你好” ", "😀", '"', "\\", " and ", "{", "42 "]), max_size=8
    ),
    cuts=st.lists(st.integers(0, 80), max_size=12),
    ascii_only=st.booleans(),
)
@example(text=['"', '"', "4111 1111 1111 1111"], cuts=[], ascii_only=False)
def test_a_reading_is_the_same_in_all_but_text_wherever_a_stream_is_cut(
    text: list[str], cuts: list[int], ascii_only: bool
) -> None:
    whole = " ".join(text)
    edges = sorted({0, *(cut for cut in cuts if cut < len(whole)), len(whole)})
    reply = chat(*(whole[start:end] for start, end in pairwise(edges)))
    asked = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": whole}]}, ensure_ascii=ascii_only)
    exchange = timed(an_exchange(request_body=asked.encode(), response_body=reply, response_headers=EVENTS))
    outcome = a_redactor()(exchange)
    assert reading(outcome.exchange) == reading(exchange)
    assert not any(value in said(outcome.exchange) for value in VALUES)
    assert bool(outcome.found) == any(value in text for value in VALUES)
    if not outcome.found:
        assert outcome.exchange == exchange


def test_a_value_is_cut_out_of_all_events_that_have_a_part_of_it() -> None:
    outcome = a_redactor()(an_exchange(response_body=chat("Mail jo", "hn", "@x.", "org."), response_headers=EVENTS))
    assert outcome.exchange.response_body == chat("Mail [redacted:email]", "", "", ".")
    assert outcome.notes == ("redacted: email 1",)


def test_url_headers_tags_and_failures_are_searched_too() -> None:
    exchange = an_exchange(
        url="http://10.1.2.3:80/v1/users/ann%40x.org?mail=bob%40x.org&ip=10.1.2.3&n=1",
        request_headers=(("x-title", "of ann@x.org"), ("host", "10.1.2.3"), ("x-request-id", "4111111111111111")),
        response_headers=(("x-served-by", "10.1.2.3"),),
        failure="httpx.ConnectError: 10.1.2.3",
        tags=Tags(project="one", user="ann@x.org", labels=(("by", "bob@x.org"),)),
    )
    outcome = a_redactor()(exchange)
    left = outcome.exchange
    assert left.url == "http://10.1.2.3:80/v1/users/[redacted:email]?mail=[redacted:email]&ip=[redacted:ip]&n=1"
    assert left.request_headers == (("x-title", "of [redacted:email]"), *exchange.request_headers[1:])
    assert left.response_headers == (("x-served-by", "[redacted:ip]"),)
    assert left.failure == "httpx.ConnectError: [redacted:ip]"
    assert left.tags == Tags(project="one", user="[redacted:email]", labels=(("by", "[redacted:email]"),))
    assert outcome.notes == ("redacted: email 5, ip 3",)


@pytest.mark.parametrize("url", ["/v1/ann@x.org", "ann@x.org", "https://h/?q=ann%40x.org#f", ""])
def test_any_url_is_searched(url: str) -> None:
    assert "ann" not in a_redactor()(an_exchange(url=url)).exchange.url


def test_what_was_packed_is_stored_plain_and_that_is_noted() -> None:
    headers = (*EVENTS, ("content-encoding", "gzip"))
    exchange = an_exchange(response_body=gzip.compress(chat("ann@x.org")), response_headers=headers)
    outcome = a_redactor()(exchange)
    assert outcome.exchange.response_headers == EVENTS
    assert outcome.exchange.response_body == chat("[redacted:email]")
    assert outcome.notes == ("redaction: the response is stored without its content encoding", "redacted: email 1")
    assert reading(outcome.exchange) == reading(exchange)


@pytest.mark.parametrize(("drop", "told"), [(False, ""), (True, "; what could not was dropped")])
def test_what_cannot_be_searched_is_noted(drop: bool, told: str) -> None:
    exchange = an_exchange(request_body=b"ann", request_headers=(("content-encoding", "secret"),))
    outcome = a_redactor(drop=drop)(exchange)
    (note, *_) = outcome.notes
    assert note == f"redaction: the request could not all be searched (unknown content encoding 'secret'){told}"
    assert outcome.exchange.request_body == (b"" if drop else b"ann")


def test_nothing_found_changes_nothing() -> None:
    exchange = an_exchange(request_body=b'{"a": "b"}', arrivals=(Arrival(0, 1),))
    assert a_redactor()(exchange).exchange == exchange
