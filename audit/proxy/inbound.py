"""A client's connection: its requests one after the other, each forwarded and answered before the next."""

from __future__ import annotations

import asyncio
import fcntl
import socket
import struct
import sys
import termios
from collections.abc import Callable
from typing import cast

from audit.proxy.forward import Passage
from audit.proxy.gateway import Gateway
from audit.proxy.messages import Malformed, head_lines
from audit.proxy.readers import RequestReader
from audit.proxy.refusals import Refusal, as_response, reason_phrase

__all__ = ["Inbound"]

LINGER_S = 2.0
"""How long to go on reading what a refused client still sends: closed at once, it might not see the answer. Likewise
how long a client may take nothing of what there is of a response that broke off."""
LOOK_EVERY_S = 0.005
MOST_WAITING = 8
"""Requests that a client may have sent ahead."""


class Inbound(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, gateway: Gateway, gone: Callable[[Inbound], None]) -> None:
        self._gateway = gateway
        self._gone = gone
        self._transport: asyncio.Transport | None = None
        self._reader = RequestReader(gateway.plan.limits.head_bytes)
        self._passage: Passage | None = None
        self._trouble: Malformed | None = None
        self._closing = self._lingering = self._turning = self._paused = False
        self._since = gateway.now()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass

    @property
    def busy(self) -> bool:
        """Whether an exchange is under way."""
        return self._passage is not None

    def data_received(self, data: bytes) -> None:
        if self._lingering or self._trouble is not None:
            return
        if self._passage is None and not self._reader.begun:
            self._since = self._gateway.now()
        try:
            self._reader.feed(data)
        except Malformed as exc:
            self._trouble = exc
        if self._passage is None:
            self._next()
        else:
            self._passage.request_came()
        if self._trouble is not None:
            self._end_what_is_half_there()
        if len(self._reader.requests) > MOST_WAITING:
            self.may_come(False)

    def _end_what_is_half_there(self) -> None:
        """End a request whose rest is none."""
        passage = self._passage
        if passage is not None and not passage.has_all:
            passage.client_left(self._trouble)
            self._passage = None
            self._refuse_trouble()

    def _next(self) -> None:
        """Begin with the next request that has come, and again while they are answered at once; answer what is none."""
        if self._turning:
            return
        self._turning = True
        waiting = self._reader.requests
        while waiting and self._passage is None and not self._lingering:
            self._passage = Passage(self._gateway, self, waiting.popleft())
            self._passage.begin()
        self._turning = False
        if self._trouble is not None and self._passage is None and not self._lingering:
            self._refuse_trouble()

    def _refuse_trouble(self) -> None:
        assert self._trouble is not None
        self._gateway.refused["malformed"] += 1
        told = Refusal(status=self._trouble.status, reason="malformed", message=f"audit proxy: {self._trouble}")
        self.answer(told, "", keep=False)

    def eof_received(self) -> None:
        """Take a client that sends no more for one that has left; the transport closes itself."""

    def connection_lost(self, exc: Exception | None) -> None:
        passage, self._passage, self._transport = self._passage, None, None
        self._gone(self)
        if passage is not None:
            passage.client_left()

    def pause_writing(self) -> None:
        if self._passage is not None:
            self._passage.client_keeps_up(False)

    def resume_writing(self) -> None:
        if self._passage is not None:
            self._passage.client_keeps_up(True)

    def write(self, data: bytes) -> None:
        """Send."""
        if self._transport is not None:
            self._transport.write(data)

    def answer(self, refusal: Refusal, path: str, *, keep: bool, head_only: bool = False) -> None:
        """Send an answer of our own, after which the connection goes on if `keep`; of it the head alone to a HEAD."""
        headers, body = as_response(refusal, path)
        if refusal.status == 426:
            headers.append((b"upgrade", b"HTTP/1.1"))
        if not keep:
            headers.append((b"connection", b"close"))
        first = f"HTTP/1.1 {refusal.status} {reason_phrase(refusal.status)}".encode()
        self.write(head_lines(first, headers) + (b"" if head_only else body))
        self.done(keep=keep)

    def done(self, *, keep: bool) -> None:
        """End the exchange; begin the next one that has come, or close."""
        self._passage = None
        self._since = self._gateway.now()
        if not keep or self._closing:
            self._linger()
            return
        self.may_come(True)
        if self._reader.requests or self._trouble is not None:
            self._next()

    def break_off(self, *, reset: bool) -> None:
        """End the connection in the midst of a response; with a `reset`, once the client has got all that was sent."""
        self._passage = None
        if self._transport is None:
            return
        if not reset:
            self._transport.close()
            return
        at_once = struct.pack("ii", 1, 0)
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        self._lingering, self._since = True, self._gateway.now()
        self._reader.requests.clear()
        self._reset_when_sent(0)

    def _reset_when_sent(self, left: int) -> None:
        """Close, which takes back what is still on its way, once nothing is; the clock ends what takes too long.

        `left` is how much was on its way before.
        """
        if self._transport is None:
            return
        waits = self._transport.get_write_buffer_size() + _on_its_way(self._transport.get_extra_info("socket"))
        if not waits:
            self.abort()
            return
        if waits < left:
            self._since = self._gateway.now()
        asyncio.get_running_loop().call_later(LOOK_EVERY_S, self._reset_when_sent, waits)

    def may_come(self, ready: bool) -> None:
        """Read on, or stop reading."""
        if self._transport is None or ready is not self._paused or self._transport.is_closing():
            return
        self._paused = not ready
        if ready:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def finish(self) -> None:
        """Close once what is under way is over; at once if nothing is."""
        self._closing = True
        if self._passage is None and not self._lingering:
            self.abort()

    def abort(self) -> None:
        """Close now."""
        if self._transport is not None:
            self._transport.abort()

    def look_at_the_clock(self, now: float) -> None:
        """End what takes too long."""
        limits = self._gateway.plan.limits
        if self._passage is not None:
            self._passage.look_at_the_clock(now)
        elif self._lingering:
            if now - self._since > LINGER_S:
                self.abort()
        elif self._reader.begun:
            if now - self._since > limits.head_s:
                self._trouble = Malformed(f"no whole head came within {limits.head_s:g} s", 408)
                self._refuse_trouble()
        elif now - self._since > limits.keep_alive_s:
            self.abort()

    def _linger(self) -> None:
        """Say that no more will come from here, and wait for the client to do the same."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        self._lingering = True
        self._reader.requests.clear()
        self.may_come(True)
        transport.write_eof()


def _on_its_way(connection: socket.socket) -> int:
    """Return how many bytes the other side has not acknowledged yet; 0 where that cannot be told.

    https://man7.org/linux/man-pages/man7/tcp.7.html, SIOCOUTQ
    """
    try:
        return int.from_bytes(fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4)), sys.byteorder)
    except OSError:
        return 0
