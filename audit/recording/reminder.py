"""What goes wrong again and again, told without drowning everything else in the log."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

__all__ = ["Reminder"]

EVERY_S = 60.0
_log = logging.getLogger("audit")


class Reminder:
    """Tells of one kind of trouble: at once when it comes, then at most once a minute, and how often it came since."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told_at: float | None = None
        self._untold = 0

    def tell(self, message: str, *arguments: object) -> None:
        """Log an error with `%s` filled in, unless one of this kind was logged less than a minute ago."""
        now = self._clock()
        if self._told_at is not None and now - self._told_at < EVERY_S:
            self._untold += 1
            return
        untold, self._untold, self._told_at = self._untold, 0, now
        if untold:
            message, arguments = f"{message} (and %s times more since this was last told)", (*arguments, untold)
        _log.error(message, *arguments)
