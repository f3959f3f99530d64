"""A client that sends exactly the bytes it is told to, and says how the answer came and how it ended."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from tests.proxy.framing import BodyEnd, Broken, Ending, Fields, Incoming, body_end, values

__all__ = ["Answer", "Client", "ask"]

PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A response as far as it came."""

    ending: Ending
    status: int | None = None
    """None if no head came that is one."""
    reason: bytes = b""
    version: bytes = b""
    headers: Fields = ()
    body: bytes = b""
    trailers: Fields = ()
    interim: tuple[tuple[int, Fields], ...] = ()
    """Responses with a status of 1xx that came before this one."""
    raw: bytes = b""
    behind: bytes = b""
    """What had come behind it when it had ended: of the next response, if one was asked for."""
    first_byte_s: float | None = None
    """Seconds from when the request was sent."""
    why: str = ""
    """What is wrong with it."""
    lasting: bool = False
    """Whether another request may be sent over the same connection."""

    def values(self, name: bytes) -> list[bytes]:
        """Return the values of a header, in order."""
        return values(self.headers, name)


class Client:
    """One connection at a time, kept for as long as the answers allow it."""

    def __init__(self, host: str, port: int, *, patience_s: float = PATIENCE_S) -> None:
        self._address = (host, port)
        self._patience_s = patience_s
        self._connection: socket.socket | None = None
        self._incoming: Incoming | None = None
        self._sent_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def ask(self, *pieces: bytes | float, head: bool = False) -> Answer:
        """Send a request, in these pieces, waiting in between for as many seconds; return the answer to it.

        `head` says that it asks for a head only. The connection is closed afterwards if it cannot be used again.
        """
        self.send(*pieces)
        answer = self.read(head=head)
        if not answer.lasting:
            self.close()
        return answer

    def send(self, *pieces: bytes | float) -> None:
        """Send bytes; those that the other side does not take any more are lost."""
        connection = self._connected()
        with suppress(OSError):
            for piece in pieces:
                if isinstance(piece, bytes):
                    connection.sendall(piece)
                else:
                    time.sleep(piece)
        self._sent_at = time.monotonic()

    def read(self, *, head: bool = False) -> Answer:
        """Return the next response that comes."""
        self._connected()
        assert self._incoming is not None
        self._incoming.begin()
        return _Reading(self._incoming, self._sent_at).answer(head=head)

    def rest(self, within_s: float) -> tuple[bytes, Ending]:
        """Return what else comes until the connection ends, or nothing comes for so long; and which of the two."""
        assert self._connection is not None
        assert self._incoming is not None
        self._connection.settimeout(within_s)
        return self._incoming.rest()

    def end_sending(self) -> None:
        """Tell the other side that nothing more will come."""
        with suppress(OSError):
            self._connected().shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """End the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._incoming = None

    def _connected(self) -> socket.socket:
        if self._connection is None:
            self._connection = socket.create_connection(self._address, self._patience_s)
            self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._incoming = Incoming(self._connection)
        return self._connection


def ask(address: tuple[str, int], *pieces: bytes | float, head: bool = False, patience_s: float = PATIENCE_S) -> Answer:
    """Send a request over a connection of its own, and return the answer."""
    with Client(*address, patience_s=patience_s) as client:
        return client.ask(*pieces, head=head)


class _Reading:
    """One response being read."""

    def __init__(self, incoming: Incoming, sent_at: float) -> None:
        self._incoming = incoming
        self._sent_at = sent_at
        self._head: tuple[bytes, int, bytes, Fields] = (b"", 0, b"", ())
        self._body = bytearray()

    def answer(self, *, head: bool) -> Answer:
        """Read it to its end."""
        interim: list[tuple[int, Fields]] = []
        try:
            while self._read_head() and 100 <= self._head[1] < 200 and self._head[1] != 101:
                interim.append((self._head[1], self._head[3]))
                self._head = (b"", 0, b"", ())
            end = self._end(head=head)
            trailers = self._incoming.body(end, self._body)
        except Broken as exc:
            return self._told(exc.ending, interim, why=exc.why)
        lasting = end != BodyEnd() and self._head[0] == b"1.1" and b"close" not in _connection(self._head[3])
        return self._told(Ending.COMPLETE, interim, trailers=trailers, lasting=lasting)

    def _read_head(self) -> bool:
        line = self._incoming.line()
        if (match := _STATUS.fullmatch(line)) is None:
            raise Broken(Ending.MALFORMED, f"status line {line[:80]!r}")
        fields = self._incoming.fields()
        self._head = (match[1], int(match[2]), match[3] or b"", fields)
        return True

    def _end(self, *, head: bool) -> BodyEnd:
        told = body_end(self._head[3])
        if head or self._head[1] in (204, 304):
            return BodyEnd(length=0)
        return told or BodyEnd()

    def _told(
        self,
        ending: Ending,
        interim: Sequence[tuple[int, Fields]],
        *,
        trailers: Fields = (),
        why: str = "",
        lasting: bool = False,
    ) -> Answer:
        version, status, reason, headers = self._head
        first_at = self._incoming.first_at
        return Answer(
            ending=ending,
            status=status or None,
            reason=reason,
            version=version,
            headers=headers,
            body=bytes(self._body),
            trailers=trailers,
            interim=tuple(interim),
            raw=bytes(self._incoming.raw),
            behind=self._incoming.ahead,
            first_byte_s=None if first_at is None else first_at - self._sent_at,
            why=why,
            lasting=lasting,
        )


def _connection(fields: Fields) -> set[bytes]:
    """Return the options of the connection, in lower case."""
    return {option.strip().lower() for value in values(fields, b"connection") for option in value.split(b",")}


_STATUS = re.compile(rb"HTTP/(1\.[01]) ([0-9]{3})(?: ([\t\x20-\x7e\x80-\xff]*))?")
