"""The operator's own prices, as `audit.toml` gives them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from audit.call import Exchange, Reading
from audit.pricing.quantities import Quantities, quantities_of
from audit.pricing.working import Rates, UnitPrice, Working, work_out
from audit.settings import PriceSettings

__all__ = ["SOURCE", "Override", "overrides_of"]

SOURCE = "audit.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One price of the operator's."""

    settings: PriceSettings
    model: re.Pattern[str]
    provider: re.Pattern[str]
    key: re.Pattern[str]
    units: Mapping[str, UnitPrice]
    """Empty when only the multiplier is given."""

    def fits(self, reading: Reading, exchange: Exchange, key_name: str | None) -> bool:
        """Return whether it is meant for the call."""
        return (
            self._holds(exchange.started_at)
            and _matches(self.model, reading.model_served or reading.model_requested)
            and _matches(self.provider, reading.provider)
            and (_matches(self.key, exchange.key_fingerprint) or _matches(self.key, key_name))
        )

    def work_out(self, reading: Reading) -> Working | None:
        """Return the lines of its price; None when the call does not tell what they need.

        A price per request alone needs no usage: tokens cost nothing beside it.
        """
        if self.units.keys() == {"request"}:
            return work_out(_NOTHING, Rates(units=self.units))
        quantities = quantities_of(reading.usage, reading.operation) if reading.usage else None
        return work_out(quantities, Rates(units=self.units)) if quantities else None

    def _holds(self, at: datetime) -> bool:
        day, settings = at.astimezone(UTC).date(), self.settings
        begun = settings.valid_from is None or settings.valid_from <= day
        return begun and (settings.valid_until is None or day < settings.valid_until)


def overrides_of(prices: Iterable[PriceSettings]) -> Sequence[Override]:
    """Return the prices, ready to be compared with calls."""
    return [
        Override(
            settings=settings,
            model=_wildcards(settings.model),
            provider=_wildcards(settings.provider),
            key=_wildcards(settings.key),
            units=_units(settings),
        )
        for settings in prices
    ]


def _wildcards(pattern: str) -> re.Pattern[str]:
    """Only `*` is special: `[` stands in the names that some routers give."""
    return re.compile(".*".join(re.escape(piece) for piece in pattern.split("*")), re.IGNORECASE | re.DOTALL)


def _matches(pattern: re.Pattern[str], text: str | None) -> bool:
    return pattern.fullmatch(text or "") is not None


def _units(settings: PriceSettings) -> dict[str, UnitPrice]:
    read = settings.input if settings.cache_read is None else settings.cache_read
    write = settings.input if settings.cache_write is None else settings.cache_write
    by_million = {
        **dict.fromkeys(("input", "tool_input", "audio_input", "image_input"), settings.input),
        **dict.fromkeys(("cache_read", "cache_read_audio", "cache_read_image"), read),
        **dict.fromkeys(("cache_write", "cache_write_1h"), write),
        **dict.fromkeys(("output", "audio_output", "image_output"), settings.output),
    }
    units = {unit: UnitPrice(base=price) for unit, price in by_million.items() if price is not None}
    if settings.request is not None:
        units["request"] = UnitPrice(base=settings.request, per=1)
    return units


_NOTHING = Quantities(units={}, context_tokens=0)
