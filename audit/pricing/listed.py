"""A call's price by what its reply says, else by the price list."""

from __future__ import annotations

import re
from decimal import Decimal
from urllib.parse import urlsplit

from audit.call import Exchange, ModelMatch, Price, PricePart, Reading, Usage
from audit.pricing import price_list
from audit.pricing.price_list import Entry
from audit.pricing.quantities import quantities_of
from audit.pricing.working import work_out
from audit.provider_names import provider_of

__all__ = ["listed_price"]


def listed_price(reading: Reading, exchange: Exchange) -> Price | str:
    """Return the price, in US dollars, of a call that tells its usage, or why there is none."""
    usage = reading.usage or Usage()
    provider = _provider(reading, exchange)
    if usage.reported_cost is not None and provider in _BILL_WHAT_THEY_SAY:
        return _told(usage.reported_cost, reading)
    if (usage.service_tier or "").lower() in _RESERVED:
        return f"capacity was reserved ({usage.service_tier}): it is not charged by token"
    name = _name(reading)
    if not name:
        return "the model's name is not known"
    if reading.dialect.startswith("ollama") or _OLLAMA_NAME.search(name):
        return f"{name} is run by its operator: give its price in audit.toml"
    entry = _entry(reading, name, provider)
    return _worked_out(entry, reading, exchange) if entry else f"no price known for {name}"


def _provider(reading: Reading, exchange: Exchange) -> str:
    """The operator may call an endpoint as he likes; then its URL says whose it is."""
    if price_list.is_listed_provider(reading.provider):
        return reading.provider
    try:
        known = provider_of(urlsplit(exchange.url).hostname or "")
    except ValueError:
        return reading.provider
    if known == "huggingface":
        return _behind_router(reading, exchange) or known
    return known if price_list.is_listed_provider(known) else price_list.seller_at(exchange.url) or known


def _behind_router(reading: Reading, exchange: Exchange) -> str | None:
    """Hugging Face passes on what others charge, and says who: in a header, or with the requested name."""
    served_by = dict(exchange.response_headers).get("x-inference-provider")
    served_by = served_by or (reading.model_requested or "").partition(":")[2]
    return f"huggingface_{served_by}" if served_by else price_list.seller_at(exchange.url)


def _name(reading: Reading) -> str:
    """The model that served, else the one asked for; cut, as anybody may send anything for a name."""
    return (reading.model_served or reading.model_requested or "")[:_LONGEST]


def _entry(reading: Reading, name: str, provider: str) -> Entry | None:
    """The requested model stands in for the one that served only where both names mean one model."""
    entry = price_list.find(name, provider, reading.dialect)
    if entry is None and reading.model_match in (ModelMatch.SAME, ModelMatch.ALIAS):
        entry = price_list.find((reading.model_requested or "")[:_LONGEST], provider, reading.dialect)
    return entry


def _worked_out(entry: Entry, reading: Reading, exchange: Exchange) -> Price | str:
    usage = reading.usage or Usage()
    quantities = quantities_of(usage, reading.operation)
    if quantities is None:
        return "the reply does not tell how much went in"
    rates = price_list.rates_of(entry, exchange.started_at, usage.service_tier)
    if rates is None:
        return f"{price_list.SOURCE} names {entry.name} without a price"
    working = work_out(quantities, rates)
    if working.unknown is not None:
        return f"{price_list.SOURCE} has no {working.unknown} price for {entry.name}"
    return Price(
        amount=working.amount,
        currency="USD",
        source=", ".join((price_list.SOURCE, *working.remarks)),
        model=entry.name,
        parts=working.parts,
    )


def _told(cost: Decimal, reading: Reading) -> Price:
    part = PricePart(unit="reported", quantity=cost, unit_price=Decimal(1), per=1)
    return Price(amount=cost, currency="USD", source="reply", model=_name(reading), parts=(part,))


_BILL_WHAT_THEY_SAY = ("openrouter", "perplexity", "vercel", "x_ai")
"""Whose `cost` is, by their documents, the US dollars they charge; elsewhere it may be any unit, or an estimate.

https://openrouter.ai/docs/use-cases/usage-accounting, https://docs.perplexity.ai (usage.cost),
https://vercel.com/docs/ai-gateway/pricing, https://docs.x.ai/docs/key-information/consumption-and-rate-limits
"""
_RESERVED = ("provisioned_throughput", "scale")
_OLLAMA_NAME = re.compile(r":\d+(\.\d+)?b\b", re.IGNORECASE)
"""`deepseek-r1:8b`: open weights on somebody's own machine, whatever the first half of the name costs elsewhere."""
_LONGEST = 200
