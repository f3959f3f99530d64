"""Recorded calls that are not read to their end: closed, let go, cancelled, interrupted."""

from __future__ import annotations

import asyncio
import gc
import threading
from pathlib import Path
from typing import Any

import anyio
import pytest

from audit.call import Ending
from audit.recording.recorder import Recorder
from tests.recording.callers import Caller
from tests.recording.kept import journalled
from tests.recording.upstream import Upstream, answer, chunked


def test_a_stream_closed_early_is_kept_as_far_as_it_came(
    caller: Caller, recorder: Recorder, upstream: Upstream, tmp_path: Path
) -> None:
    more = threading.Event()
    url = upstream.play("/v1/early", chunked(b"data: a\n\n", end=b""), more, b"0\r\n\r\n")
    if caller.asynchronous:

        async def main() -> None:
            async with caller.async_client(recorder) as client, client.stream("GET", url) as response:
                assert await anext(response.aiter_raw()) == b"data: a\n\n"

        asyncio.run(main())
    else:
        with caller.client(recorder) as client, client.stream("GET", url) as response:
            assert next(response.iter_raw()) == b"data: a\n\n"
    more.set()
    [exchange] = journalled(tmp_path)
    assert (exchange.ending, exchange.response_body, exchange.failure) == (Ending.CLOSED, b"data: a\n\n", None)


def test_a_response_that_is_never_read_is_kept_when_it_is_closed(
    caller: Caller, recorder: Recorder, upstream: Upstream, tmp_path: Path
) -> None:
    url = upstream.play("/v1/unread", answer(b"unread"))
    if caller.asynchronous:

        async def main() -> None:
            async with caller.async_client(recorder) as client, client.stream("GET", url):
                pass

        asyncio.run(main())
    else:
        with caller.client(recorder) as client, client.stream("GET", url):
            pass
    [exchange] = journalled(tmp_path)
    assert (exchange.ending, exchange.status, exchange.response_body) == (Ending.CLOSED, 200, b"")


@pytest.mark.parametrize("read", [False, True])
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # an abandoned socket is the very case
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_stream_that_is_let_go_without_a_word_is_kept(
    caller: Caller, recorder: Recorder, upstream: Upstream, tmp_path: Path, read: bool
) -> None:
    more = threading.Event()
    url = upstream.play("/v1/abandoned", chunked(b"data: a\n\n", end=b""), more, b"0\r\n\r\n")
    if caller.asynchronous:

        async def main() -> None:
            client = caller.async_client(recorder)
            response = await client.send(client.build_request("GET", url), stream=True)
            if read:
                await anext(response.aiter_raw())
            del response
            gc.collect()
            more.set()
            await client.aclose()

        asyncio.run(main())
    else:
        client = caller.client(recorder)
        response = client.send(client.build_request("GET", url), stream=True)
        if read:
            next(response.iter_raw())
        del response
        gc.collect()
        more.set()
        client.close()
    gc.collect()
    recorder.close()
    [exchange] = journalled(tmp_path)
    closed = read and caller.family == "httpx2"  # whose iterators close what they read from when they are let go
    assert exchange.ending is (Ending.CLOSED if closed else Ending.ABANDONED)
    assert exchange.response_body == (b"data: a\n\n" if read else b"")


def test_a_cancelled_task_is_cancelled_and_its_call_kept(
    family: str, recorder: Recorder, upstream: Upstream, tmp_path: Path
) -> None:
    caller = Caller(family, True)
    begun, never = threading.Event(), threading.Event()
    urls = [
        upstream.play("/v1/cancel/head", never),
        upstream.play("/v1/cancel/body", chunked(b"data: a\n\n", end=b""), never),
    ]

    async def ask(client: Any, url: str) -> None:
        async with client.stream("GET", url) as response:
            async for _ in response.aiter_raw():
                begun.set()

    async def main() -> None:
        async with caller.async_client(recorder) as client:
            for url in urls:
                task = asyncio.ensure_future(ask(client, url))
                while not (begun.is_set() if url.endswith("body") else upstream.requests):
                    await asyncio.sleep(0.001)
                await asyncio.sleep(0.05 if url.endswith("head") else 0)
                task.cancel("enough")
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert task.cancelled()

    asyncio.run(main())
    never.set()
    kept = {exchange.url: exchange for exchange in journalled(tmp_path)}
    assert [(kept[url].ending, kept[url].status, kept[url].response_body) for url in urls] == [
        (Ending.CANCELLED, None, b""),
        (Ending.CANCELLED, 200, b"data: a\n\n"),
    ]


def test_a_cancel_scope_of_anyio_ends_a_call_as_it_would(
    family: str, recorder: Recorder, upstream: Upstream, tmp_path: Path
) -> None:
    caller, never = Caller(family, True), threading.Event()
    url = upstream.play("/v1/cancel/scope", chunked(b"data: a\n\n", end=b""), never)

    async def main(recorder: Recorder | None) -> list[Any]:
        seen: list[Any] = []
        async with caller.async_client(recorder) as client:
            with anyio.CancelScope() as scope:
                async with client.stream("GET", url) as response:
                    async for chunk in response.aiter_raw():
                        seen.append(chunk)
                        scope.deadline = anyio.current_time() + 0.05
            seen.append(scope.cancelled_caught)
        return seen

    assert asyncio.run(main(recorder)) == asyncio.run(main(None)) == [b"data: a\n\n", True]
    never.set()
    [exchange] = journalled(tmp_path)
    assert (exchange.ending, exchange.response_body) == (Ending.CANCELLED, b"data: a\n\n")


def test_an_interrupt_at_the_keyboard_is_nobodys_failure(family: str, recorder: Recorder, tmp_path: Path) -> None:
    def interrupt(_request: Any) -> Any:
        raise KeyboardInterrupt

    caller = Caller(family, False)
    with (
        caller.client(recorder, transport=caller.library.MockTransport(interrupt)) as client,
        pytest.raises(KeyboardInterrupt),
    ):
        client.get("http://host/v1")
    [exchange] = journalled(tmp_path)
    assert (exchange.ending, exchange.failure) == (Ending.CANCELLED, "KeyboardInterrupt: ")
