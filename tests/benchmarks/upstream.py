"""A provider that answers at once, in a process of its own, so that it is not what is measured.

Raw asyncio: a web framework would take longer over a call than the recorder does.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["answering", "prose"]

_HEAD = {"id": "chatcmpl-0123456789abcdef", "created": 1767323045, "model": "gpt-4.1-mini-2025-04-14"}
_USAGE = {"prompt_tokens": 420, "completion_tokens": 360, "total_tokens": 780}
_HEADERS = "x-request-id: req_0123456789abcdef0123456789abcdef\r\nopenai-processing-ms: 12\r\ndate: Fri, 02 Jan 2026 03:04:05 GMT\r\n"  # fmt: skip  # noqa: E501


def prose(size: int, seed: int) -> str:
    """Return text of words drawn by chance, by Zipf's law out of 1,500 made-up ones: it packs as prose does."""
    chance = random.Random(1)
    words = ["".join(chance.choices("etaoinshrdlcumwfgypbvk", k=chance.randint(2, 9))) for _ in range(1500)]
    drawn = random.Random(seed).choices(words, [1 / rank for rank in range(1, 1501)], k=size // 4)
    return " ".join(drawn)[:size]


def _whole() -> bytes:
    message = {"role": "assistant", "content": prose(1800, 7), "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return json.dumps({**_HEAD, "object": "chat.completion", "choices": [choice], "usage": _USAGE}).encode()


def _chunks() -> Iterator[bytes]:
    deltas: list[dict[str, Any]] = [
        {"role": "assistant", "content": ""},
        *({"content": prose(40, seed)} for seed in range(9)),
    ]
    for delta in deltas:
        yield _event({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    yield _event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    yield _event({"choices": [], "usage": _USAGE})
    yield b"data: [DONE]\n\n"


def _event(body: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps({**_HEAD, "object": "chat.completion.chunk", **body}).encode() + b"\n\n"


def _replies() -> tuple[bytes, bytes]:
    whole = _whole()
    head = (
        f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(whole)}\r\n{_HEADERS}\r\n".encode()
    )
    opening = (
        f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n{_HEADERS}\r\n".encode()
    )
    streamed = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in _chunks())
    return head + whole, opening + streamed + b"0\r\n\r\n"


class _Connection(asyncio.Protocol):
    """Answers each request as soon as it is whole."""

    whole, streamed = _replies()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if end and len(rest) >= int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0):
            self._received = b""
            self._transport.write(self.streamed if b'"stream":true' in rest.replace(b" ", b"") else self.whole)


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Connection, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # ends with whoever has started this


@contextmanager
def answering() -> Iterator[str]:
    """Yield the base URL of such a provider."""
    command = [sys.executable, "-m", "tests.benchmarks.upstream"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()


if __name__ == "__main__":
    asyncio.run(_serve())
