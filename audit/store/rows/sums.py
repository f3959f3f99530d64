"""Sums, spreads and speeds of groups of calls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

__all__ = [
    "Cost",
    "Course",
    "CoursePoint",
    "LatencyPoint",
    "LatencyRow",
    "Point",
    "Speed",
    "Spread",
    "Tally",
    "Totals",
    "UsageRow",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """A sum of money; currencies are never added up."""

    currency: str
    """ISO 4217."""
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How a duration is spread: nearest-rank percentiles of `n` calls; None when there are none."""

    n: int = 0
    p50_us: int | None = None
    p95_us: int | None = None
    p99_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Output tokens per second of generation: nearest-rank percentiles of `n` calls."""

    n: int = 0
    p50: float | None = None
    p05: float | None = None
    """The speed that 95 in 100 calls reach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a group of calls adds up to."""

    calls: int = 0
    errors: int = 0
    """Of standing `error`."""
    unfinished: int = 0
    """Of standing `unfinished`."""
    blocked: int = 0
    refusals: int = 0
    input_tokens: int | None = None
    """All input: uncached, cache reads and writes, tool results. None when no call has a figure."""
    cached_input_tokens: int | None = None
    cache_write_tokens: int | None = None
    output_tokens: int | None = None
    """All output, reasoning too."""
    reasoning_tokens: int | None = None
    cacheable_input_tokens: int | None = None
    """The input of those calls that tell how much of it was cached: what a hit rate divides by."""
    without_usage: int = 0
    """Calls with neither an input nor an output figure, failed ones included."""
    costs: tuple[Cost, ...] = ()
    """By currency, in the order of their codes."""
    unpriced: int = 0
    """Calls for which a price is due and not known: they cost something that `costs` leaves out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals(Tally):
    """One scope in figures."""

    first_token: Spread = Spread()
    duration: Spread = Spread()
    """Of calls that came to their end (standing `ok`)."""
    first_at: datetime | None = None
    last_at: datetime | None = None
    """When the last call began."""
    substitutions: int = 0
    """Calls that another model served than the one asked for."""
    lost: int = 0
    """Exchanges known to be missing from the record, whatever the scope but its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point(Tally):
    """A group's sums in one span of time."""

    at: datetime
    """When the span begins."""
    group: str | None = None
    """None: the calls have none, or no grouping was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One scope in figures, and its course."""

    totals: Totals
    points: tuple[CoursePoint, ...]
    """A span of time each, oldest first; those without calls are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoursePoint(Tally):
    """A scope's sums in one span of time."""

    at: datetime
    """When the span begins."""
    first_token: Spread = Spread()


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRow(Tally):
    """A group's sums."""

    group: str | None
    """None: the calls have none, or no grouping was asked for."""
    first_at: datetime
    last_at: datetime
    priced: int = 0
    """Calls that `costs` adds up: what a cost per call divides by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyPoint:
    """A group's speed in one span of time. Calls that came to their end only (standing `ok`)."""

    at: datetime
    group: str | None = None
    first_token: Spread = Spread()
    """Streamed replies only."""
    duration: Spread = Spread()
    provider_duration: Spread = Spread()
    """What the provider says it took."""
    speed: Speed = Speed()


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyRow:
    """A model's speed. Calls that came to their end only (standing `ok`)."""

    provider: str
    model: str
    first_token: Spread = Spread()
    duration: Spread = Spread()
    provider_duration: Spread = Spread()
    speed: Speed = Speed()
