"""Calls one by one, as tables show them and whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from audit.call import Exchange, Finding, Price
from audit.store.rows.reviews import ReviewRow
from audit.store.scope import Standing

__all__ = ["CallDetail", "CallPage", "CallRow", "Gone", "NativeUsage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """A call as a table shows it."""

    pk: int
    """Grows with each call that the record takes."""
    id: UUID
    started_at: datetime
    recorded_at: datetime
    origin: str
    reference: str | None
    provider: str
    operation: str
    dialect: str
    model_requested: str | None
    model_served: str | None
    model_match: str
    status: int | None
    ending: str
    standing: Standing
    outcome: str
    complete: bool | None
    refusal: bool
    finish_reason: str | None
    error_code: str | None
    error_message: str | None
    input_tokens: int | None
    cached_input_tokens: int | None
    cache_write_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    usage_partial: bool
    cost: Decimal | None
    currency: str | None
    unpriced_reason: str | None
    first_byte_us: int | None
    first_token_us: int | None
    duration_us: int | None
    provider_first_token_us: int | None
    provider_duration_us: int | None
    key_fingerprint: str | None
    key_name: str | None
    project: str | None
    user: str | None
    session: str | None
    canary: str | None
    attempt: int | None
    streamed: bool
    response_id: str | None
    request_id: str | None
    request_bytes: int
    response_bytes: int
    continues: UUID | None = None
    """The call that this one goes on from: it repeats all that was said there, and says more."""
    conversation: UUID | None = None
    """The first call of the conversation; None where nothing is gone on from, as in that first call itself."""
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def model(self) -> str:
        """The name that groupings go by."""
        return self.model_served or self.model_requested or "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPage:
    """Some of the calls of a scope."""

    rows: tuple[CallRow, ...]
    total: int
    """How many there are."""
    bounded: bool = False
    """A phrase was looked for in the newest candidates only: there may be more."""
    unindexed: int = 0
    """Calls that have just come in and are not found by their words yet; 0 where no words were looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeUsage:
    """The provider's own figures, meaning what the provider means."""

    input_tokens: int | None
    output_tokens: int | None
    total_tokens: int | None
    partial: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """What is known of bodies that are no longer in the record."""

    at: datetime | None
    """When they were erased; None, likewise the ground, when no act of the ledger tells of it."""
    ground: str | None

    def __str__(self) -> str:
        if self.at is None:
            return "the bodies are not in the record, and no act tells why: see `audit verify`"
        return f"bodies erased on {self.at:%Y-%m-%d} ({self.ground})"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDetail:
    """All that the record has of a call."""

    row: CallRow
    exchange: Exchange
    """Byte for byte as it was recorded; without URL, headers and bodies where those are `gone`."""
    findings: tuple[Finding, ...]
    block_reasons: tuple[str, ...]
    notes: tuple[str, ...]
    usage: NativeUsage
    price: Price | None
    """With its working."""
    dialect_version: int
    gone: Gone | None = None
    """None while the bodies are in the record."""
    reviews: tuple[ReviewRow, ...] = ()
    """What was decided about it in review, the newest first."""
