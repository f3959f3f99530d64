"""Whether a model works: a state out of its checks, and when it changed.

    unknown      → up        a check goes well
    unknown, up  → degraded  two faulty checks in a row, three bad ones of any kind, or four bad of the last twenty
    any          → down      three failures in a row
    down         → degraded  it answers again
    degraded     → up        ten checks in a row go well
    any          → unknown   no check has told anything for two and a half intervals

The thresholds come from simulation, with a check every five minutes: when a quarter of all calls begins to fail, three
in a row alone takes five hours to notice, and one time in ten never does; four of twenty takes 70 minutes. A model of
which one check in a hundred fails by chance is called degraded about once a year.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from audit.canary.verdict import Verdict
from audit.canary.wording import seconds

__all__ = ["EVIDENCE", "HISTORY", "STALE_AFTER", "Check", "Flip", "State", "advance", "lapse"]

DOWN_RUN = 3
"""Fewer would call every network hiccup an outage."""
FAULTY_RUN, BAD_RUN = 2, 3
"""A wrong answer is rarely chance; a slow one often is."""
WINDOW, BAD_OF_WINDOW = 20, 4
RECOVERY_RUN = 10
"""While a quarter of all calls fails, one stretch of ten checks in eighteen goes well, but two in five of three."""
STALE_AFTER = 2.5
"""In intervals: one missed check is chance, a second one is silence."""
HISTORY = 2 * WINDOW
"""How many checks `advance` should see: more than a window, for those of one moment and those that came late."""

_NEXT = timedelta(microseconds=1)
"""By times alone the order of flips must show."""
_FAULTY = frozenset({Verdict.WRONG, Verdict.SUBSTITUTED, Verdict.FILTERED, Verdict.UNFILTERED})
_FAILED = frozenset({Verdict.ERROR, Verdict.TIMEOUT, Verdict.CUT, Verdict.NO_ANSWER})
_BAD = _FAULTY | _FAILED | {Verdict.SLOW}
_GOOD = frozenset({Verdict.OK})
EVIDENCE = _GOOD | _BAD
"""What tells something about the model. A throttled, unauthorised, invalid or unasked check tells about us."""


class State(StrEnum):
    """How a model does, as far as its checks tell."""

    UNKNOWN = "unknown"
    """Never checked, or not lately. It is never assumed that the last state still holds."""
    UP = "up"
    DEGRADED = "degraded"
    """It answers, but late, wrongly, otherwise than expected or not always; or it has only just come back."""
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One finished run of a canary."""

    at: datetime
    """When it ended."""
    verdict: Verdict
    reason: str = ""
    """The gravest; "" when all is well."""
    pk: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A change of state."""

    at: datetime
    """When the state began: an outage with the first of the failures in a row, silence when the last check had
    become too old, anything else when it was seen. Always later than the flip before."""
    seen_at: datetime
    """The end of the check that made it certain."""
    before: State
    state: State
    reason: str
    check_pk: int | None = None
    """That check; None when there is none, because silence is what it is about."""
    pk: int | None = None
    """None: not stored yet."""


def advance(last: Flip | None, history: Sequence[Check], now: datetime, every: timedelta) -> Flip | None:
    """Return the next change of state after `last`, the model's latest one so far; None when there is none.

    To be asked after every check, until it returns None. `history` holds the model's latest checks by whatever canary,
    in any order, at best `HISTORY` of them; `every` is the shortest interval at which it is checked.
    """
    evidence = sorted((check for check in history if check.verdict in EVIDENCE), key=_moment)
    if not evidence:
        return None if last is None else lapse(last, last.seen_at, now, every)
    newest_at = evidence[-1].at
    if last is None or last.seen_at < newest_at:
        earlier = [check.at for check in evidence if check.at < newest_at]
        silence = lapse(last, earlier[-1], newest_at, every) if earlier else None
        if flip := silence or _turn(last, _unbroken(evidence, every)):
            return flip
    return lapse(last, newest_at, now, every)


def lapse(last: Flip | None, heard_at: datetime, now: datetime, every: timedelta) -> Flip | None:
    """Return the change to unknown when nothing has been heard of a model since `heard_at` for too long; else None.

    Pages ask this for themselves: nobody stores it while no scheduler runs.
    """
    if last is None or last.state is State.UNKNOWN:
        return None
    at = max(heard_at, last.seen_at) + STALE_AFTER * every
    if at >= now:
        return None
    reason = f"no check has told anything for {seconds(STALE_AFTER * every)}"
    return Flip(at=at, seen_at=at, before=last.state, state=State.UNKNOWN, reason=reason)


def _moment(check: Check) -> tuple[datetime, Verdict, int]:
    return check.at, check.verdict, check.pk or 0


def _unbroken(evidence: Sequence[Check], every: timedelta) -> Sequence[Check]:
    """The latest checks without a silence between them: what was before it proves nothing any more."""
    for number in range(len(evidence) - 1, 0, -1):
        if evidence[number].at - evidence[number - 1].at > STALE_AFTER * every:
            return evidence[number:]
    return evidence


def _turn(last: Flip | None, checks: Sequence[Check]) -> Flip | None:
    """The change that the newest of these checks brings about."""
    before = last.state if last else State.UNKNOWN
    began_at = last.seen_at if last and before is State.UP else None
    state = _state(before, checks, [check for check in checks if began_at is None or check.at > began_at])
    if state is before:
        return None
    newest = checks[-1]
    at = newest.at
    if state is State.DOWN:
        first_at = checks[-_run(checks, _FAILED)].at
        at = max(first_at, last.at + _NEXT) if last else first_at
    reason = _reason(before, state, checks)
    return Flip(at=at, seen_at=newest.at, before=before, state=state, reason=reason, check_pk=newest.pk)


def _state(before: State, checks: Sequence[Check], recent: Sequence[Check]) -> State:
    """The state after the newest check. `recent` are those since the model came up: a relapse is counted anew."""
    newest = checks[-1].verdict
    if _run(checks, _FAILED) >= DOWN_RUN:
        return State.DOWN
    if before is State.DOWN:
        return State.DOWN if newest in _FAILED else State.DEGRADED
    if before is State.DEGRADED:
        return State.UP if _run(checks, _GOOD) >= RECOVERY_RUN else State.DEGRADED
    if newest is Verdict.OK:
        return State.UP
    return State.DEGRADED if _worsened(recent) else before


def _worsened(recent: Sequence[Check]) -> bool:
    return (
        _run(recent, _FAULTY) >= FAULTY_RUN
        or _run(recent, _BAD) >= BAD_RUN
        or _bad_of(recent[-WINDOW:]) >= BAD_OF_WINDOW
    )


def _run(checks: Sequence[Check], verdicts: frozenset[Verdict]) -> int:
    """How many of the latest checks in a row had one of these verdicts."""
    return next((run for run, check in enumerate(reversed(checks)) if check.verdict not in verdicts), len(checks))


def _bad_of(checks: Sequence[Check]) -> int:
    return sum(check.verdict in _BAD for check in checks)


def _reason(before: State, state: State, checks: Sequence[Check]) -> str:
    newest, window = checks[-1], checks[-WINDOW:]
    told = f"the last: {newest.verdict.value}" + (f", {newest.reason}" if newest.reason else "")
    if state is State.DOWN:
        return f"{_run(checks, _FAILED)} checks in a row failed, {told}"
    if state is State.UP:
        return _well(len(window) - _bad_of(window), len(window))
    if before is State.DOWN:
        return f"it answers again, {told}"
    return f"{_bad_of(window)} of the last {len(window)} checks went badly, {told}"


def _well(good: int, checks: int) -> str:
    if good < checks:
        return f"{good} of the last {checks} checks went well"
    return "a check went well" if checks == 1 else f"the last {checks} checks went well"
