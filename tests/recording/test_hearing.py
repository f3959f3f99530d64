"""Hearing what is recorded."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from audit.call import Ending
from audit.recording import recorder as module
from audit.recording.hearing import hearing
from audit.recording.manual import record
from tests.recording.kept import a_recorder, journalled

URL = "https://host/v1"


def test_what_is_begun_inside_the_block_is_heard_as_it_is_recorded(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path)
    with hearing() as heard, record(recorder, url=URL, request="ask", headers={"x-api-key": "k"}) as reply:
        reply.chunk("answer")
    with record(recorder, url=URL, request="not heard"):
        pass
    kept = journalled(tmp_path)
    assert heard == kept[:1]
    assert len(kept) == 2


def test_each_task_hears_its_own(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path)

    async def ask(body: str) -> list[bytes]:
        with hearing() as heard:
            with record(recorder, url=URL, request=body):
                await asyncio.sleep(0)
            return [exchange.request_body for exchange in heard]

    async def main() -> list[list[bytes]]:
        return await asyncio.gather(ask("a"), ask("b"))

    assert asyncio.run(main()) == [[b"a"], [b"b"]]


def test_what_cannot_be_heard_is_recorded_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_arguments: Any) -> None:
        raise ValueError("deaf")

    with monkeypatch.context() as broken:
        broken.setattr(module, "exchange_of", fail)
        with hearing() as heard, record(a_recorder(tmp_path), url=URL, request=b""):
            pass
    assert heard == []
    assert "could not be heard" in caplog.text
    assert [exchange.ending for exchange in journalled(tmp_path)] == [Ending.EOF]
