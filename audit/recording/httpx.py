"""Recording transports for httpx, of two twins that differ in the library's name alone; a test holds them to it.

They hand on what they are given: the response is the inner transport's own with its stream watched, the exceptions
are its own, and no byte is held back. Where calls that cannot be recorded are refused, `JournalError` is another one:
before anything is sent, or at the end of a response whose end cannot be recorded.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, Self

import httpx

from audit.call import Ending
from audit.recording.recorder import Recorder
from audit.recording.tagging import HEADER_PREFIX
from audit.recording.tape import Tape

__all__ = ["AsyncRecordingTransport", "DualRecordingTransport", "RecordingTransport"]


class RecordingTransport(httpx.BaseTransport):
    """Records every exchange of an inner transport."""

    def __init__(self, inner: httpx.BaseTransport, recorder: Recorder) -> None:
        self.inner = inner
        self._recorder = recorder

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request by the inner transport; return its response, being recorded."""
        sent, tape = _begin(self._recorder, request, _Sent)
        if tape is None:
            return self.inner.handle_request(sent)
        try:
            response = self.inner.handle_request(sent)
        except BaseException as exc:  # cancellations end a call too; all are handed on
            tape.fail(exc)
            raise
        tape.head(response.status_code, response.headers.raw)
        if response.is_closed:
            _note_content(response, tape)
        else:
            assert isinstance(response.stream, httpx.SyncByteStream)
            response.stream = _Watched(response.stream, tape)
        return response

    def __enter__(self) -> Self:
        self.inner.__enter__()
        return self

    def __exit__(self, *raised: Any) -> None:
        self.inner.__exit__(*raised)

    def close(self) -> None:
        """Close the inner transport; the recorder may serve others."""
        self.inner.close()


class AsyncRecordingTransport(httpx.AsyncBaseTransport):
    """Records every exchange of an inner asynchronous transport."""

    def __init__(self, inner: httpx.AsyncBaseTransport, recorder: Recorder) -> None:
        self.inner = inner
        self._recorder = recorder

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request by the inner transport; return its response, being recorded."""
        with self._recorder.deferring() as settling:
            sent, tape = _begin(self._recorder, request, _SentAsync)
        if tape is None:
            return await self.inner.handle_async_request(sent)
        try:
            if settling.is_due and not await settling.settled():
                tape.drop()
            response = await self.inner.handle_async_request(sent)
        except BaseException as exc:  # cancellations end a call too; all are handed on
            tape.fail(exc)
            raise
        tape.head(response.status_code, response.headers.raw)
        if response.is_closed:
            _note_content(response, tape)
        else:
            assert isinstance(response.stream, httpx.AsyncByteStream)
            response.stream = _AsyncWatched(response.stream, tape, self._recorder)
        return response

    async def __aenter__(self) -> Self:
        await self.inner.__aenter__()
        return self

    async def __aexit__(self, *raised: Any) -> None:
        await self.inner.__aexit__(*raised)

    async def aclose(self) -> None:
        """Close the inner transport; the recorder may serve others."""
        await self.inner.aclose()


class DualRecordingTransport(RecordingTransport, AsyncRecordingTransport):
    """Records every exchange of an inner transport that serves both kinds of client, as a mock does."""

    inner: Any


def _begin(
    recorder: Recorder, request: httpx.Request, watch: type[_Sent] | type[_SentAsync]
) -> tuple[httpx.Request, Tape | None]:
    """Return the request to send, and its tape.

    It is the caller's own, or a copy where our tags must go out of it or a body sent as a stream must be watched.
    """
    headers, tags = request.headers.raw, []
    if HEADER_PREFIX in b"\n".join([name for name, _ in headers]).lower():
        tags = [header for header in headers if header[0].lower().startswith(HEADER_PREFIX)]
        headers = [header for header in headers if header not in tags]
    try:
        body: bytes | None = request.content
    except httpx.RequestNotRead:
        body = None
    tape = recorder.begin(method=request.method, url=str(request.url), headers=headers, tags=tags, body=body or b"")
    if not tags and (body is not None or tape is None):
        return request, tape
    stream = request.stream if body is not None or tape is None else watch(request.stream, tape)  # type: ignore[arg-type]  # of the client's own kind
    copy = httpx.Request(request.method, request.url, headers=headers, stream=stream, extensions=request.extensions)
    return copy, tape


def _note_content(response: httpx.Response, tape: Tape) -> None:
    """Record a response that came with its content, as a mock's does: its stream will not be read."""
    try:
        made = response.stream  # still encoded, as its `content` is not
        content = b"".join(made) if isinstance(made, httpx.ByteStream) else response.content
    except httpx.ResponseNotRead:
        tape.finish(Ending.CLOSED)  # by the transport itself
        return
    tape.chunk(content)
    tape.complete()


