"""What stands out in a period, against the one before it: plain sentences, each with its figures. Pure.

A rate is said to have changed only where the 95 % intervals of the two periods have no share in common and the
difference is large enough to matter; a latency only where both periods have calls enough for a percentile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum
from typing import Protocol

from audit.call import ModelMatch, Outcome
from audit.store.rows import LatencyRow, OutcomeRow, SubstitutionRow, Totals, UsageRow
from audit.store.scope import Standing
from dashboard import figures
from dashboard.filters import PRICE

__all__ = ["Notice", "Period", "Weight", "notices"]

_FACTOR = 1.5
"""A change by less is seldom worth a sentence."""
_LEAST_EVENTS = 3
_LEAST_TIMED = 20
"""Calls below which a 95th percentile is the slowest call or the one before."""
_LEAST_COST = Decimal(1)
"""Changes of less money than this are not told."""


class Weight(IntEnum):
    """How urgent a sentence is; the greatest first."""

    NOTE = 0
    CHANGE = 1
    WARNING = 2
    ALARM = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that stands out."""

    weight: Weight
    text: str
    """May hold names out of the traffic: to be shown as text only."""
    narrowing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The fields of `Chosen` that lead to the calls behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What is known of one period."""

    totals: Totals
    usage: Sequence[UsageRow] = ()
    """By the model asked for."""
    served: Sequence[UsageRow] = ()
    """By the model that served: what costs are told by."""
    latency: Sequence[LatencyRow] = ()
    outcomes: Sequence[OutcomeRow] = ()
    """Ungrouped, in one span or several."""
    substitutions: Sequence[SubstitutionRow] = ()


def notices(now: Period, before: Period | None) -> tuple[Notice, ...]:
    """Return what stands out, the most urgent first."""
    found = [*_facts(now)]
    if before is not None:
        found += [*_rates(now.usage, before.usage), *_latencies(now.latency, before.latency), *_costs(now, before)]
    found += _substituted(now.substitutions, before.substitutions if before else ())
    return tuple(sorted(found, key=lambda notice: -notice.weight))


def _facts(now: Period) -> Iterable[Notice]:
    totals = now.totals
    if totals.lost:
        yield Notice(
            weight=Weight.ALARM, text=f"{figures.plural(totals.lost, 'exchange')} could not be recorded in this time."
        )
    failed = sum(row.calls for row in now.outcomes if row.outcome == Outcome.FILTER_ERROR)
    if failed:
        yield Notice(
            weight=Weight.WARNING,
            text=f"A content filter could not run in {figures.plural(failed, 'call')}: neither safe nor blocked.",
            narrowing={"outcomes": (Outcome.FILTER_ERROR.value,)},
        )
    if totals.unpriced:
        yield Notice(
            weight=Weight.NOTE,
            text=f"{figures.share(totals.unpriced, totals.calls)} of {figures.plural(totals.calls, 'call')} "
            f"have no known price: costs leave {figures.count(totals.unpriced)} of them out.",
            narrowing={"lacking": (PRICE,)},
        )


def _rates(now: Sequence[UsageRow], before: Sequence[UsageRow]) -> Iterable[Notice]:
    earlier = {row.group: row for row in before}
    for row in now:
        past = earlier.get(row.group)
        if past is None or row.group is None:
            continue
        errors = _changed("The error rate", row.group, (row.errors, row.calls), (past.errors, past.calls))
        if errors is not None:
            rose = row.errors * past.calls > past.errors * row.calls
            yield Notice(
                weight=Weight.WARNING if rose else Weight.CHANGE,
                text=errors,
                narrowing={"requested": (row.group,), "standings": (Standing.ERROR.value,)},
            )
        blocks = _changed("The block rate", row.group, (row.blocked, row.calls), (past.blocked, past.calls))
        if blocks is not None:
            blocked = (Outcome.BLOCKED_PROMPT.value, Outcome.BLOCKED_COMPLETION.value)
            yield Notice(weight=Weight.WARNING, text=blocks, narrowing={"requested": (row.group,), "outcomes": blocked})


def _changed(what: str, model: str, now: tuple[int, int], before: tuple[int, int]) -> str | None:
    """Return a sentence if a rate moved beyond chance and by enough."""
    if max(now[0], before[0]) < _LEAST_EVENTS or not now[1] or not before[1]:
        return None
    if not figures.wilson(*now).excludes(figures.wilson(*before)):
        return None
    rate, past = now[0] / now[1], before[0] / before[1]
    if max(rate, past) < _FACTOR * min(rate, past):
        return None
    verb = "rose" if rate > past else "fell"
    return (
        f"{what} of {model} {verb} from {figures.share(*before)} of {figures.count(before[1])} "
        f"to {figures.share(*now)} of {figures.plural(now[1], 'call')}."
    )


class _Timed(Protocol):
    @property
    def n(self) -> int: ...
    @property
    def p95_us(self) -> int | None: ...


def _latencies(now: Sequence[LatencyRow], before: Sequence[LatencyRow]) -> Iterable[Notice]:
    earlier = {(row.provider, row.model): row for row in before}
    for row in now:
        past = earlier.get((row.provider, row.model))
        if past is None:
            continue
        text = _slower("First tokens", row.model, row.first_token, past.first_token)
        text = text or _slower("Answers", row.model, row.duration, past.duration)
        if text is not None:
            yield Notice(
                weight=Weight.CHANGE, text=text, narrowing={"models": (row.model,), "providers": (row.provider,)}
            )


def _slower(what: str, model: str, now: _Timed, before: _Timed) -> str | None:
    if now.p95_us is None or before.p95_us is None or min(now.n, before.n) < _LEAST_TIMED:
        return None
    if max(now.p95_us, before.p95_us) < _FACTOR * max(1, min(now.p95_us, before.p95_us)):
        return None
    verb = "slower" if now.p95_us > before.p95_us else "faster"
    return (
        f"{what} of {model} came {verb}: 95 in 100 within {figures.duration(now.p95_us)} "
        f"(n {figures.count(now.n)}), {figures.duration(before.p95_us)} before (n {figures.count(before.n)})."
    )


def _costs(now: Period, before: Period) -> Iterable[Notice]:
    earlier = {cost.currency: cost.amount for cost in before.totals.costs}
    for cost in now.totals.costs:
        past = earlier.get(cost.currency, Decimal(0))
        low, high = sorted((cost.amount, past))
        if high - low < _LEAST_COST or high < Decimal(str(_FACTOR)) * low or not past:
            continue
        most = _mover(now.served, before.served, cost.currency)
        verb = "rose" if cost.amount > past else "fell"
        text = f"Cost {verb} from {figures.money(past, cost.currency)} to {figures.money(cost.amount, cost.currency)}"
        yield Notice(
            weight=Weight.CHANGE,
            text=f"{text}, most of it {most}." if most else f"{text}.",
            narrowing={"models": (most,)} if most else {},
        )


def _mover(now: Sequence[UsageRow], before: Sequence[UsageRow], currency: str) -> str | None:
    """The model whose cost moved most."""
    moved: dict[str | None, Decimal] = {}
    for rows, sign in ((now, 1), (before, -1)):
        for row in rows:
            amount = sum((cost.amount for cost in row.costs if cost.currency == currency), Decimal(0))
            moved[row.group] = moved.get(row.group, Decimal(0)) + sign * amount
    return max(moved, key=lambda name: abs(moved[name]), default=None)


def _substituted(now: Sequence[SubstitutionRow], before: Sequence[SubstitutionRow]) -> Iterable[Notice]:
    """Substitutions that were not there before; many of them in one sentence."""
    known = {(row.provider, row.requested, row.served) for row in before}
    new = [
        row
        for row in now
        if row.match == ModelMatch.DIFFERENT and (row.provider, row.requested, row.served) not in known
    ]
    if not new:
        return
    most = max(new, key=lambda row: row.calls)
    text = f"{most.requested} was asked for and {most.served} served: {figures.plural(most.calls, 'call')}"
    others = sum(row.calls for row in new) - most.calls
    if len(new) > 1:
        pairs = figures.plural(len(new) - 1, "other pair")
        text += f"; so it went with {pairs} of names in {figures.plural(others, 'call')}"
    served = {"models": (most.served,)} if len(new) == 1 else {}
    yield Notice(weight=Weight.WARNING, text=f"{text}.", narrowing={**served, "matches": (ModelMatch.DIFFERENT.value,)})
