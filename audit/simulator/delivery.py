"""Sends a reply over ASGI, at its pace, in its coding, and enters what is sent into the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256

from starlette.types import Receive, Send

from audit.simulator.ask import Pace
from audit.simulator.coding import accepted, coder
from audit.simulator.reply import Frame, Reply
from audit.simulator.scenarios import CODINGS, Script
from audit.simulator.served import Served

__all__ = ["Delivery"]


class Delivery:
    """One reply on its way."""

    def __init__(self, reply: Reply, row: Served, *, script: Script, pace: Pace, accept_encoding: str) -> None:
        self._reply = reply
        self._row = row
        self._pace = pace
        self._split = int(script.number("split", 7)) if "split" in script else None
        wanted = [name for name in script.scenes if name in CODINGS and any(frame.data for frame in reply.frames)]
        self._codings = accepted(wanted, accept_encoding)
        self._digest = sha256()

    async def run(self, receive: Receive, send: Send) -> None:
        """Send the reply until all is sent, the scenario breaks it off, or the client has left."""
        async with asyncio.TaskGroup() as group:
            leaving = group.create_task(_left(receive))
            sending = group.create_task(self._send(send))
            await asyncio.wait({leaving, sending}, return_when=asyncio.FIRST_COMPLETED)
            if self._row.ending == "open":
                self._row.ending = "client_left"
            leaving.cancel()
            sending.cancel()

    async def _send(self, send: Send) -> None:
        frames = list(self._coded())
        tokens = sum(frame.tokens for frame in self._reply.frames)
        await _pause(self._pace.first_ms if self._reply.streamed else self._pace.total_ms(tokens))
        row = self._row
        row.status, row.streamed, row.content_encoding = self._reply.status, self._reply.streamed, self._encoding
        await send({"type": "http.response.start", "status": row.status, "headers": self._head(frames)})
        for place, frame in enumerate(frames):
            if self._reply.streamed:
                await _pause(frame.pause_ms + self._pace.token_ms * frame.tokens)
            await self._send_frame(frame, send, last=place == len(frames) - 1)

    async def _send_frame(self, frame: Frame, send: Send, *, last: bool) -> None:
        row = self._row
        row.tell(frame.tells)
        if last:
            row.ending = "cut" if self._reply.dropped else "sent"
        # Everything stands in the ledger before the bytes go: whoever has read them may ask for the row at once.
        self._digest.update(frame.data)
        row.response_sha256 = self._digest.hexdigest()
        row.response_bytes += len(frame.data)
        parts = list(self._parts(frame.data)) or [b""]
        for part in parts[:-1]:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        more = not last or self._reply.dropped
        await send({"type": "http.response.body", "body": parts[-1], "more_body": more})

    def _coded(self) -> Iterator[Frame]:
        stream = coder(self._codings)
        *before, last = self._reply.frames
        yield from (replace(frame, data=stream.push(frame.data)) for frame in before)
        data = stream.push(last.data)
        yield replace(last, data=data if self._reply.dropped else data + stream.end())

    def _parts(self, data: bytes) -> Iterator[bytes]:
        size = self._split or max(len(data), 1)
        return (data[start : start + size] for start in range(0, len(data), size))

    @property
    def _encoding(self) -> str:
        return ", ".join(self._codings)

    def _head(self, frames: list[Frame]) -> list[tuple[bytes, bytes]]:
        headers: Mapping[str, str] = {"content-type": self._reply.media_type, **self._reply.headers}
        if not self._reply.streamed and not self._reply.dropped and self._split is None:
            headers = {**headers, "content-length": str(sum(len(frame.data) for frame in frames))}
        if self._codings:
            headers = {**headers, "content-encoding": self._encoding}
        return [(name.encode(), value.encode()) for name, value in headers.items()]


async def _left(receive: Receive) -> None:
    await receive()  # the request has been read: what comes now is the end of the connection


async def _pause(pause_ms: float) -> None:
    if pause_ms > 0:
        await asyncio.sleep(pause_ms / 1000)
