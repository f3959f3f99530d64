"""Where recording is switched off: calls go their way without our tags, and nothing is kept."""

from __future__ import annotations

from typing import Any

from audit.recording.recorder import Recorder
from audit.recording.settling import Deferring

__all__ = ["Silence"]


class Silence(Recorder):
    """A recorder that records nothing. Our headers say whose calls they are: they are no provider's business."""

    def __init__(self) -> None:
        """Begin no journal."""
        self._deferring = Deferring()

    def begin(self, **_: Any) -> None:
        """Return None, as for what can't be recorded."""

    def flush(self, timeout_s: float) -> bool:
        """Return True: nothing waits."""
        return True

    def close(self, timeout_s: float = 0.0) -> bool:
        """Return True: nothing is left behind."""
        return True

    def leave(self, timeout_s: float = 0.0) -> bool:
        """Return True, as `close` does."""
        return True

    @property
    def lost(self) -> int:
        """Zero: nothing was to be recorded."""
        return 0

    @property
    def lost_ever(self) -> int:
        """Zero, as `lost`."""
        return 0
