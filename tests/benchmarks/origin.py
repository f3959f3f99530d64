"""A provider that answers at once, on uvloop: `python -m tests.benchmarks.origin` prints its port.

A reply is 2 KB of JSON, or 20 events, each of them sent by itself as a provider does. It carries several times what a
proxy in front of it does.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from typing import Any

import uvloop

from tests.benchmarks.upstream import prose

__all__ = ["EVENTS", "WHOLE"]

_COMMON = {"id": "chatcmpl-0123456789abcdef", "created": 1767323045, "model": "gpt-4.1-mini-2025-04-14"}
_HEADERS = (
    "date: Fri, 02 Jan 2026 03:04:05 GMT\r\nserver: origin\r\nopenai-processing-ms: 12\r\n"
    "openai-version: 2020-10-01\r\nx-ratelimit-remaining-requests: 9999\r\nx-ratelimit-remaining-tokens: 149999\r\n"
    "x-request-id: req_0123456789abcdef0123456789abcdef\r\nstrict-transport-security: max-age=31536000\r\n"
)
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def _whole() -> bytes:
    message = {"role": "assistant", "content": prose(1750, 7), "refusal": None}
    usage = {"prompt_tokens": 420, "completion_tokens": 360, "total_tokens": 780}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return json.dumps({**_COMMON, "object": "chat.completion", "choices": [choice], "usage": usage}).encode()


def _events() -> list[bytes]:
    said = [{"role": "assistant", "content": ""}, *({"content": prose(20, seed)} for seed in range(17)), {}]
    choices = [[{"index": 0, "delta": delta, "finish_reason": None if delta else "stop"}] for delta in said]
    chunks = [{**_COMMON, "object": "chat.completion.chunk", "choices": choice} for choice in choices]
    return [*(b"data: %b\n\n" % json.dumps(chunk).encode() for chunk in chunks), b"data: [DONE]\n\n"]


WHOLE = _whole()
EVENTS = b"".join(_events())


class Connection(asyncio.Protocol):
    """Answers each request as soon as it is whole."""

    _whole = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(WHOLE)}\r\n{_HEADERS}\r\n"
    _opening = f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n{_HEADERS}\r\n"
    _whole_reply = _whole.encode() + WHOLE
    _pieces = (_opening.encode(), *(b"%x\r\n%b\r\n" % (len(event), event) for event in _events()), b"0\r\n\r\n")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._descriptor: int = transport.get_extra_info("socket").fileno()
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        found = _LENGTH.search(self._received, 0, end)
        if found and len(self._received) - end - 4 < int(found[1]):
            return
        if not found and not self._received.endswith(b"0\r\n\r\n"):  # in chunks
            return
        streamed = b'"stream":true' in self._received
        self._received = b""
        if streamed:
            self._stream()
        else:
            self._transport.write(self._whole_reply)

    def _stream(self) -> None:
        """Send one piece after another, past the transport: it would make one segment of them, and take longer."""
        for piece in self._pieces:
            if os.write(self._descriptor, piece) != len(piece):
                raise BlockingIOError("a reply does not fit into the socket's buffer")


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)  # ends with whoever has started this


if __name__ == "__main__":
    uvloop.run(_serve())
