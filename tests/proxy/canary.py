"""A listener that nobody may ever reach, on every address of this machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["Canary", "a_canary"]


@dataclass
class Canary:
    """Whoever came, and what they said first."""

    port: int
    visits: list[bytes] = field(default_factory=list)

    def serve(self, listening: socket.socket) -> None:
        """Take down every visit until the socket is shut down."""
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(0.5)
                try:
                    self.visits.append(connection.recv(65_536))
                except OSError:
                    self.visits.append(b"")


@contextmanager
def a_canary() -> Iterator[Canary]:
    """Listen, on IPv6 too where there is such a thing."""
    dual = socket.has_dualstack_ipv6()
    family, address = (socket.AF_INET6, "::") if dual else (socket.AF_INET, "0.0.0.0")
    with socket.create_server((address, 0), family=family, dualstack_ipv6=dual) as listening:
        canary = Canary(listening.getsockname()[1])
        thread = threading.Thread(target=canary.serve, args=(listening,), daemon=True)
        thread.start()
        try:
            yield canary
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()
