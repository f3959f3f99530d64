"""Asking a model through a recording client; tests/test_wiring_canaries.py asks more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from audit.call import Ending, Tags
from audit.canary import asking
from audit.canary.asking import RecordedAsk
from audit.canary.prompt import Request
from audit.clients import attach
from audit.errors import JournalError
from audit.recording.recorder import Recorder
from tests.recording.kept import a_recorder, journalled

REQUEST = Request(method="POST", url="http://host/v1", headers={}, body=b"{}")


class Endless(httpx2.SyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield b"x" * 1000


def an_ask(recorder: Recorder, response: httpx2.Response) -> RecordedAsk:
    return RecordedAsk(attach(httpx2.Client(transport=httpx2.MockTransport(lambda _: response)), recorder=recorder))


def test_a_reply_without_end_is_read_no_further_than_can_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MOST_BYTES", 5000)
    ask = an_ask(a_recorder(tmp_path), httpx2.Response(200, stream=Endless()))
    exchange = ask(REQUEST, tags=Tags(canary="c"), timeout_s=60)
    assert (exchange.ending, len(exchange.response_body)) == (Ending.CLOSED, 6000)


def test_what_is_asked_is_returned_as_it_is_recorded(tmp_path: Path) -> None:
    exchange = an_ask(a_recorder(tmp_path), httpx2.Response(200, content=iter([b"ok"])))(
        REQUEST, tags=Tags(canary="c"), timeout_s=60
    )
    assert [exchange] == journalled(tmp_path)
    assert (exchange.response_body, exchange.tags.canary) == (b"ok", "c")


def test_a_check_that_leaves_no_trace_is_none(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path)
    recorder.close()
    with pytest.raises(JournalError, match="could not be recorded"):
        an_ask(recorder, httpx2.Response(200, content=iter([b"ok"])))(REQUEST, tags=Tags(canary="c"), timeout_s=60)
