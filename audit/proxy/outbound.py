"""Connections to providers, each for one exchange at a time, and kept for the next."""

from __future__ import annotations

import asyncio
import select
from collections import defaultdict, deque
from typing import Protocol, cast

from audit.proxy.dial import Dialer
from audit.proxy.messages import Malformed
from audit.proxy.readers import ReplyReader
from audit.proxy.upstreams import Upstream

__all__ = ["Listener", "Outbound", "Pool"]

IDLE_S = 4.0
"""How long a connection is kept unused: servers commonly close after five seconds, and one that closes as it is used
again costs a call."""
MOST_IDLE = 64
"""Unused connections to one provider."""


class Listener(Protocol):
    """Who is told what comes of a request."""

    def came(self, reader: ReplyReader) -> None:
        """Something was read: take it from the reader."""
        ...

    def broke(self, exc: Exception) -> None:
        """The response will not be whole."""
        ...

    def may_send(self, ready: bool) -> None:
        """Whether the provider takes more of the request's body now."""
        ...


class Outbound(asyncio.Protocol):
    """One connection to a provider."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self.idle_since = 0.0
        self._transport: asyncio.Transport | None = None
        self._listener: Listener | None = None
        self._reader: ReplyReader | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass

    def begin(self, listener: Listener, method: bytes, most_head: int) -> None:
        """Begin an exchange: what comes from now on is the response."""
        self._listener = listener
        self._reader = ReplyReader(method, most_head)

    def write(self, data: bytes) -> None:
        """Send a part of the request."""
        assert self._transport is not None
        self._transport.write(data)

    def pause(self) -> None:
        """Read no more until `resume`: whoever the response is for does not keep up."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def release(self) -> None:
        """End the exchange; the connection lives on."""
        self._listener, reader, self._reader = None, self._reader, None
        if reader is not None:
            reader.close()

    def abort(self) -> None:
        """End the connection at once, whatever is under way."""
        self.release()
        if self._transport is not None:
            self._transport.abort()

    @property
    def usable(self) -> bool:
        """Whether it is still open and nothing unasked has come, its end included."""
        if self._transport is None or self._transport.is_closing():
            return False
        descriptor = self._transport.get_extra_info("socket").fileno()
        waiting = select.poll()
        waiting.register(descriptor, select.POLLIN)
        return descriptor >= 0 and not waiting.poll(0)

    def data_received(self, data: bytes) -> None:
        listener, reader = self._listener, self._reader
        if listener is None or reader is None:
            self.abort()  # unasked
            return
        try:
            reader.feed(data)
        except Malformed as exc:
            listener.came(reader)
            listener.broke(exc)
            return
        listener.came(reader)

    def eof_received(self) -> None:
        listener, reader = self._listener, self._reader
        if listener is None or reader is None:
            return
        if reader.end():
            listener.came(reader)
        else:
            listener.broke(ConnectionError("the provider closed the connection before the response's end"))

    def connection_lost(self, exc: Exception | None) -> None:
        listener = self._listener
        self.release()
        if listener is not None:
            listener.broke(exc or ConnectionError("the connection to the provider ended"))

    def pause_writing(self) -> None:
        if self._listener is not None:
            self._listener.may_send(False)

    def resume_writing(self) -> None:
        if self._listener is not None:
            self._listener.may_send(True)


class Pool:
    """Open connections that nobody uses, and the making of new ones."""

    def __init__(self, dialer: Dialer, connect_s: float) -> None:
        self._dialer = dialer
        self._connect_s = connect_s
        self._idle: defaultdict[str, deque[Outbound]] = defaultdict(deque)

    def idle(self, upstream: Upstream) -> Outbound | None:
        """Return an open connection that can be used again, the one last used; None if there is none."""
        waiting = self._idle[upstream.name]
        while waiting:
            connection = waiting.pop()
            if connection.usable:
                return connection
            connection.abort()
        return None

    async def connect(self, upstream: Upstream) -> Outbound:
        """Return a new connection; raise `Unreachable`."""
        return await self._dialer.connect(upstream, lambda: Outbound(upstream), self._connect_s)

    def keep(self, connection: Outbound) -> None:
        """Take back a connection whose exchange is over."""
        connection.release()
        connection.idle_since = asyncio.get_running_loop().time()
        waiting = self._idle[connection.upstream.name]
        waiting.append(connection)
        if len(waiting) > MOST_IDLE:
            waiting.popleft().abort()

    def sweep(self, now: float) -> None:
        """Close what has not been used for long."""
        for waiting in self._idle.values():
            while waiting and now - waiting[0].idle_since > IDLE_S:
                waiting.popleft().abort()

    def close(self) -> None:
        """Close all."""
        self.sweep(float("inf"))
