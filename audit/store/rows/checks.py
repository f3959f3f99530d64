"""Canaries' checks, and the models that they are about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

__all__ = ["CheckDay", "CheckRow", "FlipRow", "ModelRow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRow:
    """One run of a canary."""

    pk: int
    canary: str
    provider: str
    model: str
    slot_at: datetime
    """When it was due."""
    started_at: datetime
    ended_at: datetime | None
    """None: under way, or its scheduler died."""
    verdict: str | None
    reasons: tuple[str, ...]
    call_id: UUID | None
    model_served: str | None
    first_token_us: int | None
    duration_us: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckDay:
    """How many checks of a model had a verdict on one day."""

    provider: str
    model: str
    at: datetime
    """When the day begins."""
    verdict: str | None
    """None: never ended."""
    checks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipRow:
    """A model's change of state."""

    provider: str
    model: str
    at: datetime
    state_before: str
    state: str
    reason: str
    check_pk: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """A model that is checked."""

    provider: str
    model: str
    flip: FlipRow | None
    """Its last change of state; None when it never had one."""
    last: tuple[CheckRow, ...]
    """The last ended check of each canary, by the canary's name."""
    first_check_at: datetime
