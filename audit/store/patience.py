"""Connections to PostgreSQL that do not wait for ever for a server that has fallen silent.

A server that computes is waited for however long it takes. One that is frozen, or a network that leads nowhere, looks
just the same; so whoever has waited in silence asks whether the server still answers, and gives up if it does not.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, TypeVar

from psycopg import Connection, OperationalError
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

__all__ = ["DEFAULTS", "PatientConnection"]

T = TypeVar("T")
SILENCE_S = 20.0
"""How long a statement may say nothing before the server is asked whether it is there, and from then on between two
questions: longer than what is stored in one go takes."""
ANSWER_S = 5
"""How long it may take to say so."""
DEFAULTS = {
    "application_name": "audit",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
"""What a URL may say otherwise: seconds for each host to let one in, until a quiet connection is looked after, between
two looks, and how many may fail; and milliseconds that what was sent may stay unconfirmed. Without them Linux notices
after two hours that a machine is gone, and after a quarter of an hour that nobody takes what is sent."""


class FallenSilent(OperationalError):
    """A server that took a statement answers nobody any more."""


class PatientConnection(Connection[Any]):
    """A connection that raises `FallenSilent`, and is closed, when its server answers nobody any more."""

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **options: Any) -> T:
        """Do what the driver does, and look up when nothing comes."""
        try:
            return super().wait(self._watched(gen), *args, **options)
        except FallenSilent:
            self.pgconn.finish()
            raise

    def _watched(self, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        """Pass on what the driver waits for and what comes of it: nothing, several times a second, in silence."""
        heard_at = time.monotonic()
        try:
            awaited = next(gen)
            while True:
                ready = yield awaited
                if ready:
                    heard_at = time.monotonic()
                elif time.monotonic() >= heard_at + SILENCE_S:
                    self._ask()
                    heard_at = time.monotonic()
                awaited = gen.send(ready)
        except StopIteration as end:
            done: T = end.value
            return done

    def _ask(self) -> None:
        """Raise `FallenSilent` if the server does not answer; one that lets nobody in does."""
        place = make_conninfo(host=self.info.host, port=self.info.port, connect_timeout=ANSWER_S)
        if PGconn.ping(place.encode()) in (Ping.OK, Ping.REJECT):
            return
        raise FallenSilent(f"the server at {self.info.host or 'its socket'} has fallen silent")
