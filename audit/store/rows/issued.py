"""Keys of our own making, and what they have spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from audit.store.periods import Period

__all__ = ["Budget", "IssuedKeyRow", "KeyState", "KeyTerms", "NewKey", "Spending"]


class KeyState(StrEnum):
    """Whether a key is let through."""

    ACTIVE = "active"
    OVER_BUDGET = "over budget"
    """Until the next period begins."""
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a key may spend in each period; calls without a price do not count."""

    amount: Decimal
    currency: str
    """ISO 4217."""
    period: Period

    def __str__(self) -> str:
        """Return `20 USD/month`."""
        return f"{self.amount.normalize():f} {self.currency}/{self.period}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTerms:
    """Whose a key is, and what it may do."""

    name: str
    project: str | None = None
    user: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    providers: tuple[str, ...] = ("*",)
    """Patterns, of which one has to fit. Likewise models."""
    models: tuple[str, ...] = ("*",)
    rpm: int | None = None
    """Requests in any 60 seconds."""
    budget: Budget | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey(KeyTerms):
    """A key as it is to be issued."""

    digest: str
    """SHA-256 of the key, in hexadecimal."""
    fingerprint: str
    created_at: datetime
    created_by: str
    """The operating system's user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedKeyRow(NewKey):
    """A key that was issued here."""

    pk: int
    spent: Decimal | None = None
    """In the budget's currency and current period. None without a budget, or when it was not asked for."""
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    """When its latest recorded call began."""
    state: KeyState = KeyState.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What keys have spent of their budgets in the current periods."""

    newest: int
    """The key of the last call that is counted."""
    amounts: Mapping[str, Decimal] = field(default_factory=dict)
    """By fingerprint; keys that have spent nothing are left out."""
