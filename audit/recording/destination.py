"""What the recording side knows of the database: as little as this."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from audit.call import Call, Exchange
from audit.recording.frames import Loss

__all__ = ["Destination"]


class Destination(Protocol):
    """Where exchanges end up."""

    def read(self, exchange: Exchange) -> Call:
        """Make a call of an exchange; never raises."""
        ...

    def append(self, calls: Sequence[Call]) -> Sequence[tuple[UUID, str]]:
        """Store calls, each once; return those that will never be taken, and why.

        Raises `StoreError` when none was stored and it can be tried again.
        """
        ...

    def catch_up(self) -> bool:
        """Do a piece of what storing many calls has left for later, if any; return whether there may be more.

        Never raises: what cannot be done now stays for later.
        """
        ...

    def lost(self, loss: Loss) -> None:
        """Store that exchanges were lost."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...
