"""Canaries, targets and calls for tests, of which a test says only what matters to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from audit.call import Call, Message, Operation, Outcome, Part, Reading
from audit.canary.plan import Assignment
from audit.canary.prompt import Canary, Target
from audit.settings import ExpectSettings
from tests.factories import an_exchange

__all__ = ["NOON", "a_call", "a_canary", "a_reading", "a_target", "an_assignment"]

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def a_canary(**over: Any) -> Canary:
    """Return a canary that expects nothing; settings of `ExpectSettings` are given as they are named there."""
    expect = {name: over.pop(name) for name in list(over) if name in ExpectSettings.model_fields}
    plain: dict[str, Any] = {"name": "hello", "prompt": "Say hello.", "expect": ExpectSettings(**expect)}
    return Canary(**{**plain, **over})


def a_target(**over: Any) -> Target:
    """Return a model at Anthropic, but for what is given."""
    plain: dict[str, Any] = {
        "provider": "anthropic",
        "model": "claude-opus-5",
        "base_url": "https://api.anthropic.com",
        "dialect": "anthropic_messages",
    }
    return Target(**{**plain, **over})


def an_assignment(name: str = "hello", *, every_s: float = 300, **target: Any) -> Assignment:
    """Return a canary for a target, of which the test says what matters."""
    return Assignment(canary=a_canary(name=name, every=timedelta(seconds=every_s)), target=a_target(**target))


def a_reading(*parts: Part, **over: Any) -> Reading:
    """Return a whole answer of these parts."""
    plain: dict[str, Any] = {
        "dialect": "anthropic_messages",
        "dialect_version": 1,
        "provider": "anthropic",
        "operation": Operation.CHAT,
        "model_served": "claude-opus-5",
        "finish_reason": "end_turn",
        "complete": True,
        "output": (Message(role="assistant", parts=parts),),
    }
    return Reading(**{**plain, **over})


def a_call(text: str = "Hello.", *, outcome: Outcome = Outcome.NOT_ASSESSED, exchange: Any = None, **over: Any) -> Call:
    """Return a call that went well in 840 ms and was answered with `text`; `over` changes its reading."""
    went = {"duration_us": 840_000, **(exchange or {})}
    parts = (Part(kind="text", text=text),)
    return Call(exchange=an_exchange(**went), reading=a_reading(*parts, **over), outcome=outcome)
