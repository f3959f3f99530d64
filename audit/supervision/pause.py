"""How long to wait before what has died is started again."""

from __future__ import annotations

__all__ = ["FIRST_S", "LONGEST_S", "Pause"]

FIRST_S, LONGEST_S = 0.5, 30.0
SOUND_S = 60.0
"""What has lived so long has not died of its start."""


class Pause:
    """Doubles from one early death to the next, up to a longest one."""

    def __init__(self, longest_s: float = LONGEST_S) -> None:
        self._next_s, self._longest_s = FIRST_S, longest_s

    def after(self, lived_s: float) -> float:
        """Return how many seconds to wait after a life of `lived_s`."""
        pause_s = FIRST_S if lived_s >= SOUND_S else self._next_s
        self._next_s = min(2 * pause_s, self._longest_s)
        return pause_s
