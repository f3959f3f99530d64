"""What was used and what it cost, told apart by model, key, project and so on: bars and table columns. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from itertools import chain
from typing import Any, Protocol

from audit.store.rows import Cost, Point, Tally, Totals, UsageRow
from audit.store.scope import By, Standing
from dashboard import charts, figures
from dashboard.charts import Bar, Unit
from dashboard.filters import PRICE, USAGE
from dashboard.tables import Column

__all__ = [
    "GROUPINGS",
    "NONE",
    "SPENDING",
    "Grouping",
    "Measure",
    "amount",
    "columns",
    "currencies",
    "foremost",
    "hit_rate",
    "left_out",
    "measures",
    "stacks",
    "whole",
]

_COUNTS = ("calls", "errors", "unfinished", "blocked", "refusals", "without_usage", "unpriced")
_FIGURES = (
    "input_tokens",
    "cached_input_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
    "cacheable_input_tokens",
)
NONE = "(none)"
"""How a group without a name is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """By what calls are told apart."""

    title: str
    field: str
    """The field of `Chosen` that narrows to one group."""
    by: By = By.NONE
    label: str | None = None

    @property
    def word(self) -> str:
        """What it is called within a sentence."""
        return self.title if self.title.startswith("API") else self.title.lower()

    def chosen(self, group: str) -> dict[str, tuple[str, ...]]:
        """Return what narrows to one group."""
        value = "" if group == NONE else group
        return {self.field: (f"{self.label}={value}" if self.label is not None else value,)}


GROUPINGS = {
    grouping.title: grouping
    for grouping in (
        Grouping(title="Model", by=By.MODEL, field="models"),
        Grouping(title="Model asked for", by=By.REQUESTED, field="requested"),
        Grouping(title="Provider", by=By.PROVIDER, field="providers"),
        Grouping(title="API key", by=By.KEY, field="keys"),
        Grouping(title="Project", by=By.PROJECT, field="projects"),
        Grouping(title="User", by=By.USER, field="users"),
        Grouping(title="Session", by=By.SESSION, field="sessions"),
        Grouping(title="Operation", by=By.OPERATION, field="operations"),
    )
}
SPENDING = tuple(title for title, grouping in GROUPINGS.items() if grouping.by is not By.REQUESTED)
"""By what money and tokens are told apart: who is asked for spends nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Something that can be added up."""

    title: str
    value: Callable[[Tally], float]
    written: Callable[[float], str]
    unit: Unit
    lacking: Callable[[Tally], int]
    """How many calls of a group have no such figure."""
    lack: str
    """What those calls lack."""


def measures(sums: Sequence[Tally]) -> dict[str, Measure]:
    """Return what can be drawn of these sums: a cost for each currency, tokens, calls."""
    found = [_cost(currency, sums) for currency in currencies(sums)]
    found.append(
        Measure(
            title="Tokens",
            value=lambda tally: float((tally.input_tokens or 0) + (tally.output_tokens or 0)),
            written=lambda value: f"{figures.tokens(value)} tokens",
            unit=charts.COUNT,
            lacking=lambda tally: tally.without_usage,
            lack="told no usage",
        )
    )
    found.append(
        Measure(
            title="Calls",
            value=lambda tally: float(tally.calls),
            written=lambda value: figures.plural(round(value), "call"),
            unit=charts.COUNT,
            lacking=lambda tally: 0,
            lack="",
        )
    )
    return {measure.title: measure for measure in found}


def stacks(points: Sequence[Point], measure: Measure, colours: Mapping[str, str]) -> list[Bar]:
    """Return a bar for each span and group; groups without a colour of their own are one, `other`."""
    shown = charts.grouped([point.group or NONE for point in points], colours)
    sums: dict[tuple[datetime, str], float] = {}
    for point in points:
        place = point.at, shown[point.group or NONE]
        sums[place] = sums.get(place, 0.0) + measure.value(point)
    return [
        Bar(at=at, group=group, value=value, told=measure.written(value))
        for (at, group), value in sums.items()
        if value
    ]


def left_out(sums: Sequence[Tally], measure: Measure) -> str | None:
    """Return how many calls a sum lacks, in a sentence; None when it has them all."""
    calls, lacking = sum(tally.calls for tally in sums), sum(measure.lacking(tally) for tally in sums)
    return (
        f"Without {figures.count(lacking)} of {figures.plural(calls, 'call')} that {measure.lack}." if lacking else None
    )


class Opened(Protocol):
    """Leads to the calls of a row, or to those of them that fit what is further said."""

    def __call__(self, row: UsageRow, /, **further: Sequence[str]) -> None: ...


