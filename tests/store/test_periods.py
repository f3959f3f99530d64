from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from audit.store.periods import Period, began


@pytest.mark.parametrize(
    ("period", "first"),
    [
        (Period.DAY, datetime(2026, 7, 1, tzinfo=UTC)),
        (Period.WEEK, datetime(2026, 6, 29, tzinfo=UTC)),
        (Period.MONTH, datetime(2026, 7, 1, tzinfo=UTC)),
    ],
)
def test_a_period_begins_at_midnight_in_utc(period: Period, first: datetime) -> None:
    assert began(period, datetime(2026, 7, 1, 23, 59, tzinfo=UTC)) == first
    assert began(period, datetime(2026, 7, 2, 1, tzinfo=timezone(timedelta(hours=2)))) == first


def test_a_week_begins_on_monday() -> None:
    monday = datetime(2026, 6, 29, tzinfo=UTC)
    assert {began(Period.WEEK, monday + timedelta(hours=hour)) for hour in range(7 * 24)} == {monday}
    assert began(Period.WEEK, monday + timedelta(days=7)) == monday + timedelta(days=7)
