"""Hostile replies and requests, one by one: read, stored, read back, shown.

None raises, each exchange is kept byte for byte, and where something could not be read the record says why.
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import brotli
import pytest
import zstandard

from audit import wiring
from audit.call import Arrival, Call, Ending, Exchange
from audit.settings import load_settings
from audit.store.read import Reader
from audit.store.rows import CallDetail
from tests.campaigns.rendering import render
from tests.dialects.aws_events import AWS_STREAM
from tests.factories import an_exchange, event_stream

JSON, EVENTS = "application/json", "text/event-stream"
ASKED = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}).encode()
CHUNKS = [
    {"id": "c", "model": "gpt-4o", "choices": [{"index": 0, "delta": {"content": "Hello "}}]},
    {"id": "c", "model": "gpt-4o", "choices": [{"index": 0, "delta": {"content": "wörld"}, "finish_reason": "stop"}]},
    {"id": "c", "model": "gpt-4o", "choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}},
]
HELLO = "Hello wörld"
STREAM = event_stream(*CHUNKS, "[DONE]")


def whole(content: str = HELLO, **over: Any) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    body = {"id": "c", "model": "gpt-4o", "choices": [choice], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}
    return json.dumps({**body, **over}, ensure_ascii=False).encode("utf-8", "surrogatepass")


WHOLE = whole()
STREAMED: dict[str, Any] = {"kind": EVENTS, "complete": True}
CUT: dict[str, Any] = {"kind": EVENTS, "complete": False, "ending": Ending.FAILED}


@dataclass(frozen=True, kw_only=True)
class Row:
    """What comes over the wire, and what the record says of it."""

    name: str
    body: bytes
    kind: str = JSON
    coding: str = ""
    request: bytes = ASKED
    ending: Ending = Ending.EOF
    arrivals: tuple[Arrival, ...] = ()
    notes: tuple[str, ...] = ()
    """How some of the notes begin; there are none where all could be read."""
    said: str | None = None
    """The text of the answer; None where none could be read."""
    complete: bool | None = None
    """Whether the answer is known to be whole; None: whatever is said of it."""

    @property
    def noted(self) -> tuple[str, ...]:
        """The same with the side that is meant, which is the response where nothing is said."""
        return tuple(note if note.startswith("request: ") else f"response: {note}" for note in self.notes)

    @property
    def exchange(self) -> Exchange:
        coded = (("content-encoding", self.coding),) if self.coding else ()
        return an_exchange(
            url="https://api.openai.com/v1/chat/completions",
            request_headers=(("content-type", JSON),),
            request_body=self.request,
            response_headers=(("content-type", self.kind), *coded),
            response_body=self.body,
            ending=self.ending,
            arrivals=self.arrivals,
        )


def row(name: str, body: bytes, *notes: str, said: str | None = None, **over: Any) -> Row:
    return Row(name=name, body=body, notes=notes, said=said, **over)


def counted(tokens: bytes) -> bytes:
    """Return the reply with something in the place of its number of tokens."""
    return WHOLE.replace(b": 2}", b": " + tokens + b"}")


def good(name: str, body: bytes, said: str = HELLO, **over: Any) -> Row:
    """Return a row of which everything can be read."""
    return Row(name=name, body=body, said=said, complete=True, **over)


def packed(coding: str, pack: Callable[[bytes], bytes]) -> Iterator[Row]:
    """Yield what becomes of one content coding: sound, cut, damaged, and packed to harm."""
    yield good(coding, pack(WHOLE), coding=coding)
    yield good(f"{coding}, a stream", pack(STREAM), coding=coding, kind=EVENTS)
    yield row(f"{coding}, cut", pack(WHOLE)[:-20], "content encoding ends early", coding=coding)
    yield row(f"{coding}, damaged", b"\xa5" + pack(WHOLE)[1:], "broken content encoding", coding=coding)
    yield row(f"{coding}, a bomb", bomb(coding, pack), "unpacks to more than 67108864 bytes", "not JSON", coding=coding)


def bomb(coding: str, pack: Callable[[bytes], bytes]) -> bytes:
    """Return 70 MB; where packed pieces may follow each other, most are packed once."""
    spaces = b" " * 1_000_000
    return pack(b"{" + spaces * 70) if coding == "br" else pack(b"{") + pack(spaces) * 70


NESTED = b'{"choices": ' + b"[" * 10_000 + b"]" * 10_000 + b"}"
DEEP = "JSON nested too deep to read"
LONG = "long " * 2_000_000
BYTE_BY_BYTE = tuple(Arrival(number + 1, number) for number in range(len(STREAM)))
AWRY = (Arrival(3, 1), Arrival(99, 2), Arrival(10**9, 3))
TABLE = [
    row("truncated JSON", WHOLE[:-20], "not JSON"),
    row("a truncated request", WHOLE, "request: not JSON", request=ASKED[:-9], said=HELLO, complete=True),
    row("not UTF-8", WHOLE.replace(b"rld", b"\xff"), "not UTF-8 at byte", said="Hello w\u00f6\ufffd", complete=True),
    row(
        "an event not UTF-8",
        STREAM.replace(b"\\u00f6", b"\xff"),
        "not UTF-8 at byte",
        said="Hello w\ufffdrld",
        **STREAMED,
    ),
    good("NUL, escaped", WHOLE.replace(b"rld", b"\\u0000"), said="Hello w\u00f6\u2400"),
    row("NUL, bare", WHOLE.replace(b"rld", b"\x00"), "not JSON: Invalid control character"),
    good("a lone surrogate, escaped", WHOLE.replace(b"rld", b"\\ud83d"), said="Hello w\u00f6\ufffd"),
    row("a lone surrogate, bare", whole("a\ud83d"), "not UTF-8 at byte", said="a\ufffd\ufffd\ufffd", complete=True),
    good("10 MB of text", whole(LONG), said=LONG),
    row("10 MB of replies in a row", WHOLE * 48_000, said=HELLO),
    row("10 MB cut off", whole(LONG)[:-60], "not JSON: Unterminated string"),
    good("a request of 10 MB", WHOLE, request=ASKED.replace(b"Hello", LONG.encode())),
    row("nested 10,000 deep", NESTED, DEEP),
    row("nested 10,000 deep, unclosed", b"[" * 10_000, DEEP),
    row("a request nested 10,000 deep", WHOLE, f"request: {DEEP}", request=NESTED, said=HELLO, complete=True),
    row("an event nested 10,000 deep", b"data: " + NESTED + b"\n\n" + STREAM, "1 of 5 events", said=HELLO, **STREAMED),
    row(
        "400 digits", WHOLE.replace(b": 2}", b": " + b"9" * 400 + b"}"), "an integer of 400", said=HELLO, complete=True
    ),
    row("5,000 digits", WHOLE.replace(b": 2}", b": " + b"9" * 5000 + b"}"), "not readable JSON"),
    row("NaN", counted(b"NaN"), "NaN in the place of a number", said=HELLO, complete=True),
    row("-Infinity in an event", STREAM.replace(b": 2}", b": -Infinity}"), "-Infinity in the", said=HELLO, **STREAMED),
    good("JSON called text", WHOLE, kind="text/plain"),
    good("JSON called a stream", WHOLE, kind=EVENTS),
    good("a stream called JSON", STREAM),
    good("a stream called a picture", STREAM, kind="image/png"),
    row("a page called JSON", b"<html>502</html>", "not JSON"),
    row("JSON called an AWS stream", WHOLE, "what follows byte 0 cannot be read", kind=AWS_STREAM[0][1]),
    row("JSON called gzip", WHOLE, "broken content encoding", coding="gzip"),
    row("an unheard-of coding", WHOLE, "unknown content encoding", coding="rot13"),
    *packed("gzip", lambda body: gzip.compress(body, mtime=0)),
    *packed("br", lambda body: brotli.compress(body, quality=1)),
    *packed("zstd", zstandard.compress),
    row("a stream cut in an event", STREAM[:150], "1 of 2 events", said="Hello ", **CUT),
    row("a stream cut between events", event_stream(CHUNKS[0]), said="Hello ", **CUT),
    good("a stream with CRLF", STREAM.replace(b"\n", b"\r\n"), kind=EVENTS),
    good("a stream with CR", STREAM.replace(b"\n", b"\r"), kind=EVENTS),
    good("a stream byte by byte", STREAM, kind=EVENTS, arrivals=BYTE_BY_BYTE),
    good("a stream in odd pieces", STREAM, kind=EVENTS, arrivals=AWRY),
    row("nothing", b""),
    row("noise", bytes(range(256)) * 40, "not JSON"),
]


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[wiring.Store, Reader]]:
    """A real database, to be written to and read from."""
    settings = load_settings({"AUDIT_HOME": str(tmp_path_factory.mktemp("home"))})
    with closing(wiring.open_store(settings)) as store, closing(wiring.open_reader(settings)) as reader:
        yield store, reader


def kept(exchange: Exchange, store: wiring.Store, reader: Reader) -> tuple[Call, CallDetail]:
    """Take an exchange all the way into the record and back."""
    call = store.read(exchange)
    assert store.append([call]) == ()
    detail = reader.call(exchange.id)
    assert detail is not None
    return call, detail


@pytest.mark.parametrize("number", range(len(TABLE)), ids=[one.name for one in TABLE])
def test_hostile_bytes_are_kept_read_as_far_as_they_go_and_shown(
    number: int, record: tuple[wiring.Store, Reader]
) -> None:
    wanted = TABLE[number]
    exchange = replace(wanted.exchange, id=UUID(int=number))
    began = time.process_time()

    call, detail = kept(exchange, *record)
    render(detail, call.reading)

    assert detail.exchange == exchange
    assert time.process_time() - began < 30  # far below what a time by the square of the size would be
    assert all(any(note.startswith(begin) for note in detail.notes) for begin in wanted.noted), detail.notes
    assert bool(detail.notes) is bool(wanted.notes), detail.notes
    assert call.reading.dialect == "openai_chat"
    assert "".join(message.text for message in call.reading.output) == (wanted.said or "")
    assert wanted.complete in (None, call.reading.complete)
