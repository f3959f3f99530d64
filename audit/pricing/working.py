"""Quantities times unit prices: the lines that a price is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from audit.call import PricePart
from audit.pricing.quantities import Quantities

__all__ = ["Rates", "UnitPrice", "Working", "work_out"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPrice:
    """What `per` of a unit cost."""

    base: Decimal
    per: int = 1_000_000
    tiers: tuple[tuple[int, Decimal], ...] = ()
    """Above how many input tokens of the whole request which price holds for all, the largest first."""
    least: int = 0
    """Fewer are charged as so many."""

    def at(self, context_tokens: int) -> Decimal:
        """Return the price for a request of that size."""
        return next((price for start, price in self.tiers if context_tokens > start), self.base)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Unit prices as they held at some time."""

    units: Mapping[str, UnitPrice]
    remark: str | None = None
    """What these prices leave out of account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Working:
    """A price line by line."""

    parts: tuple[PricePart, ...]
    unknown: str | None = None
    """The first unit that is due and has no price; then the parts are not all there is to pay."""
    remarks: tuple[str, ...] = ()

    @property
    def amount(self) -> Decimal:
        return sum((part.amount for part in self.parts), Decimal(0))


def work_out(quantities: Quantities, rates: Rates) -> Working:
    """Return a line for each unit that is to be paid for."""
    due = _due(quantities.units, rates.units)
    remarks = [rates.remark] if rates.remark else []
    if quantities.partial:
        remarks.append("partial usage")
    if "web_search" in due and "web_search" not in rates.units:
        del due["web_search"]
        remarks.append("without web searches")
    parts = []
    for unit, quantity in due.items():
        price = rates.units.get(unit)
        if price is None:
            return Working(parts=(), unknown=unit)
        charged = Decimal(max(quantity, price.least))
        unit_price = price.at(quantities.context_tokens)
        parts.append(PricePart(unit=unit, quantity=charged, unit_price=unit_price, per=price.per))
    return Working(parts=tuple(parts), remarks=tuple(remarks))


def _due(units: Mapping[str, int | Decimal], prices: Mapping[str, UnitPrice]) -> dict[str, int | Decimal]:
    """What is charged under one price with something else becomes one line with it."""
    due = dict(units)
    if "request" in prices:
        due["request"] = 1
    if "reasoning" in due and "reasoning" not in prices:
        due["output"] = due.get("output", 0) + due.pop("reasoning")
    if "audio_second" in due:  # sound told in seconds and in tokens is paid for once
        if "audio_second" in prices:
            due.pop("audio_input", None)
        elif "input" in due or "audio_input" in due:
            del due["audio_second"]
    return due
