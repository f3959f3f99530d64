"""TCP ports of this machine: whether one is free, and one that is."""

from __future__ import annotations

import errno
import socket

from audit.errors import AuditError

__all__ = ["free_port", "is_free"]


def is_free(host: str, port: int) -> bool:
    """Return whether a server could listen on `port`; raise `AuditError` if `host` is no address of this machine."""
    return _had(host, port) is not None


def free_port(host: str) -> int:
    """Return a port on which nobody listens now; raise `AuditError` if `host` is no address of this machine."""
    if (port := _had(host, 0)) is None:
        raise AuditError(f"all ports at {host} are taken")
    return port


def _had(host: str, port: int) -> int | None:
    """Take a port for a moment, any free one for 0, and return it; None if it is taken."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as exc:
        raise AuditError(f"{host!r} is no address of this machine: {exc}") from exc
    try:
        with socket.socket(family, kind, protocol) as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what just closed does not count
            listening.bind(address)
            return int(listening.getsockname()[1])
    except PermissionError as exc:
        raise AuditError(f"port {port} at {host} needs more rights than you have; choose one from 1024 on") from exc
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            return None
        raise AuditError(f"cannot listen at {host}: {exc.strerror}") from exc
