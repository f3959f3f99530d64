"""How hard the writer thread may work beside the caller's own threads.

Python runs one thread at a time, so every millisecond of drainage may be one that a caller waits. The journal keeps
what is not drained, so the writer can afford to be slow while calls come in, and to hurry when none do.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Pace"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The writer's manners."""

    quiet_after_s: float = 0.05
    """Without a call ending for so long, nobody is in a hurry but the writer."""
    share: float = 0.1
    """Of the time that it may work while calls come in."""
    patience_s: float = 30.0
    """How old the oldest exchange may become before the writer stops giving way."""
    batch: int = 16
    full_batch: int = 200

    def rest_s(self, *, worked_s: float, quiet_s: float, behind_s: float) -> float:
        """Return how long to sleep after working for `worked_s`."""
        if quiet_s >= self.quiet_after_s or behind_s >= self.patience_s:
            return 0.0
        return worked_s * (1 / self.share - 1)

    def most(self, *, quiet_s: float, behind_s: float) -> int:
        """Return how many exchanges to take in one transaction."""
        hurried = quiet_s >= self.quiet_after_s or behind_s >= self.patience_s
        return self.full_batch if hurried else self.batch
