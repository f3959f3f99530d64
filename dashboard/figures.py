"""How figures are written: one way for counts, tokens, money, durations, rates, sizes and times on every page.

What is absent is written as a dash, never as zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal

__all__ = [
    "ABSENT",
    "Interval",
    "ago",
    "among",
    "change",
    "count",
    "duration",
    "moment",
    "money",
    "money_symbol",
    "moneys",
    "percent",
    "plural",
    "points",
    "rate",
    "share",
    "short_moment",
    "size",
    "tokens",
    "wilson",
]

ABSENT = "–"
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}
_SMALL_N = 1_000
"""Below it a rate is written with its interval: above, the interval is narrower than a reader cares about."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Between which shares the true one lies, at 95 % confidence."""

    low: float
    high: float

    def excludes(self, other: Interval) -> bool:
        """Whether the two have no share in common: a difference that chance hardly explains."""
        return self.high < other.low or other.high < self.low


def count(number: float | None) -> str:
    """Return a whole number with its thousands apart."""
    return ABSENT if number is None else f"{number:,.0f}"


def plural(number: int, one: str, many: str | None = None) -> str:
    """Return `1 call`, `1,284 calls`."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def tokens(number: float | None) -> str:
    """Return a token count in three digits or so: 999, 12.4 k, 3.1 M."""
    if number is None or abs(number) < 1_000:
        return count(number)
    return _scaled(number, ("k", "M", "G"))


def money(amount: Decimal | None, currency: str | None) -> str:
    """Return an amount with as many digits as matter: $1,284, $12.34, $0.0042."""
    if amount is None or currency is None:
        return ABSENT
    return f"{'-' if amount < 0 else ''}{money_symbol(currency)}{_amount(abs(amount))}"


def money_symbol(currency: str) -> str:
    """Return what stands before an amount: `$`, or the currency's code and a blank where its sign has two meanings."""
    return _SYMBOLS.get(currency, f"{currency} ")


def moneys(amounts: list[tuple[str, Decimal]]) -> str:
    """Return sums of several currencies side by side: they are never added up."""
    greatest_first = sorted(amounts, key=lambda pair: -pair[1])
    return " + ".join(money(amount, currency) for currency, amount in greatest_first) or ABSENT


def duration(microseconds: float | None) -> str:
    """Return a span of time: 0.4 ms, 840 ms, 2.1 s, 3 min 20 s, 2 h 5 min, 3 d 4 h."""
    if microseconds is None:
        return ABSENT
    milliseconds = microseconds / 1_000
    if milliseconds < 9.95:
        return f"{milliseconds:.1f} ms" if milliseconds >= 0.05 else "0 ms"
    if milliseconds < 999.5:
        return f"{milliseconds:.0f} ms"
    if milliseconds < 59_950:
        return f"{milliseconds / 1_000:.1f} s"
    seconds = round(milliseconds / 1_000)
    for unit, length, smaller, part in (("min", 60, "s", 1), ("h", 3_600, "min", 60)):
        if seconds < length * (60 if unit == "min" else 24):
            return _pair(seconds, unit, length, smaller, part)
    return _pair(seconds, "d", 86_400, "h", 3_600)


def size(number: float | None) -> str:
    """Return a number of bytes in decimal units."""
    if number is None or number < 1_000:
        return ABSENT if number is None else f"{number:.0f} B"
    return _scaled(number, ("kB", "MB", "GB", "TB"))


def share(part: int, whole: int) -> str:
    """Return a share as a percentage; a dash where there is nothing to share."""
    if whole == 0:
        return ABSENT
    percent = 100 * part / whole
    if 0 < percent < 0.05:
        return "< 0.1 %"
    if 99.95 < percent < 100:
        return "> 99.9 %"
    return f"{percent:.1f} %" if percent % 100 else f"{percent:.0f} %"


def percent(part: float | None) -> str:
    """Return a share from 0 to 1 as a percentage."""
    return ABSENT if part is None else share(round(part * 1_000_000), 1_000_000)


