"""One request on its way to a provider, and its response on the way back.

Bytes go on as they come. The intent is in the journal before the first of them goes out, and the finished exchange
before the client sees the end. What goes wrong between here and the provider is told to the client in the provider's
own way while nothing of a response has been sent; after that, by breaking off.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Protocol

from audit.call import Ending, Origin
from audit.errors import JournalError
from audit.proxy.dial import Unreachable
from audit.proxy.gateway import Gateway
from audit.proxy.messages import CHUNKED, Malformed, Request, head_lines
from audit.proxy.outbound import Outbound
from audit.proxy.readers import ReplyReader
from audit.proxy.refusals import Refusal
from audit.proxy.returning import Returning, field_lines
from audit.proxy.screening import Screened, judge, screen
from audit.recording.settling import Settling
from audit.recording.tape import Tape

__all__ = ["Client", "Passage"]

HELD_BYTES = 1024 * 1024
"""Of a request's body: until so much has come the request waits for its end, so that the intent tells all of it."""
MOST_JUDGED_BYTES = 64 * 1024 * 1024
"""The same where the model that it names has to be known first."""
_log = logging.getLogger("audit")


class Client(Protocol):
    """The connection that a request came by."""

    def write(self, data: bytes) -> None:
        """Send."""
        ...

    def answer(self, refusal: Refusal, path: str, *, keep: bool, head_only: bool) -> None:
        """Send an answer of our own; `head_only` where a HEAD asked for it."""
        ...

    def done(self, *, keep: bool) -> None:
        """The exchange is over; `keep` says whether another may follow on this connection."""
        ...

    def break_off(self, *, reset: bool) -> None:
        """End the connection so that it shows; `reset` where its mere end would look like the response's."""
        ...

    def may_come(self, ready: bool) -> None:
        """Whether more of the request's body is wanted now."""
        ...


