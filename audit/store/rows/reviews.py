"""What people decide about what content filters did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from audit.call import Source

__all__ = ["Review", "ReviewRow", "ReviewVerdict"]


class ReviewVerdict(StrEnum):
    """What a reviewer says of what a filter did."""

    CORRECT_BLOCK = "correct_block"
    FALSE_POSITIVE = "false_positive"
    """It was stopped, and should have passed."""
    CORRECT_PASS = "correct_pass"  # noqa: S105  # no password
    FALSE_NEGATIVE = "false_negative"
    """It passed, and should have been stopped."""
    BORDERLINE = "borderline"
    """Either would be right."""
    CANNOT_JUDGE = "cannot_judge"

    def can_be(self, *, stopped: bool) -> bool:
        """Whether it can be said of what a filter has stopped, or of what it has let pass."""
        return self not in (_OF_WHAT_PASSED if stopped else _OF_WHAT_WAS_STOPPED)


_OF_WHAT_WAS_STOPPED = (ReviewVerdict.CORRECT_BLOCK, ReviewVerdict.FALSE_POSITIVE)
_OF_WHAT_PASSED = (ReviewVerdict.CORRECT_PASS, ReviewVerdict.FALSE_NEGATIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What somebody decides about one side of a call."""

    call: UUID
    side: Source
    category: str | None = None
    """As the call's findings name it; None: about the side as a whole."""
    verdict: ReviewVerdict
    severity: str | None = None
    """The level that would have been right, in the provider's words or others; None: nothing is said of it."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRow(Review):
    """A decision as it stands in the record."""

    id: UUID
    """Also that of the act by which it was entered."""
    reviewer: str
    decided_at: datetime
    version: int
    """Which decision of this reviewer about the same side and category of the call it is, from 1."""
    latest: bool
    """Whether the reviewer has decided nothing else about the same since."""
