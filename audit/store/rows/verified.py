"""What a look at the whole record has found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["MOST_TOLD", "Amiss", "Verdict", "Verified"]

MOST_TOLD = 1_000
"""What is amiss is told one by one up to this many times; all of it is counted."""


class Verdict(StrEnum):
    """How an entry of the ledger stands."""

    OK = "ok"
    ERASED = "erased"
    """Something of it is gone, and an act of the ledger says so."""
    ALTERED = "ALTERED"
    MISSING = "MISSING"
    UNSEQUENCED = "UNSEQUENCED"
    """It has no place in the log yet, as it should be for a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amiss:
    """Something that is not as it should be."""

    verdict: Verdict
    what: str
    """A call, an act, an entry, a checkpoint, a part of bodies."""
    why: str


@dataclass(slots=True, kw_only=True)
class Verified:
    """How the record stands."""

    size: int = 0
    """Entries that have their place in the log. Of all of them the leaf was looked at."""
    entries: Counter[Verdict] = field(default_factory=Counter)
    """How many stand how, of those whose content was looked at."""
    acts: Counter[str] = field(default_factory=Counter)
    """Acts that are as they were entered, by their kinds: all of them, whatever contents were looked at."""
    checkpoints: int = 0
    """Signed checkpoints whose root the log has."""
    anchored: int = 0
    """Entries before the last anchored checkpoint: a change of these is found whatever keys who makes it has."""
    amiss: list[Amiss] = field(default_factory=list)
    """The first of what is amiss."""
    faults: int = 0
    """How much is altered or missing."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is altered or missing."""
        return not self.faults

    def tell(self, verdict: Verdict, what: str, why: str) -> None:
        """Take down something that is amiss."""
        self.faults += verdict in (Verdict.ALTERED, Verdict.MISSING)
        if len(self.amiss) < MOST_TOLD:
            self.amiss.append(Amiss(verdict=verdict, what=what, why=why))
