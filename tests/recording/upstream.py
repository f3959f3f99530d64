"""An upstream on a real socket that sends exactly the bytes it is told to, when it is told to."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["CLOSE", "RESET", "Step", "Upstream", "answer", "chunked", "running"]

CLOSE = "close"
"""Ends the connection."""
RESET = "reset"
"""Breaks the connection off, as a crash does."""
Step = bytes | threading.Event | str
"""Bytes to send, an event to wait for, `CLOSE` or `RESET`."""
_PATIENCE_S = 20.0


class Upstream:
    """Plays a script for each path; the last request to come in is in `requests`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[bytes] = []
        self._scripts: dict[str, tuple[Step, ...]] = {}

    def play(self, path: str, *steps: Step) -> str:
        """Answer requests to `path` with these steps; return its URL."""
        self._scripts[path] = steps
        return self.url + path

    def serve(self, connection: socket.socket) -> None:
        """Answer what comes over a connection until it is closed."""
        with connection, connection.makefile("rb") as received:
            try:
                while (request := _read_request(received)) and self._answer(request, connection):
                    pass
            except (OSError, ValueError):
                pass  # the client has gone, as many a test lets it, maybe between two chunks

    def _answer(self, request: bytes, connection: socket.socket) -> bool:
        self.requests.append(request)
        path = request.split(b" ", 2)[1].decode().partition("?")[0]
        for step in self._scripts[path]:
            if isinstance(step, bytes):
                connection.sendall(step)
            elif isinstance(step, threading.Event):
                step.wait(_PATIENCE_S)
            else:
                if step == RESET:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
        return True


@contextmanager
def running() -> Iterator[Upstream]:
    """Run an upstream in threads of this process."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        upstream = Upstream(f"http://127.0.0.1:{listening.getsockname()[1]}")
        thread = threading.Thread(target=_accept, args=(listening, upstream), daemon=True)
        thread.start()
        yield upstream
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def answer(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """Return a response with its length told."""
    told = {"content-length": str(len(body)), **{name.replace("_", "-"): value for name, value in headers.items()}}
    return _head(status, told) + body


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n", **headers: str) -> bytes:
    """Return a response in chunks."""
    told = {"transfer-encoding": "chunked", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return _head("200 OK", told) + b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + end


def _head(status: str, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def _accept(listening: socket.socket, upstream: Upstream) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=upstream.serve, args=(connection,), daemon=True).start()


def _read_request(received: socket.SocketIO) -> bytes:  # type: ignore[type-arg]
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = received.readline()
        if not line:
            return b""
        head += line
    lower = head.lower()
    if b"transfer-encoding: chunked" in lower:
        return head + _read_chunks(received)
    if b"content-length: " in lower:
        return head + received.read(int(lower.split(b"content-length: ")[1].split(b"\r\n")[0]))
    return head


def _read_chunks(received: socket.SocketIO) -> bytes:
    body = b""
    while size := int(received.readline(), 16):
        body += received.read(size)
        received.readline()
    received.readline()
    return body
