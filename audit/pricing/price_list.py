"""genai-prices' bundled list: dated unit prices by model and provider.

The library is asked where a model stands and what it cost on a day; both answers are kept, as they take it long.
The sums are worked out here, line by line, and come to what the library's own `calc_price` comes to.
https://github.com/pydantic/genai-prices
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal
from functools import lru_cache

from genai_prices import __version__
from genai_prices.data import providers
from genai_prices.data_units import unit_data
from genai_prices.types import ModelInfo, ModelPrice, Provider, TieredPrices, TimeOfDateConstraint

from audit.pricing.names import LIST_PROVIDERS, candidates, is_free
from audit.pricing.working import Rates, UnitPrice

__all__ = ["SOURCE", "Entry", "find", "is_listed_provider", "rates_of", "seller_at"]

SOURCE = f"genai-prices {__version__}"


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A model as one provider sells it."""

    provider: Provider
    model: ModelInfo

    @property
    def name(self) -> str:
        """`provider:model`, as the library's own command line has it."""
        return f"{self.provider.id}:{self.model.id}"


def is_listed_provider(provider: str) -> bool:
    """Return whether the list knows a provider by this name."""
    return LIST_PROVIDERS.get(provider, provider) in _PROVIDERS


def seller_at(url: str) -> str | None:
    """Return the list's name of the provider whose API a URL is; None when it is nobody's."""
    return next((provider.id for provider in providers if re.match(provider.api_pattern, url[:_LONGEST_URL])), None)


@lru_cache(maxsize=4096)
def find(model: str, provider: str, dialect: str) -> Entry | None:
    """Return the entry that fits a model's name best, searched as `candidates` says; None when none does."""
    for candidate in candidates(model, provider, dialect):
        entry = _entry(candidate.provider, candidate.model)
        # "deepseek-r1:free" begins like "deepseek-r1", whose price is not its own.
        if entry is not None and is_free(entry.model.id) == is_free(model):
            return entry
    return None


def rates_of(entry: Entry, at: datetime, service_tier: str | None) -> Rates | None:
    """Return the unit prices of a moment and a service tier; None when the list names the model without any."""
    at = at.astimezone(UTC)
    if _changes_by_the_hour(entry):
        moment = at.replace(second=0, microsecond=0)
    else:
        moment = datetime.combine(at.date(), time(), UTC)
    return _rates(entry, moment, _tier(service_tier))


def _entry(provider_id: str | None, model: str) -> Entry | None:
    provider = _PROVIDERS.get(provider_id) if provider_id is not None else _owner(model)
    found = provider.find_model(model, all_providers=providers) if provider else None
    return Entry(provider, found) if provider and found else None


def _owner(model: str) -> Provider | None:
    return next((one for one in providers if one.model_match is not None and one.model_match.is_match(model)), None)


def _tier(service_tier: str | None) -> str:
    return _TIER_PREFIX.sub("", (service_tier or "").lower())


@lru_cache(maxsize=4096)
def _changes_by_the_hour(entry: Entry) -> bool:
    dated = entry.model.prices if isinstance(entry.model.prices, list) else []
    constraints = [one.constraint for one in (*dated, *(entry.model.price_variants or ()))]
    return any(isinstance(constraint, TimeOfDateConstraint) for constraint in constraints)


@lru_cache(maxsize=4096)
def _rates(entry: Entry, moment: datetime, tier: str) -> Rates | None:
    standard = entry.model.get_prices(moment)
    # A price that another provider lends (Azure has OpenAI's) holds without the lender's tiers, as in the library.
    own = any(entry.model is model for model in entry.provider.models)
    context = _CONTEXTS.get(tier, {}) if own else {}
    prices = entry.model.get_prices(moment, context)
    if not _prices(standard) and is_free(entry.model.id):
        return _FREE
    if not _prices(prices):
        return None
    unlisted = tier in _CONTEXTS and prices == standard
    return Rates(units=_units(entry, prices), remark="at the standard tier" if unlisted else None)


def _prices(prices: ModelPrice) -> Mapping[str, Decimal | TieredPrices]:
    return {key: price for key, price in vars(prices).items() if price is not None}


def _units(entry: Entry, model_price: ModelPrice) -> dict[str, UnitPrice]:
    prices = _prices(model_price)
    least = _LEAST_SECONDS.get(entry.name, 0)
    units = {}
    for unit, keys in _PRICE_KEYS.items():
        key = next((key for key in keys if key in prices), None)
        if key is not None:
            units[unit] = _unit_price(prices[key], _PER[key], least=least if unit == "audio_second" else 0)
    return units


def _unit_price(price: Decimal | TieredPrices, per: int, *, least: int) -> UnitPrice:
    if isinstance(price, Decimal):
        return UnitPrice(base=price, per=per, least=least)
    tiers = tuple((tier.start, tier.price) for tier in reversed(price.tiers))
    return UnitPrice(base=price.base, per=per, tiers=tiers, least=least)


_LONGEST_URL = 300
_PROVIDERS = {provider.id: provider for provider in providers}
_PER: dict[str, int] = {unit["price_key"]: unit["per"] for unit in unit_data.values()}
_PRICE_KEYS = {
    "input": ("input_mtok",),
    "tool_input": ("input_tool_mtok", "input_mtok"),
    "audio_input": ("input_audio_mtok", "input_mtok"),
    "image_input": ("input_image_mtok", "input_mtok"),
    "cache_read": ("cache_read_mtok", "input_mtok"),
    "cache_read_audio": ("cache_audio_read_mtok", "cache_read_mtok", "input_audio_mtok", "input_mtok"),
    "cache_read_image": ("cache_image_read_mtok", "cache_read_mtok", "input_image_mtok", "input_mtok"),
    "cache_write": ("cache_write_5m_mtok", "cache_write_mtok", "input_mtok"),
    "cache_write_1h": ("cache_write_1h_mtok", "cache_write_mtok", "input_mtok"),
    "output": ("output_mtok",),
    "reasoning": ("output_reasoning_mtok",),
    "audio_output": ("output_audio_mtok", "output_mtok"),
    "image_output": ("output_image_mtok", "output_mtok"),
    "web_search": ("web_searches_kcount",),
    "audio_second": ("input_audio_hours", "audio_hours"),
    "request": ("requests_kcount",),
}
"""Which of the list's prices holds for a unit: its own, else that of the kind it belongs to."""
_CONTEXTS = {
    "batch": {"processing": "batch"},
    "fast": {"service_tier": "fast", "speed": "fast"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
}
_TIER_PREFIX = re.compile(r"^(service_tier|on_demand)_")
_LEAST_SECONDS = {"groq:whisper-large-v3": 10, "groq:whisper-large-v3-turbo": 10}
"""https://console.groq.com/docs/speech-to-text: a request is charged for 10 seconds at least."""
_FREE = Rates(units=dict.fromkeys(_PRICE_KEYS, UnitPrice(base=Decimal(0))))