def columns(
    grouping: Grouping,
    rows: Sequence[UsageRow],
    before: Mapping[str | None, UsageRow],
    names: Mapping[str, str],
    opened: Opened,
) -> list[Column[UsageRow]]:
    """Return what the table of groups says; `names` are what people call them.

    Of models it does not tell the errors: a call that fails is served by none.
    """
    found = currencies(rows)
    money = _money_columns(found[0], rows, before) if found else []
    money += [_cost_column(currency) for currency in found[1:]]
    failed = _counted("Errors", lambda row: row.errors, partial(opened, standings=(Standing.ERROR,)))
    return [
        Column(title=grouping.title, value=lambda row: names.get(row.group or "", row.group or NONE), width=230),
        _counted("Calls", lambda row: row.calls, opened),
        *money,
        _counted("Unpriced", lambda row: row.unpriced, partial(opened, lacking=(PRICE,))),
        _number("Input", lambda row: row.input_tokens, figures.tokens),
        _number("Cache hits", hit_rate, figures.percent),
        _number("Cache write", lambda row: row.cache_write_tokens, figures.tokens),
        _number("Output", lambda row: row.output_tokens, figures.tokens),
        _number("Reasoning", lambda row: row.reasoning_tokens, figures.tokens),
        _counted("No usage", lambda row: row.without_usage, partial(opened, lacking=(USAGE,))),
        *([] if grouping.by is By.MODEL else [failed]),
    ]


def currencies(sums: Sequence[Tally]) -> list[str]:
    """Return the currencies that occur, the one with the greatest sum first."""
    totals: dict[str, Decimal] = {}
    for tally in sums:
        for cost in tally.costs:
            totals[cost.currency] = totals.get(cost.currency, Decimal(0)) + cost.amount
    return sorted(totals, key=lambda currency: -totals[currency])


def amount(tally: Tally | None, currency: str) -> Decimal | None:
    """Return what a group cost in one currency; None when it has no such cost."""
    costs = [] if tally is None else [cost.amount for cost in tally.costs if cost.currency == currency]
    return sum(costs, Decimal(0)) if costs else None


def foremost(rows: Sequence[UsageRow]) -> tuple[str, ...]:
    """Return the groups' names, those that lead by calls and those that lead by cost in turn."""
    by_calls = sorted(rows, key=lambda row: -row.calls)
    by_cost = sorted(by_calls, key=lambda row: -max((cost.amount for cost in row.costs), default=Decimal(0)))
    led = chain.from_iterable(zip(by_calls, by_cost, strict=True))
    return tuple(dict.fromkeys(row.group or NONE for row in led))


def whole(rows: Sequence[UsageRow]) -> Totals:
    """Return the sums of all groups; what only single calls tell, such as percentiles, is left out."""
    amounts: dict[str, Decimal] = {}
    for cost in chain.from_iterable(row.costs for row in rows):
        amounts[cost.currency] = amounts.get(cost.currency, Decimal(0)) + cost.amount
    sums: dict[str, Any] = {name: sum(getattr(row, name) for row in rows) for name in _COUNTS}
    for name in _FIGURES:
        told = [figure for row in rows if (figure := getattr(row, name)) is not None]
        sums[name] = sum(told) if told else None
    return Totals(
        **sums,
        costs=tuple(Cost(currency=currency, amount=amounts[currency]) for currency in sorted(amounts)),
        first_at=min((row.first_at for row in rows), default=None),
        last_at=max((row.last_at for row in rows), default=None),
    )


def hit_rate(tally: Tally) -> float | None:
    """Return which share of input was read from a cache, of calls that tell; None when none does."""
    if not tally.cacheable_input_tokens or tally.cached_input_tokens is None:
        return None
    return tally.cached_input_tokens / tally.cacheable_input_tokens


def _cost(currency: str, sums: Sequence[Tally]) -> Measure:
    most = max((float(amount(tally, currency) or 0) for tally in sums), default=0.0)
    return Measure(
        title=f"Cost in {currency}",
        value=lambda tally: float(amount(tally, currency) or 0),
        written=lambda value: figures.money(Decimal(str(value)), currency),
        unit=charts.money_unit(currency, most),
        lacking=lambda tally: tally.unpriced,
        lack="have no known price",
    )


def _money_columns(
    currency: str, rows: Sequence[UsageRow], before: Mapping[str | None, UsageRow]
) -> list[Column[UsageRow]]:
    """What is said of the currency in which most was spent."""
    whole = sum((amount(row, currency) or Decimal(0) for row in rows), Decimal(0))

    def share(row: UsageRow) -> float | None:
        cost = amount(row, currency)
        return float(cost / whole) if cost is not None and whole else None

    def per_call(row: UsageRow) -> Decimal | None:
        cost = amount(row, currency)
        return cost / row.priced if cost is not None and row.priced else None

    def earlier(row: UsageRow) -> Decimal | None:
        return amount(before.get(row.group), currency)

    return [
        _cost_column(currency),
        Column(title="Share", value=share, bar=True, width=100),
        _number("Per call", per_call, _written_in(currency)),
        _number("Before", earlier, _written_in(currency)),
    ]


def _cost_column(currency: str) -> Column[UsageRow]:
    return _number(f"Cost, {currency}", lambda row: amount(row, currency), _written_in(currency))


def _written_in(currency: str) -> Callable[[float], str]:
    return lambda value: figures.money(Decimal(str(value)), currency)


def _counted(title: str, read: Callable[[UsageRow], int], opened: Callable[[UsageRow], None]) -> Column[UsageRow]:
    return Column(
        title=title,
        value=lambda row: figures.count(read(row)),
        opens=True,
        opened=opened,
        figure=True,
        width=80,
        help="Opens the list of these calls",
        exported=read,
    )


def _number(
    title: str, read: Callable[[UsageRow], float | Decimal | None], written: Callable[[float], str]
) -> Column[UsageRow]:
    return Column(title=title, value=read, written=written, figure=True)
