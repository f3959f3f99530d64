"""How much of a time a model worked: by time, not by number of checks, so that retries and pauses do not weigh."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from audit.canary.state import State

__all__ = ["Turn", "Uptime", "uptime"]


class Turn(Protocol):
    """A change of state, as `Flip` has it and as the store's rows have it."""

    @property
    def at(self) -> datetime: ...
    @property
    def state(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Uptime:
    """A span of time by state. To have it for several models, add up their seconds; never average shares."""

    seconds: Mapping[State, float]
    """For every state; together the length of the span."""

    @property
    def known_s(self) -> float:
        """How long the state was known."""
        return self.seconds[State.UP] + self.seconds[State.DEGRADED] + self.seconds[State.DOWN]

    @property
    def coverage(self) -> float:
        """The share of the span for which the state is known, 0 to 1."""
        return self.known_s / (self.known_s + self.seconds[State.UNKNOWN])

    @property
    def availability(self) -> float | None:
        """(up + degraded) ÷ known: the share in which it could be reached, 0 to 1; None when nothing is known."""
        return None if not self.known_s else 1 - self.seconds[State.DOWN] / self.known_s

    @property
    def soundness(self) -> float | None:
        """Up ÷ known: the share in which nothing was amiss, 0 to 1; None when nothing is known."""
        return self.seconds[State.UP] / self.known_s if self.known_s else None


def uptime(flips: Iterable[Turn], since: datetime, until: datetime) -> Uptime:
    """Return how long one model was in which state from `since` to `until`.

    `flips` are its changes of state, oldest first; they must hold the last one before `since` too, or the state up
    to the first one after it counts as unknown. The last one is taken to hold until the end: append what
    `state.lapse` finds, so that a model that nobody checks any more becomes unknown.
    """
    if until <= since:
        raise ValueError("an uptime needs a span: until must be after since")
    spans = dict.fromkeys(State, timedelta(0))
    state, begun_at = State.UNKNOWN, since
    for flip in sorted(flips, key=lambda flip: flip.at):  # stable: of two at one moment the later one holds
        at = min(max(flip.at, since), until)
        spans[state] += at - begun_at
        state, begun_at = State(flip.state), at
    spans[state] += until - begun_at
    return Uptime(seconds={state: span.total_seconds() for state, span in spans.items()})
