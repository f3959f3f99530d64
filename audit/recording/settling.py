"""Waiting for stable storage elsewhere than where a call is recorded: an event loop has others to serve meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Self

__all__ = ["Deferring", "Settling"]


class Deferring(threading.local):
    """Where a thread's frames are waited for by somebody else: what takes them in; None where it waits itself."""

    settling: Settling | None = None


class Settling:
    """What a thread wrote within its block and may not be on stable storage yet."""

    __slots__ = ("_deferring", "_waits")

    def __init__(self, deferring: Deferring) -> None:
        self._deferring = deferring
        self._waits: list[Callable[[], bool]] = []

    def __enter__(self) -> Self:
        self._deferring.settling = self
        return self

    def __exit__(self, *_raised: object) -> None:
        self._deferring.settling = None

    @property
    def is_due(self) -> bool:
        """Whether there is anything to wait for."""
        return bool(self._waits)

    def add(self, wait: Callable[[], bool]) -> None:
        """Take in what waits for one frame, and returns whether it is kept."""
        self._waits.append(wait)

    def __call__(self) -> bool:
        """Wait; return whether all is kept. What is not counts as lost already."""
        kept = [wait() for wait in self._waits]
        return all(kept)

    async def settled(self) -> bool:
        """Have another thread wait, in whichever event loop this is; return whether all is kept."""
        from anyio import to_thread  # noqa: PLC0415  # httpx comes without it until it is needed

        return await to_thread.run_sync(self)
