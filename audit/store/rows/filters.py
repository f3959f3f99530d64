"""What content filters did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["CategoryRow", "CoverageRow", "OutcomeRow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRow:
    """How many calls of a group had an outcome."""

    at: datetime | None
    """When the span begins; None when no spans were asked for."""
    group: str | None
    outcome: str
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRow:
    """What filters said of a category at one level. Counts calls, each once."""

    source: str
    category: str
    level: str | None
    """Severity, else probability, in the provider's words; None when the reply gives none."""
    calls: int
    detected: int
    not_found: int
    """Calls in which something was looked for and not detected; where there are several answers, maybe elsewhere."""
    filtered: int
    masked: int
    ran: int
    """Calls in which the filter did its work."""
    errors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRow:
    """How much of a group the filters looked at. A call may be in several counts."""

    group: str | None
    calls: int
    prompt: int
    """Calls with a verdict on the prompt."""
    completion: int
    not_assessed: int
    """Calls with no word from any filter."""
    errors: int
    """Calls of which a filter said that it could not run."""