class Passage:
    """One exchange under way."""

    def __init__(self, gateway: Gateway, client: Client, request: Request) -> None:
        self._gateway = gateway
        self._client = client
        self._request = request
        self._path = request.head.target.decode("ascii", "replace").partition("?")[0]
        self._screened: Screened | None = None
        self._tape: Tape | None = None
        self._connection: Outbound | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._returning = Returning(request.head, None)
        self._held = 0
        """Bytes of the request's body that wait here."""
        self._received = 0
        self._body = b""
        """What the intent tells of the request's body, until it is sent."""
        self._settling: asyncio.Task[None] | None = None
        """What goes on once something is on stable storage; held here, as the loop itself holds no task."""
        self._sent_all = self._launched = self._over = self._left = self._stalled = self._full = False
        self._since = gateway.now()

    def begin(self) -> None:
        """Look at the head; forward the request as soon as enough of it has come."""
        screened = screen(self._gateway, self._request.head)
        if isinstance(screened, Refusal):
            self._refuse(screened)
            return
        self._screened = screened
        self._path = screened.route.target.partition("?")[0]
        if self._request.head.expects_continue and not self._request.complete:
            self._client.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.request_came()

    @property
    def has_all(self) -> bool:
        """Whether the whole request has come."""
        return self._request.complete

    def request_came(self) -> None:
        """Take in what of the request has come since."""
        self._since = self._gateway.now()
        if self._over:
            self._request.pieces.clear()
            return
        if self._request.head.length and not self._is_within_bounds():
            self._fail(_too_large(), 413)
        elif self._connection is not None:
            self._send_on()
        elif not self._launched and (self._request.complete or self._held >= HELD_BYTES):
            self._judge_and_launch()
        if self._launched and self._held >= HELD_BYTES and not self._request.complete:
            self._client.may_come(False)

    def _is_within_bounds(self) -> bool:
        held = sum(map(len, self._request.pieces))
        self._received += held - self._held
        self._held = held
        return self._received <= self._gateway.plan.limits.body_bytes

    def _judge_and_launch(self) -> None:
        screened, request = self._screened, self._request
        assert screened is not None
        if screened.whole_body and not request.complete:
            if self._held > MOST_JUDGED_BYTES:
                self._fail(_too_large(), 413)
            return
        body = b"".join(request.pieces)
        if (refusal := judge(self._gateway, screened, request.head, body)) is not None:
            self._refuse(refusal)
            return
        self._launched = True
        self._body = body
        request.pieces.clear()
        self._held = 0
        with self._gateway.recorder.deferring() as settling:
            begun = self._begin_tape(screened)
        if begun and settling.is_due:
            self._settling = self._soon(self._launch_settled(settling, screened))
        elif begun:
            self._launch(screened)

    def _begin_tape(self, screened: Screened) -> bool:
        """Write the intent; return whether the call may go on."""
        try:
            self._tape = self._gateway.recorder.begin(
                method=self._request.head.method.decode("ascii"),
                url=screened.recorded_url,
                headers=screened.recorded_headers,
                body=self._body,
                tags=screened.tags,
                origin=Origin.PROXY,
            )
        except JournalError:  # which the recorder has told
            self._refuse(_UNRECORDABLE)
            return False
        self._returning = Returning(self._request.head, self._tape)
        return True

    async def _launch_settled(self, settling: Settling, screened: Screened) -> None:
        """Go on once the intent is on stable storage."""
        kept = await settling.settled()
        if self._over or self._tape is None:
            return
        try:
            if not kept:
                self._tape.drop()
        except JournalError:  # which the recorder has told
            self._refuse(_UNRECORDABLE)
        else:
            self._launch(screened)

    def _soon(self, act: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(act)

    def _launch(self, screened: Screened) -> None:
        upstream = screened.route.upstream
        if (connection := self._gateway.pool.idle(upstream)) is not None:
            self._send(connection, screened)
        else:
            self._connecting = self._soon(self._connect(screened))

    async def _connect(self, screened: Screened) -> None:
        upstream = screened.route.upstream
        try:
            connection = await self._gateway.pool.connect(upstream)
        except Unreachable as exc:
            _log.warning("%s: %s", upstream.name, exc)
            self._connecting = None
            self._fail(exc, 502)
        except Exception as exc:  # noqa: BLE001  # whatever it is, the client is told and the call recorded as failed
            _log.exception("connecting to %s failed", upstream.name)
            self._connecting = None
            self._fail(exc, 502)
        else:
            self._connecting = None
            if self._over:
                connection.abort()
            else:
                self._send(connection, screened)

    def _send(self, connection: Outbound, screened: Screened) -> None:
        head = self._request.head
        self._connection = connection
        connection.begin(self, head.method, self._gateway.plan.limits.head_bytes)
        headers = screened.headers
        if head.length == CHUNKED:
            headers = [*headers, (b"Transfer-Encoding", b"chunked")]
        lines = head_lines(b"%s %s HTTP/1.1" % (head.method, screened.target), headers)
        body, self._body = self._body, b""
        connection.write(lines + self._framed(body))
        self._since = self._gateway.now()
        self._send_on()
        if not self._full and not self._request.complete:
            self._client.may_come(True)

    def _send_on(self) -> None:
        assert self._connection is not None
        pieces = self._request.pieces
        if pieces:
            if self._tape is not None:
                for piece in pieces:
                    self._tape.sent(piece)
            self._connection.write(b"".join(map(self._framed, pieces)))
            pieces.clear()
            self._held = 0
        if self._request.complete and not self._sent_all:
            self._sent_all = True
            if self._request.head.length == CHUNKED:
                self._connection.write(b"0\r\n" + field_lines(self._request.trailers) + b"\r\n")

    def _framed(self, piece: bytes) -> bytes:
        if self._request.head.length == CHUNKED and piece:
            return b"%x\r\n%s\r\n" % (len(piece), piece)
        return piece

    def came(self, reader: ReplyReader) -> None:
        """Hand on what has come of the response."""
        if self._over:
            return
        self._since = self._gateway.now()
        try:
            out = self._returning.take(reader, whole_request=self._request.complete)
        except Malformed as exc:
            self._fail(exc, 502)
            return
        if reader.complete:
            self._complete(reader, out)
        elif out:
            self._client.write(b"".join(out))

    def _complete(self, reader: ReplyReader, out: list[bytes]) -> None:
        """Write the exchange down, and only then let the client see its end."""
        self._over = True
        self._gateway.served += 1
        with self._gateway.recorder.deferring() as settling:
            recorded = self._tape is None or self._tape.finish(Ending.EOF)
        self._part(reader)
        out.append(self._returning.end(reader))
        if settling.is_due:
            self._settling = self._soon(self._end_settled(settling, out))
        else:
            self._give_end(out, recorded=recorded)

    async def _end_settled(self, settling: Settling, out: list[bytes]) -> None:
        kept = await settling.settled()
        if not self._left:
            self._give_end(out, recorded=kept)

    def _give_end(self, out: list[bytes], *, recorded: bool) -> None:
        if not recorded and self._gateway.plan.refuse_unrecordable:
            self._client.break_off(reset=True)
            return
        self._client.write(b"".join(out))
        self._client.done(keep=self._returning.lasting)

    def _part(self, reader: ReplyReader) -> None:
        """Keep the connection to the provider for another exchange, or end it."""
        connection, self._connection = self._connection, None
        assert connection is not None
        assert reader.head is not None
        if reader.head.keep_alive and self._sent_all and not reader.surplus:
            self._gateway.pool.keep(connection)
        else:
            connection.abort()

    def broke(self, exc: Exception) -> None:
        """The provider's response will not be whole."""
        self._fail(exc, 502)

    def may_send(self, ready: bool) -> None:
        """Whether the provider keeps up with the request's body."""
        self._full = not ready
        self._client.may_come(ready)

    def client_keeps_up(self, ready: bool) -> None:
        """Whether the client keeps up with the response."""
        self._stalled = not ready
        if self._connection is not None:
            if ready:
                self._since = self._gateway.now()
                self._connection.resume()
            else:
                self._connection.pause()

    def client_left(self, exc: Exception | None = None) -> None:
        """End the exchange: nobody is there to have it."""
        self._left = True
        if self._over:
            return
        self._end()
        self._gateway.served += 1
        if self._tape is not None:
            self._tape.finish(Ending.CANCELLED if self._returning.reply is None else Ending.CLOSED, exc)

    def look_at_the_clock(self, now: float) -> None:
        """End what takes too long."""
        if self._over:
            return
        limits, waited = self._gateway.plan.limits, now - self._since
        if self._connecting is not None and self._connection is None:
            return  # that has a limit of its own
        if not self._launched or not self._request.complete:
            if waited > limits.idle_s and self._full:
                self._fail(TimeoutError(f"the provider took nothing for {limits.idle_s:g} s"), 504)
            elif waited > limits.idle_s:
                self._fail(TimeoutError(f"the request's body stopped for {limits.idle_s:g} s"), 408)
        elif self._returning.reply is None:
            if waited > limits.first_byte_s:
                self._fail(TimeoutError(f"no response within {limits.first_byte_s:g} s"), 504)
        elif waited > limits.idle_s:
            who = "the client took nothing" if self._stalled else "nothing came"
            self._fail(TimeoutError(f"{who} for {limits.idle_s:g} s"), 504)

    def _fail(self, exc: Exception, status: int) -> None:
        if self._over:
            return
        self._end()
        if self._tape is not None:
            self._tape.fail(exc)
        self._gateway.served += 1
        if self._returning.reply is None:
            self._refuse(_failure(exc, status))
        else:
            self._client.break_off(reset=self._returning.ends_by_closing)

    def _refuse(self, refusal: Refusal) -> None:
        """Answer in the provider's stead."""
        self._over = True
        self._gateway.refused[refusal.reason] += 1
        self._request.pieces.clear()
        head = self._request.head
        keep = self._request.complete and head.keep_alive
        self._client.answer(refusal, self._path, keep=keep, head_only=head.method == b"HEAD")

    def _end(self) -> None:
        self._over = True
        self._request.pieces.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abort()
        if self._connecting is not None:
            self._connecting.cancel()


def _failure(exc: Exception, status: int) -> Refusal:
    reason = {408: "slow_request", 413: "too_large", 504: "timeout"}.get(status, "unreachable")
    if isinstance(exc, Malformed) and status == 502:
        reason = "malformed_response"
    told = str(exc) or type(exc).__name__
    return Refusal(status=status, reason=reason, message=f"audit proxy: {told}")


def _too_large() -> Malformed:
    return Malformed("the request's body is larger than this proxy lets through", 413)


_UNRECORDABLE = Refusal(
    status=503,
    reason="unrecordable",
    message="audit proxy: this call cannot be recorded now, and unrecorded calls are not let through",
    retry_after_s=5,
)
