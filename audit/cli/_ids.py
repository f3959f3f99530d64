"""Ids of calls as tables show them: as much as tells them apart, which is also enough to name one."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

__all__ = ["enough_of_ids"]

_SHORTEST = 13
"""The time in a UUIDv7, to the millisecond: `01a208f1-7834`."""
_WHOLE = 36


def enough_of_ids(ids: Iterable[UUID]) -> int:
    """Return how many characters tell these calls apart."""
    written = {str(one) for one in ids}
    return next((n for n in range(_SHORTEST, _WHOLE) if len({one[:n] for one in written}) == len(written)), _WHOLE)
