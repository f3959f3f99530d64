"""Connections to providers, kept and used again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from audit.proxy import outbound
from audit.proxy.addresses import Networks
from audit.proxy.dial import Dialer
from audit.proxy.outbound import IDLE_S, Outbound, Pool
from audit.proxy.plan import UpstreamPlan
from audit.proxy.readers import ReplyReader
from audit.proxy.upstreams import Upstream
from tests.proxy.origin import Origin, Script, Then, a_reply
from tests.proxy.running import HERE

ASKING = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


class Noted:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.over = asyncio.Event()

    def came(self, reader: ReplyReader) -> None:
        if reader.complete:
            self.told.append(f"complete {b''.join(reader.pieces).decode()}")
            self.over.set()

    def broke(self, exc: Exception) -> None:
        self.told.append(f"broke {exc}")
        self.over.set()

    def may_send(self, ready: bool) -> None:
        self.told.append(f"may send: {ready}")


def run(origin: Origin, act: Callable[[Pool, Upstream], Awaitable[None]]) -> None:
    upstream = Upstream.of(UpstreamPlan(name="x", mounts=("",), base_url=origin.url))

    async def acting() -> None:
        pool = Pool(Dialer(Networks(HERE)), 5.0)
        await act(pool, upstream)
        pool.close()

    asyncio.run(acting())


async def asked(connection: Outbound) -> list[str]:
    listener = Noted()
    connection.begin(listener, b"GET", 4096)
    connection.write(ASKING)
    await asyncio.wait_for(listener.over.wait(), 5)
    return listener.told


def test_a_connection_serves_one_exchange_after_the_other(origin: Origin) -> None:
    origin.play(a_reply(b"{}"))

    async def act(pool: Pool, upstream: Upstream) -> None:
        assert pool.idle(upstream) is None
        connection = await pool.connect(upstream)
        assert await asked(connection) == ["complete {}"]
        pool.keep(connection)
        assert pool.idle(upstream) is connection
        assert await asked(connection) == ["complete {}"]
        connection.abort()
        assert not connection.usable

    run(origin, act)


def test_a_connection_that_ends_unused_is_not_offered(origin: Origin) -> None:
    origin.play(a_reply(b"{}", then=Then.CLOSE))

    async def act(pool: Pool, upstream: Upstream) -> None:
        for _ in range(2):
            connection = await pool.connect(upstream)
            await asked(connection)
            pool.keep(connection)
        time.sleep(0.2)  # without the loop: that the connection has ended has not been read yet
        assert pool.idle(upstream) is None

    run(origin, act)


def test_what_comes_unasked_ends_a_connection(origin: Origin) -> None:
    origin.play(Script((b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0.1, b"HTTP/1.1 200 OK\r\n\r\n")))

    async def act(pool: Pool, upstream: Upstream) -> None:
        connection = await pool.connect(upstream)
        await asked(connection)
        pool.keep(connection)
        until = time.monotonic() + 5
        while connection.usable and time.monotonic() < until:
            await asyncio.sleep(0.01)
        assert not connection.usable

    run(origin, act)


def test_connections_are_not_kept_for_ever_nor_without_number(origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "MOST_IDLE", 2)

    async def act(pool: Pool, upstream: Upstream) -> None:
        connections = [await pool.connect(upstream) for _ in range(3)]
        for connection in connections:
            pool.keep(connection)
        assert [connection.usable for connection in connections] == [False, True, True]
        now = asyncio.get_running_loop().time()
        pool.sweep(now)
        assert connections[1].usable
        pool.sweep(now + IDLE_S + 1)
        assert not any(connection.usable for connection in connections)

    run(origin, act)


def test_whoever_sends_too_much_is_told_to_wait(origin: Origin) -> None:
    origin.play(a_reply(b"{}"))

    async def act(pool: Pool, upstream: Upstream) -> None:
        connection = await pool.connect(upstream)
        listener = Noted()
        connection.begin(listener, b"POST", 4096)
        connection.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n" + b"a" * 20_000_000)
        await asyncio.wait_for(listener.over.wait(), 5)
        assert listener.told == ["may send: False", "may send: True", "complete {}"]
        connection.pause()
        connection.resume()
        connection.abort()
        connection.pause()
        connection.resume()

    run(origin, act)
