"""Calls for tests, of which a test says only what matters to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit.call import Call, Finding, Message, Operation, Outcome, Part, Price, PricePart, Reading, Source
from audit.store.rows import NewKey
from tests.factories import an_exchange

__all__ = ["NOON", "a_call", "a_finding", "a_new_key", "a_price", "an_id", "said"]

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def an_id(number: int) -> UUID:
    """Return an id that tells its number."""
    return UUID(f"01930000-0000-7000-8000-{number:012d}")


def a_call(
    number: int = 1,
    *,
    minutes: float = 0,
    exchange: dict[str, Any] | None = None,
    outcome: Outcome = Outcome.NOT_ASSESSED,
    price: Price | None = None,
    unpriced_reason: str | None = None,
    **reading: Any,
) -> Call:
    """Return a successful chat at noon plus `minutes`, but for what is given; `reading` goes into its reading."""
    plain: dict[str, Any] = {
        "dialect": "openai_chat",
        "dialect_version": 1,
        "provider": "openai",
        "operation": Operation.CHAT,
        "complete": True,
    }
    facts: dict[str, Any] = {"id": an_id(number), "started_at": NOON + timedelta(minutes=minutes)}
    return Call(
        exchange=an_exchange(**{**facts, **(exchange or {})}),
        reading=Reading(**{**plain, **reading}),
        outcome=outcome,
        price=price,
        unpriced_reason=unpriced_reason,
    )


def a_finding(category: str = "hate", **over: Any) -> Finding:
    """Return a harmless finding about the prompt, but for what is given."""
    return Finding(**{"source": Source.PROMPT, "category": category, "severity": "safe", "filtered": False, **over})


def a_price(amount: str, currency: str = "USD", **over: Any) -> Price:
    """Return a price of that amount for a single request."""
    part = PricePart(unit="request", quantity=Decimal(1), unit_price=Decimal(amount), per=1)
    plain = {"amount": Decimal(amount), "currency": currency, "source": "a list 1.0", "model": "m", "parts": (part,)}
    return Price(**{**plain, **over})


def said(text: str, role: str = "user") -> tuple[Message, ...]:
    """Return one message of one text."""
    return (Message(role=role, parts=(Part(kind="text", text=text),)),)


def a_new_key(name: str, **over: Any) -> NewKey:
    """Return a key without limits, issued at noon, but for what is given."""
    plain = {"digest": f"digest of {name}", "fingerprint": f"of {name}", "created_at": NOON, "created_by": "root"}
    return NewKey(name=name, **{**plain, **over})
