"""HTTP archives."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from audit.archives._entry import Entry
from audit.archives.har import read_har
from audit.call import Ending, Exchange, Origin
from audit.errors import ArchiveError

FULL: dict[str, Any] = {
    "startedDateTime": "2026-01-02T03:04:05.678Z",
    "time": 12.5,
    "request": {
        "method": "PUT",
        "url": "https://host/v1?key=AIza",
        "headers": [{"name": "X-Api-Key", "value": "sk-1"}, {"name": "Accept", "value": "*/*"}, {"value": "x"}, 7],
        "postData": {"mimeType": "application/json", "text": "{}"},
    },
    "response": {
        "status": 200,
        "headers": [{"name": "Content-Type", "value": "application/json"}],
        "content": {"text": "eyJhIjogMX0=", "encoding": "base64"},
    },
}


def entries(folder: Path, *rows: Any) -> list[Entry]:
    path = folder / "calls.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": rows}}), encoding="utf-8")
    return list(read_har(path, lambda key: f"print of {key}"))


def the_exchange(folder: Path, **row: Any) -> Exchange:
    [entry] = entries(folder, {**FULL, **row})
    assert entry.exchange is not None
    return entry.exchange


def test_an_entry_comes_as_an_exchange_without_its_secrets(tmp_path: Path) -> None:
    [entry] = entries(tmp_path, FULL)
    assert entry.exchange == Exchange(
        id=entry.exchange.id if entry.exchange else None,  # type: ignore[arg-type]
        started_at=datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC),
        origin=Origin.IMPORT,
        method="PUT",
        url="https://host/v1?key=[redacted]",
        request_headers=(("x-api-key", "[redacted]"), ("accept", "*/*")),
        request_body=b"{}",
        status=200,
        response_headers=(("content-type", "application/json"),),
        response_body=b'{"a": 1}',
        ending=Ending.EOF,
        duration_us=12_500,
        key_fingerprint="print of sk-1",
    )
    assert (entry.place, entry.time_known, entry.position) == ("entry 1", True, (tmp_path / "calls.har").stat().st_size)


def test_a_call_that_was_not_answered_has_failed(tmp_path: Path) -> None:
    exchange = the_exchange(tmp_path, response={"status": 0, "_error": "net::ERR_CONNECTION_REFUSED"})
    assert (exchange.status, exchange.ending, exchange.failure) == (None, Ending.FAILED, "net::ERR_CONNECTION_REFUSED")


@pytest.mark.parametrize(
    "row", [{"response": None}, {"response": {"status": True}}, {"response": {"content": {"text": 7}}}]
)
def test_a_response_that_is_none_is_left_out(tmp_path: Path, row: dict[str, Any]) -> None:
    exchange = the_exchange(tmp_path, **row)
    assert (exchange.status, exchange.response_body, exchange.ending) == (None, b"", Ending.FAILED)


def test_plain_content_comes_as_utf8(tmp_path: Path) -> None:
    assert the_exchange(tmp_path, response={"status": 200, "content": {"text": "ä"}}).response_body == "ä".encode()


@pytest.mark.parametrize("post", [None, {"params": []}, {"text": None}])
def test_a_request_without_text_has_no_body(tmp_path: Path, post: Any) -> None:
    assert the_exchange(tmp_path, request={**FULL["request"], "postData": post}).request_body == b""


@pytest.mark.parametrize("time", [None, -1, True, "1", 1e300])
def test_a_duration_that_is_none_is_unknown(tmp_path: Path, time: Any) -> None:
    assert the_exchange(tmp_path, time=time).duration_us is None


def test_without_a_time_it_is_not_known(tmp_path: Path) -> None:
    [entry] = entries(tmp_path, {**FULL, "startedDateTime": None})
    assert entry.time_known is False


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (7, "no request"),
        ({}, "no request"),
        ({"request": {"url": ""}}, "no url"),
        ({**FULL, "startedDateTime": "soon"}, "Invalid isoformat string: 'soon'"),
        (
            {**FULL, "response": {"content": {"text": "a", "encoding": "base64"}}},
            "the response's content is not base64: ",
        ),
    ],
)
def test_an_entry_that_cannot_be_read_says_why_and_others_are_read(tmp_path: Path, row: Any, problem: str) -> None:
    bad, good = entries(tmp_path, row, FULL)
    assert (bad.problem or "").startswith(problem)
    assert bad.exchange is None
    assert good.exchange is not None


def test_no_depth_of_nesting_stops_the_reading(tmp_path: Path) -> None:
    """What is just shallow enough to be parsed can be written again, which tells one entry from another."""
    path = tmp_path / "deep.har"
    for depth in range(900, 1000):
        path.write_text('{"log": {"entries": [{"request": {"url": "u"}, "x": ' + "[" * depth + "]" * depth + "}]}}")
        try:
            [entry] = read_har(path, str)
        except ArchiveError:
            continue
        assert entry.exchange is not None


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'{"log": {}}', "it has no log.entries"),
        (b'{"log": {"entries": 7}}', "it has no log.entries"),
        (b'{"log": 7}', "it has no log.entries"),
        (b"[]", "it has no log.entries"),
        (b'{"log": {"entries": [', "not JSON: "),
        (b'{"log": {"entries": ["\xff"]}}', "not UTF-8 at byte 22"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "calls.har"
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=problem):
        list(read_har(path, str))
