"""Hearing what is recorded: for those who need the exchange itself, not only its being kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from audit.call import Exchange

__all__ = ["heard_here", "hearing"]

_heard: ContextVar[list[Exchange] | None] = ContextVar("audit_heard", default=None)


@contextmanager
def hearing() -> Iterator[list[Exchange]]:
    """Yield a list that every exchange begun inside the block enters when it ends, as it was recorded."""
    heard: list[Exchange] = []
    token = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(token)


def heard_here() -> list[Exchange] | None:
    """Return the list that exchanges begun here are to enter; None when nobody listens."""
    return _heard.get()