class _Watched(httpx.SyncByteStream):
    """A response's bytes on their way to the caller."""

    def __init__(self, stream: httpx.SyncByteStream, tape: Tape) -> None:
        self.stream = stream
        self.tape = tape

    def __iter__(self) -> Iterator[bytes]:
        return _Chunks(self)

    def close(self) -> None:
        self.tape.finish(Ending.CLOSED)
        self.stream.close()

    def __del__(self) -> None:
        self.tape.abandon()


class _Chunks(Iterator[bytes]):
    def __init__(self, watched: _Watched) -> None:
        self._watched = watched  # keeps it alive, or it would count as abandoned
        self._tape = watched.tape
        self._next = iter(watched.stream).__next__

    def __next__(self) -> bytes:
        try:
            chunk = self._next()
        except StopIteration:
            self._tape.complete()
            raise
        except BaseException as exc:  # cancellations end a call too; all are handed on
            self._tape.fail(exc)
            raise
        self._tape.chunk(chunk)
        return chunk


class _AsyncWatched(httpx.AsyncByteStream):
    """A response's bytes on their way to the caller."""

    def __init__(self, stream: httpx.AsyncByteStream, tape: Tape, recorder: Recorder) -> None:
        self.stream = stream
        self.tape = tape
        self.recorder = recorder

    def __aiter__(self) -> AsyncIterator[bytes]:
        return _AsyncChunks(self)

    async def aclose(self) -> None:
        self.tape.finish(Ending.CLOSED)
        await self.stream.aclose()

    def __del__(self) -> None:
        self.tape.abandon()


class _AsyncChunks(AsyncIterator[bytes]):
    def __init__(self, watched: _AsyncWatched) -> None:
        self._watched = watched  # keeps it alive, or it would count as abandoned
        self._tape = watched.tape
        self._next = aiter(watched.stream).__anext__

    async def __anext__(self) -> bytes:
        try:
            chunk = await self._next()
        except StopAsyncIteration:
            await self._complete()
            raise
        except BaseException as exc:  # cancellations end a call too; all are handed on
            self._tape.fail(exc)
            raise
        self._tape.chunk(chunk)
        return chunk

    async def _complete(self) -> None:
        with self._watched.recorder.deferring() as settling:
            kept = self._tape.finish(Ending.EOF)
        if settling.is_due:
            kept = await settling.settled()
        self._tape.hold_to(kept=kept)


class _Sent(httpx.SyncByteStream):
    """A request's bytes on their way to the provider."""

    def __init__(self, stream: httpx.SyncByteStream, tape: Tape) -> None:
        self._stream = stream
        self._tape = tape

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            self._tape.sent(chunk)
            yield chunk


class _SentAsync(httpx.AsyncByteStream):
    """A request's bytes on their way to the provider."""

    def __init__(self, stream: httpx.AsyncByteStream, tape: Tape) -> None:
        self._stream = stream
        self._tape = tape

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._tape.sent(chunk)
            yield chunk
