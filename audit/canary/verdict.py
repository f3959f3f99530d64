"""What came of a check, in one word and in sentences."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Judgement", "Verdict"]


class Verdict(StrEnum):
    """The one word for a check. What each means for the model's state is `state.py`'s to say."""

    OK = "ok"
    """Answered, and all is as expected."""

    SLOW = "slow"
    """As expected but for the time it took."""
    WRONG = "wrong"
    """Answered, and the answer, its finish reason or its status is not what the canary expects."""
    SUBSTITUTED = "substituted"
    """Another model served than the canary expects."""
    FILTERED = "filtered"
    """A content filter did more than the canary expects, such as blocking what should pass."""
    UNFILTERED = "unfiltered"
    """A content filter did less than the canary expects, such as passing what should be blocked."""

    CUT = "cut"
    """An answer began and broke off."""
    NO_ANSWER = "no_answer"
    """A success with nothing in it."""
    ERROR = "error"
    """No connection, an HTTP status from 500, or an error that the reply tells under any other status."""
    TIMEOUT = "timeout"
    """No whole answer within the canary's timeout."""

    THROTTLED = "throttled"
    """Too many requests: HTTP 429 and the like."""
    UNAUTHORISED = "unauthorised"
    """The key is missing, wrong, not allowed to do this, out of quota or unpaid."""
    INVALID = "invalid"
    """The canary does not fit the model: an unknown model, a parameter it does not take, too small a token limit,
    an expectation that its replies do not let us judge."""
    UNASKED = "unasked"
    """Something on our side kept the question from being asked or the answer from being read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What came of a check."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    """A sentence for each expectation that failed, the gravest first; none when all is well."""
