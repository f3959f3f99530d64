"""Readings for tests of prices, of which a test says only what matters to it."""

from __future__ import annotations

from typing import Any

from audit.call import Operation, Reading, Usage

__all__ = ["a_reading"]


def a_reading(model: str | None = "gpt-4o", usage: Usage | None = None, **over: Any) -> Reading:
    """Return a chat answered by `model`, but for what is given."""
    plain: dict[str, Any] = {
        "dialect": "openai_chat",
        "dialect_version": 1,
        "provider": "router.example",
        "operation": Operation.CHAT,
        "model_served": model,
        "complete": True,
        "usage": usage,
    }
    return Reading(**{**plain, **over})
