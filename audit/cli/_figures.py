"""How commands write figures: what is absent is a dash, never zero."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from decimal import Decimal

__all__ = ["ABSENT", "ahead_of_utc", "duration", "figure", "money", "share", "when", "zone"]

ABSENT = "–"
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}


def when(moment: datetime | None, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """Write a time in the local zone, to the second."""
    return ABSENT if moment is None else moment.astimezone().strftime(form)


def zone() -> str:
    """Name the local zone: `UTC`, or `CET/CEST` where summer has a time of its own."""
    return "/".join(dict.fromkeys(time.tzname))


def ahead_of_utc() -> int:
    """Return how many seconds the local clock is ahead of UTC now."""
    return int((datetime.now().astimezone().utcoffset() or timedelta()).total_seconds())


def figure(number: int | None) -> str:
    """Write a count with its thousands apart."""
    return ABSENT if number is None else f"{number:,}"


def share(part: int | None, whole: int | None) -> str:
    """Write a part in per cent; a dash of nothing."""
    return ABSENT if part is None or not whole else f"{100 * part / whole:.1f} %"


def duration(microseconds: int | None) -> str:
    """Write a duration as 0.4 ms, 840 ms, 2.1 s or 90 s."""
    if microseconds is None:
        return ABSENT
    if microseconds < 999_500:
        return f"{microseconds / 1000:.{0 if microseconds >= 9_950 else 1}f} ms"
    return f"{microseconds / 1_000_000:,.{0 if microseconds >= 99_950_000 else 1}f} s"


def money(amount: Decimal | None, currency: str | None) -> str:
    """Write an amount with as many digits as matter: $1,284.10, $0.00423."""
    if amount is None or currency is None:
        return ABSENT
    places = 2 if amount >= 1 or not amount else min(2 - amount.adjusted(), 12)
    return f"{_SYMBOLS.get(currency, f'{currency} ')}{amount:,.{places}f}"
