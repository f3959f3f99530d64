"""A provider on a real socket that keeps each request as it came and sends exactly the bytes it is told to."""

from __future__ import annotations

import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum

from tests.proxy.framing import BodyEnd, Broken, Ending, Fields, Incoming, body_end, values

__all__ = ["Heard", "Origin", "Script", "Then", "a_reply", "running_origin"]


class Then(StrEnum):
    """What becomes of the connection after an answer."""

    KEEP = "keep"
    CLOSE = "close"
    RESET = "reset"
    """It is broken off as by a crash: a RST rather than a FIN."""


@dataclass(frozen=True, slots=True)
class Script:
    """An answer: bytes, and seconds to wait before the next ones."""

    steps: tuple[bytes | float, ...]
    then: Then = Then.KEEP


@dataclass(frozen=True, slots=True)
class Heard:
    """A request as it came, well-formed or not."""

    connection: int
    """Which connection it came over, counted from 0."""
    raw: bytes
    method: bytes = b""
    target: bytes = b""
    headers: Fields = ()
    body: bytes = b""
    trailers: Fields = ()
    fault: str = ""
    """Why a strict server would not have taken it."""
    answered: bool = False
    """Whether it was answered before all of it had come."""


def a_reply(body: bytes = b"{}", status: bytes = b"200 OK", *headers: bytes, then: Then = Then.KEEP) -> Script:
    """Return an ordinary answer, in one piece."""
    lines = [b"HTTP/1.1 " + status, b"content-length: %d" % len(body), *headers, b"", body]
    return Script((b"\r\n".join(lines),), then)


def _plainly(_heard: Heard) -> Script:
    return a_reply()


class Origin:
    """Answers every request as `answer` says; whoever sets it is the only one to ask. For several threads."""

    def __init__(self, listening: socket.socket) -> None:
        self.host, self.port = listening.getsockname()[:2]
        self.url = f"http://{self.host}:{self.port}"
        self.heard: list[Heard] = []
        self.connections = 0
        """How many have been opened so far."""
        self.played = 0
        """How many answers have been sent, to their end or as far as they could be."""
        self.ended: set[int] = set()
        """Which of them have been closed from here."""
        self.answer: Callable[[Heard], Script] = _plainly
        self.early: Script | None = None
        """Answers every request in place of `answer` as soon as its head has come; then the rest is read."""
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()

    def play(self, script: Script) -> None:
        """Answer every request with this from now on."""
        self.answer = lambda _heard: script

    def forget(self) -> None:
        """Drop what was heard so far."""
        self.heard.clear()

    def renew(self) -> None:
        """Drop what was heard so far, and answer plainly again."""
        self.forget()
        self.answer, self.early = _plainly, None

    def accept(self, listening: socket.socket) -> None:
        """Serve connections until the socket is shut down."""
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True).start()
            self.connections += 1

    def drop(self) -> None:
        """Close all connections."""
        with self._guard:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _serve(self, connection: socket.socket, number: int) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(_PATIENCE_S)
        with self._guard:
            self._open.add(connection)
        incoming = Incoming(connection)
        with connection, suppress(OSError):
            while (heard := self._read(incoming, number, connection)) is not None:
                self.heard.append(heard)
                try:
                    stays = heard.answered or _play(self.answer(heard), connection)
                finally:
                    self.played += 1
                if not stays or heard.fault:
                    break
        with self._guard:
            self._open.discard(connection)
            self.ended.add(number)

    def _read(self, incoming: Incoming, number: int, connection: socket.socket) -> Heard | None:
        """Return the next request, None if the connection ends before it."""
        incoming.begin()
        body, early = bytearray(), None
        try:
            line = incoming.line()
            if (match := _REQUEST.fullmatch(line)) is None:
                raise Broken(Ending.MALFORMED, f"request line {line[:80]!r}")
            headers = incoming.fields()
            if len(values(headers, b"host")) != 1:
                raise Broken(Ending.MALFORMED, f"host {values(headers, b'host')}")
            early = self.early
            if early is not None and not _play(early, connection):
                connection.shutdown(socket.SHUT_WR)
            trailers = incoming.body(body_end(headers) or BodyEnd(length=0), body)
        except Broken as exc:
            raw = bytes(incoming.raw) + incoming.ahead
            return Heard(number, raw, body=bytes(body), fault=str(exc), answered=early is not None) if raw else None
        raw = bytes(incoming.raw)
        return Heard(number, raw, match[1], match[2], headers, bytes(body), trailers, answered=early is not None)


@contextmanager
def running_origin() -> Iterator[Origin]:
    """Run an origin in threads of this process."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
        origin = Origin(listening)
        thread = threading.Thread(target=origin.accept, args=(listening,), daemon=True)
        thread.start()
        try:
            yield origin
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()
            origin.drop()


def _play(script: Script, connection: socket.socket) -> bool:
    """Send the answer; return whether the connection stays."""
    for step in script.steps:
        if isinstance(step, bytes):
            connection.sendall(step)
        else:
            time.sleep(step)
    if script.then is Then.RESET:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return script.then is Then.KEEP


_PATIENCE_S = 60.0
_REQUEST = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e\x80-\xff]+) HTTP/1\.[01]")
