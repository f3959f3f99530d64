"""A recording is read alike however its bytes were delivered, and whatever stands before its path."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from audit.archives import open_archive
from audit.call import Arrival, Exchange, Reading
from audit.interpret import Interpreter
from tests.traffic.test_expected import TRAFFIC, pytestmark

__all__ = ["pytestmark"]

Change = Callable[[Exchange], Exchange]
UNKNOWN_HOST = ("provider", "provider_duration_us", "model_match", "first_token_us", "notes")
"""What a reading tells of the host or of time, or of bytes that cannot be read."""
INTERPRET = Interpreter(pricing=lambda _reading, _exchange: None)


def exchanges(path: Path) -> Iterator[Exchange]:
    for entry in open_archive(path).entries(lambda _key: "key"):
        assert entry.exchange is not None
        yield entry.exchange


def told(reading: Reading) -> dict[str, Any]:
    """What a reading says, apart from who and when; findings in no order."""
    values = {one.name: getattr(reading, one.name) for one in fields(reading) if one.name not in UNKNOWN_HOST}
    return {**values, "findings": set(map(repr, reading.findings))}


def compressed(exchange: Exchange) -> Exchange:
    headers = (*exchange.response_headers, ("content-encoding", "gzip"))
    return replace(exchange, response_body=gzip.compress(exchange.response_body, 1), response_headers=headers)


def in_pieces(exchange: Exchange) -> Exchange:
    size, chance = len(exchange.response_body), random.Random(str(exchange.id))
    cuts = sorted({*(chance.randrange(size + 1) for _ in range(8)), size})
    return replace(exchange, arrivals=tuple(Arrival(cut, at) for at, cut in enumerate(cuts)))


def with_other_line_ends(exchange: Exchange) -> Exchange:
    body = exchange.response_body
    if not _is_event_stream(body):
        return exchange
    lines = body.replace(b"\r\n", b"\n").rstrip(b"\n")  # without the last blank line, too
    return replace(exchange, response_body=lines.replace(b"\n", b"\r\n") if lines in body else lines)


def with_comments(exchange: Exchange) -> Exchange:
    body = exchange.response_body
    if not _is_event_stream(body):
        return exchange
    lines = body.replace(b"\r\n", b"\n").replace(b"\n\n", b"\n\n: keep-alive\n\n")
    return replace(exchange, response_body=b": hello\n\n" + lines)


def with_new_fields(exchange: Exchange) -> Exchange:
    try:
        value = json.loads(exchange.response_body)
    except ValueError:
        return exchange
    if not isinstance(value, dict):
        return exchange
    value = {"x_new": {"a": [1]}, **dict(reversed(value.items()))}
    return replace(exchange, response_body=json.dumps(value, indent=1).encode())


def behind_a_router(exchange: Exchange) -> Exchange:
    url = urlsplit(exchange.url)
    return replace(exchange, url=urlunsplit(("http", "127.0.0.1:8080", f"/proxy/x{url.path}", url.query, "")))


def _is_event_stream(body: bytes) -> bool:
    return body.lstrip().startswith((b"data:", b"event:", b":", b"id:"))


@pytest.mark.parametrize(
    "change",
    [compressed, in_pieces, with_other_line_ends, with_comments, with_new_fields, behind_a_router],
)
def test_the_reading_stays_the_same(change: Change) -> None:
    read, changed = 0, []
    for path in (TRAFFIC / "open.jsonl", TRAFFIC / "shapes.jsonl"):
        for exchange in exchanges(path):
            other = change(exchange)
            if exchange.response_body and other is not exchange:
                read += 1
                before, after = told(INTERPRET.read(exchange)), told(INTERPRET.read(other))
                changed += [(exchange.reference, name) for name in before if before[name] != after[name]]

    assert read > 0
    assert not changed
