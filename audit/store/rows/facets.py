"""What there is in the record to choose calls by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from audit.store.rows.sums import Cost

__all__ = ["Facet", "Facets", "KeyRow", "SubstitutionRow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """A value by which calls can be chosen."""

    value: str
    calls: int
    name: str | None = None
    """What people call it; API keys only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """What there is to choose from; the most frequent first, long lists cut."""

    providers: tuple[Facet, ...] = ()
    models: tuple[Facet, ...] = ()
    keys: tuple[Facet, ...] = ()
    projects: tuple[Facet, ...] = ()
    users: tuple[Facet, ...] = ()
    operations: tuple[Facet, ...] = ()
    canaries: tuple[Facet, ...] = ()
    labels: tuple[tuple[str, tuple[Facet, ...]], ...] = ()
    """Values by label name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """An API key that was seen in traffic; checks of our own count too."""

    fingerprint: str
    name: str | None
    provider: str
    """Where it was seen first."""
    first_seen_at: datetime
    last_seen_at: datetime
    calls: int
    costs: tuple[Cost, ...]
    unpriced: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubstitutionRow:
    """A pair of names: the model asked for, and the one that served."""

    provider: str
    requested: str
    served: str
    match: str
    calls: int
    first_at: datetime
    last_at: datetime
