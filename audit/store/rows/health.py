"""How the record itself does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Health"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How the record itself does."""

    calls: int
    first_at: datetime | None
    last_at: datetime | None
    """When the latest of its calls began."""
    recorded_at: datetime | None
    """When it last took a call."""
    lost: int
    """Exchanges known to be missing."""
    lost_last_day: int
    last_loss: str | None
    """Why the latest loss came about."""
    noted: int
    """Calls whose reading has notes: something could not be read."""
    unknown_dialect: int
    unknown_ending: int
    """Calls whose recorder died before their end."""
    unindexed: int
    """Calls that cannot be found by their words yet."""
    size_bytes: int
    revision: str | None
    """The schema's."""
