"""One check, from the claim to the change of state."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from audit.call import Call, Exchange, Tags
from audit.canary.judge import Judgement, Verdict, judge
from audit.canary.plan import Assignment
from audit.canary.prompt import Request, enquire, filled
from audit.canary.state import Flip, advance
from audit.store.checks import Checks
from audit.wire.redact import REDACTED

__all__ = ["Ask", "Checked", "Runner"]

_log = logging.getLogger("audit")


class Ask(Protocol):
    """Sends a request and returns what was recorded of it."""

    def __call__(self, request: Request, *, tags: Tags, timeout_s: float) -> Exchange:
        """Send, read the reply to its end or until `timeout_s` have passed in all, and return the recorded exchange.

        The record has it under the same id, with these tags. What a transport raises is no exception here but the
        exchange's `failure`.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A check that was run."""

    assignment: Assignment
    slot_at: datetime
    judgement: Judgement
    call: Call | None = None
    """None when nothing was asked."""
    flips: tuple[Flip, ...] = ()
    """The changes of state that it brought about."""


class Runner:
    """Runs checks. Safe for several threads, and beside runners of other processes on the same database."""

    def __init__(
        self,
        assignments: Iterable[Assignment],
        *,
        ask: Ask,
        interpret: Callable[[Exchange], Call],
        checks: Checks,
        environ: Mapping[str, str],
        by: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Take the keys out of `environ`; claim slots in the name of `by`, such as a host and a process id."""
        self._ask = ask
        self._interpret = interpret
        self._checks = checks
        self._environ = environ
        self._by = by
        self._clock = clock
        self._every = _shortest(assignments)

    def run(self, assignment: Assignment, slot_at: datetime) -> Checked | None:
        """Ask once, judge, and store check and flips; None when someone else has this slot.

        Raises `StoreError` when the database cannot be used.
        """
        canary, provider, model = assignment.key
        pk = self._checks.claim(canary, provider, model, slot_at=slot_at, by=self._by, started_at=self._clock())
        if pk is None:
            return None
        checked = self._check(assignment, slot_at)
        self._checks.finish(pk, checked.judgement, checked.call, ended_at=self._clock())
        return replace(checked, flips=tuple(self._flips(assignment)))

    def _check(self, assignment: Assignment, slot_at: datetime) -> Checked:
        target = assignment.target
        key = self._environ.get(target.key_env or "", "").strip()
        if target.key_env and not key:
            reason = f"the environment variable {target.key_env} is not set; it must hold the key of {target.provider}"
            return _unasked(assignment, slot_at, Verdict.UNAUTHORISED, reason)
        try:
            return self._answered(assignment, slot_at, key)
        except Exception as exc:  # noqa: BLE001  # a check that breaks is a row that says so; its slot is taken
            told = f"{type(exc).__name__}: {exc}"
            reason = told.replace(key, REDACTED) if key else told
            _log.error("canary %s could not be asked of %s: %s", assignment.canary.name, target.model, reason)
            return _unasked(assignment, slot_at, Verdict.UNASKED, reason)

    def _answered(self, assignment: Assignment, slot_at: datetime, key: str) -> Checked:
        canary = assignment.canary
        exchange = self._ask(
            enquire(canary, assignment.target, slot_at, key or None),
            tags=Tags(canary=canary.name),
            timeout_s=canary.timeout.total_seconds(),
        )
        call = self._interpret(exchange)
        judgement = judge(filled(canary, slot_at), call)
        return Checked(assignment=assignment, slot_at=slot_at, judgement=judgement, call=call)

    def _flips(self, assignment: Assignment) -> list[Flip]:
        """Store what the state has come to; of several runners that see the same change, one stores it."""
        target, stored = assignment.target, []
        every = self._every.get((target.provider, target.model), assignment.canary.every)
        history = self._checks.history(target.provider, target.model)
        last = self._checks.last_flip(target.provider, target.model)
        while (flip := advance(last, history, self._clock(), every)) is not None:
            if self._checks.add_flip(target.provider, target.model, old=last, new=flip):
                stored.append(flip)
            last = self._checks.last_flip(target.provider, target.model)
        return stored


def _shortest(assignments: Iterable[Assignment]) -> dict[tuple[str, str], timedelta]:
    """The shortest interval at which each target is checked, by whatever canary."""
    every: dict[tuple[str, str], timedelta] = {}
    for assignment in assignments:
        target, canary = assignment.target, assignment.canary
        known = every.get((target.provider, target.model), canary.every)
        every[target.provider, target.model] = min(known, canary.every)
    return every


def _unasked(assignment: Assignment, slot_at: datetime, verdict: Verdict, reason: str) -> Checked:
    judgement = Judgement(verdict=verdict, reasons=(reason,))
    return Checked(assignment=assignment, slot_at=slot_at, judgement=judgement)
