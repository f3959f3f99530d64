"""Exchanges as JSON lines."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.archives._entry import Entry
from audit.archives.jsonl import read_jsonl
from audit.call import Ending, Exchange, Origin

FULL: dict[str, Any] = {
    "id": "case-7",
    "method": "GET",
    "url": "https://user:secret@host/v1/models?key=AIza&alt=sse",
    "request_headers": {"Authorization": "Bearer sk-1", "Accept": ["a", "b"]},
    "request_body": "ä",
    "response_headers": {"Content-Type": "application/json"},
    "response_body": base64.b64encode(b"\xff\0").decode(),
    "response_body_encoding": "base64",
    "status": 200,
    "duration_ms": 12.5,
    "started_at": "2026-01-02T04:04:05+01:00",
}


def entries(folder: Path, *lines: bytes | dict[str, Any]) -> list[Entry]:
    path = folder / "calls.jsonl"
    path.write_bytes(b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines))
    return list(read_jsonl(path, lambda key: f"print of {key}"))


def the_exchange(folder: Path, **row: Any) -> Exchange:
    [entry] = entries(folder, {"url": "https://host/v1", **row})
    assert entry.exchange is not None
    return entry.exchange


def test_a_line_comes_as_an_exchange_without_its_secrets(tmp_path: Path) -> None:
    [entry] = entries(tmp_path, FULL)
    assert entry.exchange == Exchange(
        id=entry.exchange.id if entry.exchange else None,  # type: ignore[arg-type]
        started_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        origin=Origin.IMPORT,
        reference="case-7",
        method="GET",
        url="https://host/v1/models?key=[redacted]&alt=sse",
        request_headers=(("authorization", "[redacted]"), ("accept", "a"), ("accept", "b")),
        request_body="ä".encode(),
        status=200,
        response_headers=(("content-type", "application/json"),),
        response_body=b"\xff\0",
        ending=Ending.EOF,
        duration_us=12_500,
        key_fingerprint="print of sk-1",
    )
    assert (entry.place, entry.problem, entry.time_known) == ("line 1", None, True)


def test_a_method_in_small_letters_is_no_other_method(tmp_path: Path) -> None:
    assert the_exchange(tmp_path, method="post").method == "POST"


def test_all_but_the_url_may_be_missing(tmp_path: Path) -> None:
    [entry] = entries(tmp_path, {"url": "https://host/v1", "status": None, "duration_ms": None, "started_at": None})
    assert entry.exchange is not None
    assert (entry.exchange.method, entry.exchange.ending, entry.exchange.status) == ("POST", Ending.FAILED, None)
    assert entry.exchange.key_fingerprint is None
    assert entry.time_known is False


def test_without_a_time_the_replys_date_will_do(tmp_path: Path) -> None:
    exchange = the_exchange(tmp_path, response_headers={"Date": "Fri, 02 Jan 2026 03:04:05 GMT"})
    assert exchange.started_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("date", ["", "yesterday", "Fri, 31 Dec 9999 23:59:59 -1400"])
def test_a_date_that_is_none_is_not_known(tmp_path: Path, date: str) -> None:
    [entry] = entries(tmp_path, {"url": "https://host/v1", "response_headers": {"Via": "x", "Date": date}})
    assert entry.time_known is False


def test_a_time_without_an_offset_is_utc(tmp_path: Path) -> None:
    assert the_exchange(tmp_path, started_at="2026-01-02T03:04:05").started_at == datetime(
        2026, 1, 2, 3, 4, 5, tzinfo=UTC
    )


def test_the_same_line_is_the_same_exchange_and_another_is_not(tmp_path: Path) -> None:
    first, second, third = (entry.exchange for entry in entries(tmp_path, FULL, FULL, {**FULL, "status": 201}))
    assert first is not None
    assert second is not None
    assert third is not None
    assert first.id == second.id != third.id
    assert first.id.version == 8


def test_blank_lines_are_passed_over_and_places_counted(tmp_path: Path) -> None:
    read = entries(tmp_path, b"", FULL, b"  ", b"nonsense")
    assert [(entry.place, entry.problem is None) for entry in read] == [("line 2", True), ("line 4", False)]
    assert read[-1].position == (tmp_path / "calls.jsonl").stat().st_size


_NO_BASE64 = "response_body is not base64: Only base64 data is allowed"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"{", "not JSON: Expecting property name enclosed in double quotes at character 1"),
        (b"[1]", "not a JSON object"),
        (b'{"url": "\xff"}', "not UTF-8 at byte 9"),
        ({}, "no url"),
        ({"url": 7}, "url is not text"),
        ({"url": "u", "method": 7}, "method is not text"),
        ({"url": "u", "status": "200"}, "status is not an HTTP status"),
        ({"url": "u", "status": True}, "status is not an HTTP status"),
        ({"url": "u", "duration_ms": "1"}, "duration_ms is not a number of milliseconds"),
        ({"url": "u", "duration_ms": -1}, "duration_ms is not a number of milliseconds"),
        ({"url": "u", "request_headers": []}, None),
        ({"url": "u", "request_headers": [1]}, "request_headers is not an object"),
        ({"url": "u", "response_body": "!", "response_body_encoding": "base64"}, _NO_BASE64),
        ({"url": "u", "started_at": 7}, "started_at is not a time"),
        ({"url": "u", "started_at": "soon"}, "Invalid isoformat string: 'soon'"),
        ({"url": "u", "started_at": "0001-01-01T00:00:00+14:00"}, "no time in UTC: 0001-01-01T00:00:00+14:00"),
        (b'{"url": "u", "x": ' + b"[" * 100_000, "JSON nested too deep to read"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_read_says_why(tmp_path: Path, line: bytes | dict[str, Any], problem: str | None) -> None:
    [entry] = entries(tmp_path, line)
    assert entry.problem == problem
    assert (entry.exchange is None) == (problem is not None)


PACKED = {"Content-Encoding": "gzip", "Content-Type": "text/plain"}


def test_an_encoding_that_the_archive_has_undone_is_dropped(tmp_path: Path) -> None:
    exchange = the_exchange(tmp_path, response_headers=PACKED, response_body="plain", status=200)
    assert exchange.response_headers == (("content-type", "text/plain"),)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", b"\x1f\x8b\x08"),
        ("zstd", b"\x28\xb5\x2f\xfd"),
        ("br", b"\xff\xfe"),
        ("deflate", b"\x78\x9c\xff"),
        ("gzip, br", b"\xff\xfe"),
    ],
)
def test_an_encoding_that_is_still_on_is_kept(tmp_path: Path, encoding: str, body: bytes) -> None:
    packed = {"response_body": base64.b64encode(body).decode(), "response_body_encoding": "base64"}
    exchange = the_exchange(tmp_path, response_headers={"Content-Encoding": encoding}, **packed)
    assert exchange.response_headers == (("content-encoding", encoding),)


@pytest.mark.parametrize("encoding", ["br", "deflate"])
def test_an_encoding_without_a_mark_is_told_by_being_text(tmp_path: Path, encoding: str) -> None:
    undone = the_exchange(tmp_path, response_headers={"Content-Encoding": encoding}, response_body="ä")
    assert undone.response_headers == ()


@given(
    st.dictionaries(st.sampled_from(sorted(FULL)), st.none() | st.booleans() | st.integers() | st.floats() | st.text())
)
def test_no_line_stops_the_reading(tmp_path_factory: pytest.TempPathFactory, row: dict[str, Any]) -> None:
    [entry] = entries(tmp_path_factory.mktemp("archive"), row)
    assert (entry.exchange is None) != (entry.problem is None)
