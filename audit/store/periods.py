"""Spans of the UTC calendar that budgets are for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum

__all__ = ["Period", "began"]


class Period(StrEnum):
    """How long a budget is for; then it begins anew."""

    DAY = "day"
    WEEK = "week"
    """From Monday on."""
    MONTH = "month"


def began(period: Period, now: datetime) -> datetime:
    """Return when the period that it is now began."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if period is Period.WEEK:
        return today - timedelta(days=today.weekday())
    return today.replace(day=1) if period is Period.MONTH else today
