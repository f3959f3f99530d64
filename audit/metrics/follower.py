"""Follows the record: each call that it takes is counted once, soon after."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from audit.call import Operation
from audit.metrics.calls import CallCounts
from audit.store.read import Reader
from audit.store.scope import Canaries, Scope

__all__ = ["Follower"]

_ALL = Scope(canaries=Canaries.WITH, operations=tuple(operation.value for operation in Operation))
_AT_ONCE = 500
PATIENCE_S = 10.0
"""How long a key that was passed over may still come: of two writers that store at the same time, the later key may
show first. Most never come; they were given to what turned out to be there already."""


class Follower:
    """Counts what the record takes from a moment on. For one thread."""

    def __init__(self, counts: CallCounts, since: datetime, clock: Callable[[], float] = time.monotonic) -> None:
        """Follow from `since`; `clock` tells seconds."""
        self._counts, self._since, self._clock = counts, since, clock
        self._settled: int | None = None
        """All up to this key have been counted, or will never come; None before the first look."""
        self._ahead: set[int] = set()
        """Keys beyond that have been counted."""
        self._passed_at = 0.0
        self._lost = 0

    def look(self, reader: Reader) -> None:
        """Count what is new; raise `StoreError` if the record cannot be read."""
        if self._settled is None:
            self._settled = reader.newest(self._since)
        after = self._settled
        while rows := reader.after(after, _ALL, _AT_ONCE):
            for row in rows:
                if row.pk not in self._ahead:
                    self._counts.count(row)
                    self._ahead.add(row.pk)
            after = rows[-1].pk
        self._settle()
        lost = reader.lost(self._since)
        self._counts.lose(lost - self._lost)
        self._lost = lost

    def _settle(self) -> None:
        """Move on over what was counted, and over gaps that are old."""
        assert self._settled is not None
        before = self._settled
        if self._ahead and self._settled + 1 not in self._ahead and self._clock() - self._passed_at > PATIENCE_S:
            self._settled = min(self._ahead) - 1
        while self._settled + 1 in self._ahead:
            self._settled += 1
            self._ahead.discard(self._settled)
        if self._settled != before or not self._ahead:
            self._passed_at = self._clock()
