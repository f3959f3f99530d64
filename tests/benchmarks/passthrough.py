"""The least that a proxy can do with our libraries: `python -m tests.benchmarks.passthrough LISTENING_FD HOST PORT`.

uvloop, httptools on both sides, connections kept alive, bodies passed on as they come, back-pressure. It knows one
origin, believes all that it is told, notes nothing down and has no limits: what the proxy costs beyond this is the
price of recording and of safety.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable
from typing import Any

import httptools
import uvloop

__all__: list[str] = []

_HOP_BY_HOP = frozenset((b"connection", b"keep-alive", b"transfer-encoding", b"te", b"trailer", b"upgrade", b"host"))
_LAST_CHUNK = b"0\r\n\r\n"


class Side(asyncio.Protocol):
    """One of the two connections of an exchange: writes a message, and parses the other's."""

    transport: Any = None
    other: Side | None = None
    """Where what arrives here goes; None between two exchanges."""
    chunked = False
    """Whether what arrives is passed on in chunks."""

    def __init__(self) -> None:
        self.parser: Any = None
        self.headers: list[tuple[bytes, bytes]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.transport.abort()

    def pause_writing(self) -> None:
        if self.other is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None:
            self.other.transport.resume_reading()

    def on_message_begin(self) -> None:
        self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        assert self.other is not None
        write = self.other.transport.write
        if self.chunked:
            write(b"%x\r\n%b\r\n" % (len(body), body))
        else:
            write(body)

    def head(self, first_line: bytes, bodiless: bool) -> bytes:
        """Return the head to pass on, and set how the body is framed."""
        names = set()
        lines = [first_line]
        for name, value in self.headers:
            lower = name.lower()
            names.add(lower)
            if lower not in _HOP_BY_HOP:
                lines.append(b"%b: %b" % (name, value))
        self.chunked = not bodiless and b"content-length" not in names
        if self.chunked:
            lines.append(b"transfer-encoding: chunked")
        return b"\r\n".join((*lines, b"", b""))


class Client(Side):
    """A client's connection."""

    def __init__(self, lend: Callable[[Client], Outbound | None], authority: bytes) -> None:
        super().__init__()
        self._lend = lend
        self._host = b"host: " + authority
        self._waiting: list[bytes] = []
        self.url = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.parser = httptools.HttpRequestParser(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.other is not None:
            self.other.transport.abort()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.url = b""

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_headers_complete(self) -> None:
        method = self.parser.get_method()
        head = self.head(b"%b %b HTTP/1.1\r\n%b" % (method, self.url, self._host), method in (b"GET", b"HEAD"))
        self.other = self._lend(self)
        if self.other is None:
            self.transport.pause_reading()
            self._waiting.append(head)
        else:
            self.other.transport.write(head)

    def on_body(self, body: bytes) -> None:
        if self.other is None:
            self._waiting.append(b"%x\r\n%b\r\n" % (len(body), body) if self.chunked else body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self.chunked:
            return
        if self.other is None:
            self._waiting.append(_LAST_CHUNK)
        else:
            self.other.transport.write(_LAST_CHUNK)

    def connected(self, other: Outbound) -> None:
        """Send what has been waiting for a connection."""
        self.other, other.other = other, self
        other.transport.writelines(self._waiting)
        self._waiting.clear()
        self.transport.resume_reading()


class Outbound(Side):
    """A connection to the origin, kept for the next exchange."""

    def __init__(self, idle: list[Outbound]) -> None:
        super().__init__()
        self._idle = idle

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.parser = httptools.HttpResponseParser(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self in self._idle:
            self._idle.remove(self)
        elif self.other is not None:
            self.other.transport.abort()

    def on_headers_complete(self) -> None:
        assert self.other is not None
        status = self.parser.get_status_code()
        self.other.transport.write(self.head(b"HTTP/1.1 %d OK" % status, status in (204, 304)))

    def on_message_complete(self) -> None:
        assert self.other is not None
        if self.chunked:
            self.other.transport.write(_LAST_CHUNK)
        self.other.other = None
        self.other = None
        if self.parser.should_keep_alive():
            self._idle.append(self)
        else:
            self.transport.close()


class PassThrough:
    """A proxy for one origin."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._authority = f"{host}:{port}".encode()
        self._idle: list[Outbound] = []
        self._connecting: set[asyncio.Task[None]] = set()

    def client(self) -> Client:
        """Return the protocol of a new client."""
        return Client(self._lend, self._authority)

    def _lend(self, client: Client) -> Outbound | None:
        """Return a connection, or None while one is made."""
        if self._idle:
            outbound = self._idle.pop()
            outbound.other = client
            return outbound
        task = asyncio.get_running_loop().create_task(self._connect(client))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)
        return None

    async def _connect(self, client: Client) -> None:
        try:
            _, outbound = await asyncio.get_running_loop().create_connection(
                lambda: Outbound(self._idle), *self._address
            )
        except OSError:
            client.transport.abort()
        else:
            client.connected(outbound)


async def _serve(descriptor: int, host: str, port: int) -> None:
    loop = asyncio.get_running_loop()
    listening = socket.socket(fileno=descriptor)
    listening.setblocking(False)
    server = await loop.create_server(PassThrough(host, port).client, sock=listening, backlog=1024)
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)  # ends with whoever has started this
    server.close()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
