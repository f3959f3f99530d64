"""Recording around transports of all kinds: mocks, ones of people's own, ones that are entered and left."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from audit.call import Ending
from audit.clients import wrap_transport
from audit.recording.recorder import Recorder
from tests.recording.callers import BODY, PACKED, Caller, same
from tests.recording.kept import journalled


@pytest.mark.parametrize("packed", [False, True])
def test_the_ready_made_response_of_a_mock_is_kept_as_it_would_have_come(
    caller: Caller, recorder: Recorder, tmp_path: Path, packed: bool
) -> None:
    body, headers = (PACKED, {"content-encoding": "gzip"}) if packed else (b"data: {}\n\n", {})
    transport = caller.library.MockTransport(
        lambda _request: caller.library.Response(200, content=body, headers=headers)
    )
    _, [exchange] = same(
        caller, recorder, tmp_path, "POST", "http://host/v1", content=BODY, options={"transport": transport}
    )
    assert (exchange.response_body, exchange.ending, exchange.status) == (body, Ending.EOF, 200)


def test_a_response_that_a_transport_has_read_itself_is_kept(
    caller: Caller, recorder: Recorder, tmp_path: Path
) -> None:
    library = caller.library

    def respond(_request: Any) -> Any:
        response = library.Response(200, stream=_stream(library, b"a", b"b"))
        response.read()
        return response

    transport = library.MockTransport(respond)
    if caller.asynchronous:

        async def main() -> bytes:
            async with caller.async_client(recorder, transport=transport) as client:
                return bytes((await client.get("http://host/v1")).content)

        assert asyncio.run(main()) == b"ab"
    else:
        with caller.client(recorder, transport=transport) as client:
            assert client.get("http://host/v1").content == b"ab"
    [exchange] = journalled(tmp_path)
    assert (exchange.response_body, exchange.ending) == (b"ab", Ending.EOF)


def test_a_transport_that_answers_with_a_stream_of_its_own_is_watched(
    caller: Caller, recorder: Recorder, tmp_path: Path
) -> None:
    library = caller.library
    transport = library.MockTransport(lambda _request: library.Response(200, stream=_stream(library, b"a", b"b")))
    seen, [exchange] = same(caller, recorder, tmp_path, "GET", "http://host/v1", options={"transport": transport})
    assert (seen.chunks, exchange.response_body) == ([b"a", b"b"], b"ab")


def test_a_chunk_that_is_no_bytes_is_the_callers_and_costs_a_loss(
    caller: Caller, recorder: Recorder, tmp_path: Path
) -> None:
    library = caller.library
    transport = library.MockTransport(lambda _request: library.Response(200, stream=_stream(library, "text")))
    seen, [exchange] = same(caller, recorder, tmp_path, "GET", "http://host/v1", options={"transport": transport})
    assert seen.error is not None or seen.chunks == ["text"]
    assert (exchange.ending, recorder.lost) == (Ending.UNKNOWN, 1)


def test_transports_close_what_they_wrap(family: str, recorder: Recorder) -> None:
    library, closed = Caller(family, False).library, []

    class Inner(library.BaseTransport):  # type: ignore[name-defined,misc]
        def close(self) -> None:
            closed.append("sync")

    class AsyncInner(library.AsyncBaseTransport):  # type: ignore[name-defined,misc]
        async def aclose(self) -> None:
            closed.append("async")

    with wrap_transport(Inner(), recorder=recorder):
        pass

    async def main() -> None:
        async with wrap_transport(AsyncInner(), recorder=recorder):
            pass

    asyncio.run(main())
    assert closed == ["sync", "async"]


def test_transports_are_entered_and_left_as_they_would_be(family: str, recorder: Recorder) -> None:
    library, seen = Caller(family, False).library, []

    class Inner(library.BaseTransport):  # type: ignore[name-defined,misc]
        def __enter__(self) -> Any:
            seen.append("entered")

        def __exit__(self, kind: Any = None, *_raised: Any) -> None:
            seen.append(kind)

    class AsyncInner(library.AsyncBaseTransport):  # type: ignore[name-defined,misc]
        async def __aenter__(self) -> Any:
            seen.append("entered")

        async def __aexit__(self, kind: Any = None, *_raised: Any) -> None:
            seen.append(kind)

    async def main() -> None:
        async with wrap_transport(AsyncInner(), recorder=recorder):
            raise KeyError

    with pytest.raises(KeyError), wrap_transport(Inner(), recorder=recorder):
        raise KeyError
    with pytest.raises(KeyError):
        asyncio.run(main())
    assert seen == ["entered", KeyError] * 2


def test_a_response_that_a_transport_has_closed_unread_is_handed_on(
    caller: Caller, recorder: Recorder, tmp_path: Path
) -> None:
    library = caller.library

    def respond(_request: Any) -> Any:
        response = library.Response(200, stream=_stream(library, b"a"))
        response.is_closed = True
        return response

    transport = library.MockTransport(respond)
    seen, [exchange] = same(caller, recorder, tmp_path, "GET", "http://host/v1", options={"transport": transport})
    assert seen.status == [200]
    assert (exchange.ending, exchange.status, exchange.response_body) == (Ending.CLOSED, 200, b"")


def _stream(library: Any, *chunks: Any) -> Any:
    """Return a stream for both kinds of client."""

    class Stream(library.SyncByteStream, library.AsyncByteStream):  # type: ignore[misc]
        def __iter__(self) -> Any:
            yield from chunks

        async def __aiter__(self) -> Any:
            for chunk in chunks:
                yield chunk

    return Stream()
