"""Sockets that take connections, to be inherited by those who serve them."""

from __future__ import annotations

import errno
import socket
from contextlib import ExitStack

from audit.errors import AuditError

__all__ = ["BACKLOG", "address_of", "listen", "listen_together"]

BACKLOG = 1024
"""Connections that wait while their worker is busy, or is being started again."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that takes connections at an address of this machine, at any free port for 0.

    Raises `AuditError`, which says what to do, if that cannot be.
    """
    return _listen(host, port, together=False)


def listen_together(host: str, port: int, count: int) -> tuple[socket.socket, ...]:
    """Return sockets that listen at one address, for as many processes; the system gives each its share.

    One socket for all would not do: whoever wakes first takes all connections that wait, and has them for long.
    Raises as `listen` does.
    """
    first = listen(host, port)  # alone: two installations at one port would go unnoticed
    if count == 1:
        return (first,)
    with first:
        port = first.getsockname()[1]
    with ExitStack() as opened:
        sockets = tuple(opened.enter_context(_listen(host, port, together=True)) for _ in range(count))
        opened.pop_all()
    return sockets


def _listen(host: str, port: int, *, together: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's algorithm off only for sockets that say that they are TCP; with it, every reply in two
    # writes would wait 40 ms for an acknowledgement.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what just closed does not count
        if together:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except (OSError, UnicodeError) as exc:
        listening.close()
        raise AuditError(_why(exc, host, port)) from exc
    return listening


def address_of(listening: socket.socket) -> str:
    """Return where a socket listens, as `http://HOST:PORT`."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _why(exc: Exception, host: str, port: int) -> str:
    number = exc.errno if isinstance(exc, OSError) else None
    if number == errno.EADDRINUSE:
        return f"port {port} at {host} is taken; name another one, or 0 for any that is free"
    if isinstance(exc, PermissionError):
        return f"port {port} at {host} needs more rights than you have; choose one from 1024 on"
    return f"{host!r} is no address of this machine: {exc}"
