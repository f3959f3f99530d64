"""When a canary is due: at slots that lie on the wall clock, so that every process means the same ones."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from audit.canary.plan import Assignment

__all__ = ["latest_slot"]


def latest_slot(assignment: Assignment, now: datetime) -> datetime:
    """Return the last moment, up to `now`, at which the assignment was due.

    Slots lie `every` apart, from the year 1970 on, moved by a phase that follows from the names of canary, provider
    and model: checks spread over the interval, and lie there after each start.
    """
    every = assignment.canary.every
    digest = hashlib.sha256("\0".join(assignment.key).encode()).digest()
    phase = timedelta(seconds=int.from_bytes(digest[:8]) % max(1, every // timedelta(seconds=1)))
    return now - (now - _EPOCH - phase) % every


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
