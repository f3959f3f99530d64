"""A provider of streams, slow and large: `python -m tests.campaigns.streams_origin` prints its port.

`/drip/EVENTS/PAUSE_MS/FRAMING` answers with events, one by one, each holding the machine's monotonic time at which it
left, in nanoseconds; FRAMING is `chunked`, `length` or `close`. `/big/BYTES` answers with so many bytes as fast as they
are taken, and `/swallow` with the length and SHA-256 of what it was sent.
"""

from __future__ import annotations

import asyncio
import random
import re
import resource
import sys
import time
from hashlib import sha256

import uvloop

__all__ = ["EVENT_BYTES", "big", "raise_limit_of_files"]

EVENT_BYTES = 28
_BLOCK = random.Random(1).randbytes(512 * 1024).hex().encode()  # packs to half its size
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def big(size: int) -> bytes:
    """Return what `/big/SIZE` answers."""
    return (_BLOCK * (size // len(_BLOCK) + 1))[:size]


def raise_limit_of_files() -> None:
    """Let this process and its children have as many connections as they may."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def event() -> bytes:
    """Return an event that leaves now."""
    return b"data: %020d\n\n" % time.monotonic_ns()


async def _drip(writer: asyncio.StreamWriter, events: int, pause_s: float, framing: str) -> None:
    framed = {"length": f"content-length: {events * EVENT_BYTES}", "close": "connection: close"}
    lines = ("HTTP/1.1 200 OK", "content-type: text/event-stream", framed.get(framing, "transfer-encoding: chunked"))
    writer.write("\r\n".join((*lines, "", "")).encode())
    for number in range(events):
        if number:
            await asyncio.sleep(pause_s)
        writer.write(b"%x\r\n%b\r\n" % (EVENT_BYTES, event()) if framing == "chunked" else event())
        await writer.drain()
    if framing == "chunked":
        writer.write(b"0\r\n\r\n")


async def _pour(writer: asyncio.StreamWriter, size: int) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: %d\r\n\r\n" % size)
    while size > 0:
        writer.write(_BLOCK[:size])
        size -= len(_BLOCK)
        await writer.drain()


async def _swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, size: int) -> None:
    digest, remaining = sha256(), size
    while remaining:
        piece = await reader.read(min(remaining, 256 * 1024))
        if not piece:
            return
        digest.update(piece)
        remaining -= len(piece)
    told = f'{{"bytes": {size}, "sha256": "{digest.hexdigest()}"}}'.encode()
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(told) + told)


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            found = _LENGTH.search(head)
            _, kind, *given = head.split(b" ", 2)[1].decode().split("/")
            if kind == "swallow":
                await _swallow(reader, writer, int(found[1]) if found else 0)
                continue
            if found:
                await reader.readexactly(int(found[1]))
            if kind == "big":
                await _pour(writer, int(given[0]))
            else:
                await _drip(writer, int(given[0]), int(given[1]) / 1000, given[2])
                if given[2] == "close":
                    break
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # whoever asked has left
    finally:
        writer.close()


async def _listen() -> None:
    loop = asyncio.get_running_loop()
    server = await asyncio.start_server(_serve, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)  # ends with whoever has started this


if __name__ == "__main__":
    raise_limit_of_files()
    uvloop.run(_listen())
