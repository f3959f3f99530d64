"""How a checked model does now, and how it did on each day: from its changes of state, silence counted as unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from audit.canary.state import STALE_AFTER, State
from audit.canary.uptime import Uptime, uptime
from audit.settings import CanarySettings, Settings
from audit.store.rows import CheckRow, FlipRow, ModelRow
from dashboard import figures

__all__ = ["DAYS", "Checked", "History", "by_day", "checked", "history", "interval", "last_check"]

DAYS = 90
"""Over how many days uptime is told."""
_FULL = 0.95
"""Coverage below which an uptime is not told without it."""
_GRAVITY = ("down", "degraded", "unknown", "up")
_DEFAULT_INTERVAL: timedelta = CanarySettings.model_fields["every"].default


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    at: datetime
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A model's changes of state, up to now."""

    turns: tuple[_Turn, ...]
    first_check_at: datetime

    @property
    def state(self) -> str:
        """The state it is in."""
        return self.turns[-1].state if self.turns else State.UNKNOWN.value

    @property
    def since(self) -> datetime | None:
        """When that state began; None when it never had another."""
        return self.turns[-1].at if self.turns else None

    def between(self, since: datetime, until: datetime) -> Uptime | None:
        """Return how long it was in which state, from its first check on; None when that came later."""
        since = max(since, self.first_check_at)
        return uptime(self.turns, since, until) if since < until else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A model that is checked, and how it did."""

    model: ModelRow
    past: History
    whole: Uptime | None
    """Over the last `DAYS` or since its first check; None when that was just now."""

    @property
    def state(self) -> str:
        return self.past.state

    @property
    def last(self) -> CheckRow | None:
        return last_check(self.model)

    @property
    def availability(self) -> str:
        """Return its uptime as a percentage."""
        if self.whole is None or self.whole.availability is None:
            return figures.ABSENT
        percent = 100 * self.whole.availability
        return "> 99.99 %" if 99.995 <= percent < 100 else f"{percent:.2f} %"

    @property
    def coverage(self) -> float | None:
        return None if self.whole is None else self.whole.coverage

    @property
    def told(self) -> str:
        """Return its uptime with how long that is, and how much of it is known where that is not nearly all."""
        if self.whole is None:
            return f"{figures.ABSENT} just begun"
        length = _coarse(sum(self.whole.seconds.values()))
        known = "" if self.whole.coverage >= _FULL else f", {figures.percent(self.whole.coverage)} of it known"
        return f"{self.availability} of {length}{known}"


def _coarse(seconds: float) -> str:
    """A span of time in its greatest unit."""
    unit = next((unit for unit in (86_400, 3_600, 60) if seconds >= unit), 1)
    return figures.duration(seconds // unit * unit * 1_000_000)


def checked(models: Sequence[ModelRow], flips: Sequence[FlipRow], settings: Settings, now: datetime) -> list[Checked]:
    """Return how models do and did, those that do worst first."""
    found = []
    for model in models:
        past = history(model, flips, interval(settings, model), now)
        found.append(Checked(model=model, past=past, whole=past.between(now - timedelta(days=DAYS), now)))
    return sorted(found, key=lambda one: (_GRAVITY.index(one.state), one.model.provider, one.model.model))


def history(model: ModelRow, flips: Sequence[FlipRow], every: timedelta, now: datetime) -> History:
    """Return a model's changes of state; `every` is the interval of its checks.

    A state does not hold when nobody looks: after a silence the model is unknown, although no one has stored that.
    """
    ours = [flip for flip in flips if (flip.provider, flip.model) == (model.provider, model.model)]
    turns = [_Turn(at=flip.at, state=flip.state) for flip in sorted(ours, key=lambda flip: flip.at)]
    heard = last_check(model)
    if turns and turns[-1].state != State.UNKNOWN and heard is not None:
        silent_at = max((heard.ended_at or heard.started_at) + STALE_AFTER * every, turns[-1].at)
        if silent_at < now:
            turns.append(_Turn(at=silent_at, state=State.UNKNOWN.value))
    return History(turns=tuple(turns), first_check_at=model.first_check_at)


def interval(settings: Settings, model: ModelRow) -> timedelta:
    """Return how often a model is checked: the shortest interval of its canaries, or that of the default one."""
    names = {check.canary for check in model.last}
    spans = [canary.every for canary in settings.canaries if canary.name in names]
    return min(spans, default=_DEFAULT_INTERVAL)


def last_check(model: ModelRow) -> CheckRow | None:
    """Return the latest check of a model, by whatever canary."""
    return max(model.last, key=lambda check: check.started_at, default=None)


def by_day(past: History, days: int, zone: tzinfo, now: datetime) -> dict[date, Uptime]:
    """Return the time in each state on each of the last days of the calendar in `zone`, today until now.

    Days before the first check are left out.
    """
    today = now.astimezone(zone).date()
    spans = {}
    for day in (today - timedelta(days=number) for number in reversed(range(days))):
        if span := past.between(_midnight(day, zone), min(_midnight(day + timedelta(days=1), zone), now)):
            spans[day] = span
    return spans


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone)
