"""The least that a proxy can do on uvicorn: `python -m tests.benchmarks.passthrough_asgi LISTENING_FD URL CLIENT`.

CLIENT is `httpx2` or `aiohttp`. Bodies pass as they come; nothing is noted down.
"""

from __future__ import annotations

import importlib
import socket
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import uvicorn

__all__: list[str] = []

_DROPPED = frozenset((b"connection", b"keep-alive", b"transfer-encoding", b"te", b"trailer", b"upgrade", b"host"))
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A response whose body is still to come."""

    status: int
    headers: Headers
    pieces: AsyncIterator[bytes]


Ask = Callable[[str, str, Headers, AsyncIterator[bytes]], Any]


def _kept(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    return [(name, value) for name, value in headers if name.lower() not in _DROPPED]


def _httpx2() -> Ask:
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    client = httpx2.AsyncClient(limits=limits, timeout=60, trust_env=False)

    @asynccontextmanager
    async def ask(method: str, url: str, headers: Headers, body: AsyncIterator[bytes]) -> AsyncIterator[Reply]:
        async with client.stream(method, url, headers=headers, content=body) as response:
            yield Reply(status=response.status_code, headers=_kept(response.headers.raw), pieces=response.aiter_raw())

    return ask


def _aiohttp() -> Ask:
    aiohttp = importlib.import_module("aiohttp")
    opened: list[Any] = []

    @asynccontextmanager
    async def ask(method: str, url: str, headers: Headers, body: AsyncIterator[bytes]) -> AsyncIterator[Reply]:
        if not opened:  # it wants a running loop
            opened.append(aiohttp.ClientSession(auto_decompress=False, connector=aiohttp.TCPConnector(limit=0)))
        named = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
        async with opened[0].request(method, url, headers=named, data=body) as response:
            yield Reply(status=response.status, headers=_kept(response.raw_headers), pieces=response.content.iter_any())

    return ask


CLIENTS: dict[str, Callable[[], Ask]] = {"httpx2": _httpx2, "aiohttp": _aiohttp}


def application(ask: Ask, url: str) -> Callable[..., Awaitable[None]]:
    """Return an ASGI application that passes each request on to `url`."""

    async def pass_on(scope: Any, receive: Any, send: Any) -> None:
        async def body() -> AsyncIterator[bytes]:
            more = True
            while more:
                message = await receive()
                more = message.get("more_body", False)
                yield message.get("body", b"")

        async with ask(scope["method"], url + scope["raw_path"].decode(), _kept(scope["headers"]), body()) as reply:
            await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
            async for piece in reply.pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})

    return pass_on


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print("ready", flush=True)


def _run(descriptor: int, url: str, client: str) -> None:
    app = application(CLIENTS[client](), url)
    config = uvicorn.Config(app, loop="uvloop", http="httptools", lifespan="off", access_log=False, log_level="error")
    server = _Server(config)

    def end_with_parent() -> None:
        sys.stdin.read()
        server.should_exit = True

    threading.Thread(target=end_with_parent, daemon=True).start()
    server.run(sockets=[socket.socket(fileno=descriptor)])


if __name__ == "__main__":
    _run(int(sys.argv[1]), sys.argv[2], sys.argv[3])
