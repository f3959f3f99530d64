"""TCP ports of this machine: whether one is free, and one that is."""

from __future__ import annotations

import errno
import socket

from audit.errors import AuditError

__all__ = ["free_port", "is_free"]


def is_free(host: str, port: int) -> bool:
    """Return whether a server could listen on `port`; raise `AuditError` if `host` is no address of this machine."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as exc:
        raise AuditError(f"{host!r} is no address of this machine: {exc}") from exc
    with socket.socket(family, kind, protocol) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what just closed does not count
        try:
            listening.bind(address)
        except PermissionError as exc:
            raise AuditError(f"port {port} at {host} needs more rights than you have; choose one from 1024 on") from exc
        except OSError as exc:
            if exc.errno == errno.EADDRINUSE:
                return False
            raise AuditError(f"cannot listen at {host}: {exc.strerror}") from exc
    return True


def free_port(host: str) -> int:
    """Return a port on which nobody listens now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.bind((host, 0))
        return int(listening.getsockname()[1])