def rate(part: int, whole: int) -> str:
    """Return a share with its n, and with its interval where n is small: `4.9 % of 41 (1.3–16.1 %)`."""
    if whole == 0:
        return f"{ABSENT} of 0"
    return f"{share(part, whole)} of {count(whole)}{_doubt(part, whole)}"


def among(part: int, whole: int) -> str:
    """Return what stands beneath a share: how many of how many, with its interval where n is small."""
    return f"{count(part)} of {count(whole)}{_doubt(part, whole)}"


def wilson(part: int, whole: int) -> Interval:
    """Return the 95 % score interval of a share (E. B. Wilson, 1927); all is possible where there is nothing."""
    if whole == 0:
        return Interval(0.0, 1.0)
    z, p = 1.959964, part / whole
    centre = p + z * z / (2 * whole)
    spread = z * math.sqrt(p * (1 - p) / whole + z * z / (4 * whole * whole))
    scale = 1 + z * z / whole
    return Interval(max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale))


def change(now: float, before: float) -> str | None:
    """Return how a figure moved against the period before, as `+12 %`; None when that cannot be said."""
    if before == 0:
        return None
    percent = 100 * (now - before) / before
    if percent >= 900:
        return f"×{now / before:.0f}"
    return f"{percent:+.0f} %" if round(percent) else "0 %"


def points(now: int, now_of: int, before: int, before_of: int) -> str | None:
    """Return how a share moved, in percentage points, as `+1.2 pp`; None when that cannot be said."""
    if not now_of or not before_of:
        return None
    moved = 100 * now / now_of - 100 * before / before_of
    return f"{moved:+.1f} pp" if abs(moved) >= 0.05 else "0 pp"


def moment(at: datetime | None, zone: tzinfo, *, seconds: bool = True) -> str:
    """Return a time as a person in `zone` reads it off the wall."""
    if at is None:
        return ABSENT
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def short_moment(at: datetime | None, zone: tzinfo, now: datetime) -> str:
    """Return a time for a list, newest first: the year only where it is another one."""
    if at is None:
        return ABSENT
    local = at.astimezone(zone)
    return f"{local:%d %b %H:%M:%S}" if local.year == now.astimezone(zone).year else f"{local:%Y-%m-%d %H:%M}"


def ago(at: datetime | None, now: datetime) -> str:
    """Return how long ago a time is: `just now`, `40 s ago`, `3 d 4 h ago`."""
    if at is None:
        return "never"
    seconds = (now - at).total_seconds()
    if seconds < 1:
        return "just now"
    return f"{duration(round(seconds) * 1_000_000).replace('.0 s', ' s')} ago"


def _scaled(number: float, units: tuple[str, ...]) -> str:
    """Return `number` in the first of the units, each a thousand of the one before, that leaves three digits or so."""
    value = number / 1_000
    for unit in units[:-1]:
        if abs(value) < 999.5:
            return f"{_three_digits(value)} {unit}"
        value /= 1_000
    return f"{_three_digits(value)} {units[-1]}"


def _three_digits(value: float) -> str:
    return f"{value:.1f}" if abs(value) < 99.95 else f"{value:.0f}"


def _amount(amount: Decimal) -> str:
    if amount == 0:
        return "0"
    if amount >= 100:
        return f"{amount:,.0f}"
    if amount >= 1:
        return f"{amount:.2f}"
    places = 1 - amount.adjusted()  # two digits that matter
    return f"{amount:.{min(max(places, 2), 12)}f}"


def _doubt(part: int, whole: int) -> str:
    if whole == 0 or whole >= _SMALL_N:
        return ""
    interval = wilson(part, whole)
    return f" ({100 * interval.low:.1f}–{100 * interval.high:.1f} %)"


def _pair(seconds: int, unit: str, length: int, smaller: str, part: int) -> str:
    whole, rest = divmod(seconds, length)
    return f"{whole} {unit} {rest // part} {smaller}" if rest // part else f"{whole} {unit}"
