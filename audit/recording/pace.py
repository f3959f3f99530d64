"""How hard the writer thread may work beside the caller's own threads.

Python runs one thread at a time, and makes one that wants to run wait for up to 5 ms, so every millisecond of the
writer's work may be one that a caller waits. The journal keeps what is not drained, so the writer can afford to be
slow while others need the processor, and to hurry when they do not.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

__all__ = ["Load", "Pace"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The writer's manners."""

    quiet_after_s: float = 0.05
    """Without a word from any call for so long, and with none under way, nobody is in a hurry but the writer."""
    least_share: float = 0.002
    """Of the time that the writer may work while the process has its hands full: what it does is still to be seen."""
    most_share: float = 0.5
    """The same while the process does nothing but wait for replies."""
    patience_s: float = 300.0
    """How old the oldest exchange may become until the writer no longer gives way; it gives way less and less."""
    batch: int = 16
    """Exchanges in one transaction. Rare long ones disturb fewer calls than frequent short ones, and cost less."""
    full_batch: int = 200

    def rest_s(self, *, worked_s: float, busy: float, behind_s: float) -> float:
        """Return how long to sleep after `worked_s` of work, in a process `busy` with other things (0 to 1)."""
        free = (1 - busy) ** 4  # a process that is half busy has calls that would wait
        share = self.least_share + (self.most_share - self.least_share) * free + behind_s / self.patience_s
        return worked_s * (1 / min(share, 1.0) - 1)


class Load:
    """Tells what a thread has worked, and how busy the process has been beside it. For one thread."""

    def __init__(self) -> None:
        self._wall = time.monotonic()
        self._all = time.process_time()
        self._own = time.thread_time()

    def lap(self) -> tuple[float, float]:
        """Return the thread's own seconds of work and the share of time that others worked, since the last lap."""
        wall, everyone, own = time.monotonic(), time.process_time(), time.thread_time()
        worked_s = own - self._own
        others_s = everyone - self._all - worked_s
        busy = others_s / (wall - self._wall) if wall > self._wall else 0.0
        self._wall, self._all, self._own = wall, everyone, own
        return worked_s, min(max(busy, 0.0), 1.0)
