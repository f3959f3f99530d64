"""A process that is to run: what it is started with, and how it is at the moment.

The convention for children: standard input brings lines, and its end means to finish what is under way and to end, so
that none outlives whoever has started it; standard output takes a line of JSON whenever there is news of how it does;
standard error is for people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audit.supervision.pause import LONGEST_S

__all__ = ["Child", "State"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A process to keep alive."""

    name: str
    argv: tuple[str, ...]
    environ: Mapping[str, str] | None = None
    """None: our own environment."""
    descriptors: tuple[int, ...] = ()
    """Open files that it inherits."""
    lines: Callable[[], Sequence[bytes]] = tuple
    """What it is told first, asked for whenever it is started."""
    stage: int = 0
    """When all are to end, those of the lowest stage end first, and the others once they have."""
    patience_s: float = 15.0
    """How long it may take to end before it is killed."""
    longest_pause_s: float = LONGEST_S
    """How long it is left dead at most, after dying again and again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How a child is."""

    name: str
    pid: int | None
    """None: it does not run."""
    life: int
    """How often it has been started."""
    status: Mapping[str, Any] | None
    """The last that it has told of itself in this life; None: nothing yet."""
