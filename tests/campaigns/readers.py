"""Clients that note when each byte came, and clients that do not read."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256

__all__ = ["Arrivals", "Had", "ask", "stalling", "watch"]

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_STAMP = re.compile(rb"data: (\d{20})\n\n")


@dataclass(slots=True)
class Arrivals:
    """How long the events of one stream took from the origin to the client."""

    taken_ms: list[float] = field(default_factory=list)
    late: int = 0
    """Events that came together with a later one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Had:
    """A response's body, as a client has had it."""

    label: str
    size: int
    sha256: str


def request(path: str, label: str, body: int = 0) -> bytes:
    """Return the head of a request whose body has so many bytes."""
    return (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-audit-call: {label}\r\nauthorization: Bearer sk-not-a-key\r\n"
        f"content-type: application/json\r\ncontent-length: {body}\r\n\r\n"
    ).encode()


@asynccontextmanager
async def _connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**18)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def watch(port: int, path: str, label: str) -> Arrivals:
    """Return when each event of a `/drip` came."""
    events = int(path.split("/")[2])
    arrivals, received, seen = Arrivals(), b"", 0
    async with _connected(port) as (reader, writer):
        writer.write(request(path, label))
        while seen < events:
            data = await reader.read(65_536)
            now = time.monotonic_ns()
            if not data:
                raise ConnectionError(f"{path} broke off after {seen} events of {events}: {received[:300]!r}")
            received += data
            stamps = [int(stamp) for stamp in _STAMP.findall(received)][seen:]
            arrivals.taken_ms += [(now - stamp) / 1e6 for stamp in stamps]
            arrivals.late += max(0, len(stamps) - 1)
            seen += len(stamps)
    return arrivals


async def ask(port: int, path: str, label: str, *, body: bytes = b"") -> Had:
    """Return what was had of a response that ends by its length or its last chunk; raise if it breaks off."""
    digest, size = sha256(), 0
    async with _connected(port) as (reader, writer):
        writer.write(request(path, label, len(body)))
        for start in range(0, len(body), 2**18):
            writer.write(body[start : start + 2**18])
            await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(f"{path} was answered with {head[:200]!r}")
        async for piece in _body(reader, head):
            digest.update(piece)
            size += len(piece)
    return Had(label=label, size=size, sha256=digest.hexdigest())


async def _body(reader: asyncio.StreamReader, head: bytes) -> AsyncIterator[bytes]:
    found = _LENGTH.search(head)
    remaining = int(found[1]) if found else 0
    while found and remaining:
        piece = await reader.read(min(remaining, 2**18))
        if not piece:
            raise ConnectionError(f"a response broke off {remaining} bytes before its end")
        remaining -= len(piece)
        yield piece
    while not found and (size := int(await reader.readline(), 16)):
        yield await reader.readexactly(size)
        await reader.readexactly(2)


@contextmanager
def stalling(port: int, path: str, count: int) -> Iterator[list[str]]:
    """Ask so many times, read nothing, and hang up at the end; yield the calls' labels."""
    labels = [f"stalled-{number}" for number in range(count)]
    with ExitStack() as stack:
        for label in labels:
            sock = stack.enter_context(socket.socket())
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
            sock.connect(("127.0.0.1", port))
            sock.sendall(request(path, label))
        yield labels
