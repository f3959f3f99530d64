"""The order in which a price is looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from audit.call import Exchange, Price, Reading
from audit.pricing.due import unknown_charge
from audit.pricing.listed import listed_price
from audit.pricing.overrides import SOURCE, Override, overrides_of
from audit.settings import PriceSettings

__all__ = ["Pricer"]


class Pricer:
    """Prices calls by the operator's list, by what replies say, and by genai-prices' list."""

    def __init__(self, overrides: Sequence[PriceSettings] = (), key_names: Mapping[str, str] | None = None) -> None:
        """Take the operator's prices, the first that fits counts, and the names of keys by their fingerprints."""
        self._overrides = overrides_of(overrides)
        self._key_names = key_names or {}

    def __call__(self, reading: Reading, exchange: Exchange) -> Price | str | None:
        """Return what the call cost, why that is not known, or None when nothing is due."""
        if not reading.operation.generates:
            return None
        unknown = unknown_charge(reading, exchange) if reading.usage is None else None
        if reading.usage is None and unknown is None:
            return None
        override = self._override(reading, exchange)
        if override is not None and override.units:
            return _overridden(override, reading, exchange, unknown)
        price = unknown or listed_price(reading, exchange)
        return price if override is None or isinstance(price, str) else _multiplied(price, override)

    def _override(self, reading: Reading, exchange: Exchange) -> Override | None:
        key_name = self._key_names.get(exchange.key_fingerprint or "")
        return next((one for one in self._overrides if one.fits(reading, exchange, key_name)), None)


def _overridden(override: Override, reading: Reading, exchange: Exchange, unknown: str | None) -> Price | str:
    answered = exchange.status is not None and 200 <= exchange.status < 300
    working = override.work_out(reading) if reading.usage is not None or answered else None
    if working is None:
        return unknown or "the reply does not tell how much went in"
    if working.unknown is not None:
        return f"{SOURCE} gives no {working.unknown} price for {override.settings.model}"
    return Price(
        amount=working.amount * override.settings.multiplier,
        currency=override.settings.currency,
        source=", ".join((SOURCE, *working.remarks)),
        model=override.settings.model,
        multiplier=override.settings.multiplier,
        parts=working.parts,
    )


def _multiplied(price: Price, override: Override) -> Price:
    return replace(
        price,
        amount=price.amount * override.settings.multiplier,
        currency=override.settings.currency,
        source=f"{price.source}, {SOURCE}",
        multiplier=override.settings.multiplier,
    )
