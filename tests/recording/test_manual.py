"""Recording by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from audit.call import Ending, Origin, Tags
from audit.recording.manual import Reply, record
from audit.recording.recorder import Recorder
from audit.recording.tagging import tags
from tests.recording.kept import a_recorder, journalled

ITSELF: list[Any] = []
ITSELF.append(ITSELF)
URL = "https://bedrock-runtime.us-east-1.amazonaws.com/model/m/converse"


def test_request_and_reply_are_kept_as_one_exchange(tmp_path: Path) -> None:
    with (
        tags(project="p"),
        record(a_recorder(tmp_path), url=URL, request={"a": 1}, headers={"X-Api-Key": "k"}) as reply,
    ):
        reply.chunk({"b": 2})
    [exchange] = journalled(tmp_path)
    assert (exchange.origin, exchange.method, exchange.url) == (Origin.MANUAL, "POST", URL)
    assert exchange.request_headers == (("content-type", "application/json"), ("x-api-key", "[redacted]"))
    assert (exchange.request_body, exchange.response_body) == (b'{"a": 1}', b'{"b": 2}')
    assert (exchange.status, exchange.ending, exchange.failure) == (200, Ending.EOF, None)
    assert (exchange.key_fingerprint, exchange.tags) == ("print of k", Tags(project="p"))


def test_a_reply_may_say_its_own_status_and_headers(tmp_path: Path) -> None:
    with record(a_recorder(tmp_path), url=URL, request="", method="GET") as reply:
        reply.head(429, {"Content-Type": "text/plain", "Retry-After": "1"})
        reply.chunk("slow ")
        reply.chunk("down")
    [exchange] = journalled(tmp_path)
    assert (exchange.method, exchange.status, exchange.response_body) == ("GET", 429, b"slow down")
    assert exchange.response_headers == (("content-type", "text/plain"), ("retry-after", "1"))
    assert [arrival.received for arrival in exchange.arrivals] == [5, 9]


def test_a_call_without_a_reply_has_none(tmp_path: Path) -> None:
    with record(a_recorder(tmp_path), url=URL, request=b""):
        pass
    [exchange] = journalled(tmp_path)
    assert (exchange.status, exchange.response_body, exchange.ending) == (None, b"", Ending.EOF)


def test_an_exception_is_recorded_and_passed_on(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no"):
        _fail_half_way(a_recorder(tmp_path))
    [exchange] = journalled(tmp_path)
    assert (exchange.ending, exchange.failure, exchange.response_body) == (Ending.FAILED, "ValueError: no", b"half")


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b"\xff", b"\xff"),
        (bytearray(b"a"), b"a"),
        (memoryview(b"a"), b"a"),
        ("ä\ud800", "ä".encode() + b"\xed\xa0\x80"),
        ([1, {"a": None}], b'[1, {"a": null}]'),
        ({"at": Path("x")}, b'{"at": "x"}'),
        ({(1, 2): "\ud800"}, b"{(1, 2): '\\ud800'}"),
        (ITSELF, b"[[...]]"),
    ],
)
def test_bodies_are_kept_as_they_are_or_as_json(tmp_path: Path, body: Any, kept: bytes) -> None:
    with record(a_recorder(tmp_path), url=URL, request=body):
        pass
    assert journalled(tmp_path)[0].request_body == kept


def test_headers_that_are_no_text_are_no_reason_to_fail(tmp_path: Path) -> None:
    odd: dict[str, Any] = {"X-Request-Id": 7}
    with record(a_recorder(tmp_path), url=URL, request=b"", headers=odd):
        pass
    assert ("x-request-id", "7") in journalled(tmp_path)[0].request_headers


def test_what_is_given_to_nobody_costs_nothing() -> None:
    reply = Reply(None)
    reply.head(200)
    reply.chunk(b"x")


def test_a_recorder_that_cannot_record_lets_the_call_go_on(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path)
    recorder.close()
    with record(recorder, url=URL, request=b"") as reply:
        reply.chunk(b"x")
    with pytest.raises(ValueError, match="no"):
        _fail_half_way(recorder)
    assert recorder.lost == 2


def _fail_half_way(recorder: Recorder) -> None:
    with record(recorder, url=URL, request=b"") as reply:
        reply.chunk("half")
        raise ValueError("no")
