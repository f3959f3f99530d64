from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from audit.cli._figures import ahead_of_utc, duration, figure, money, share, when, zone
from audit.cli._figures import time as clock


def test_times_are_local_and_name_their_zone() -> None:
    assert when(datetime(2026, 7, 1, 12, tzinfo=UTC)) == "2026-07-01 13:00:00"
    assert when(datetime(2026, 1, 1, 12, tzinfo=UTC), "%H:%M") == "12:00"
    assert zone() == "GMT/BST"


def test_a_zone_without_summer_time_has_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    clock.tzset()
    assert zone() == "UTC"


def test_the_difference_to_utc_is_in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    clock.tzset()
    assert ahead_of_utc() == 19_800


def test_what_is_absent_is_a_dash_and_zero_is_zero() -> None:
    absent = (when(None), figure(None), share(None, 3), duration(None), money(None, "USD"), money(Decimal(1), None))
    assert set(absent) == {"–"}
    assert (figure(0), share(0, 3), duration(0), money(Decimal(0), "USD")) == ("0", "0.0 %", "0.0 ms", "$0.00")


@pytest.mark.parametrize("whole", [None, 0])
def test_of_nothing_there_is_no_share(whole: int | None) -> None:
    assert share(0, whole) == "–"


def test_thousands_stand_apart() -> None:
    assert figure(1_234_567) == "1,234,567"


@pytest.mark.parametrize(
    ("microseconds", "written"),
    [
        (400, "0.4 ms"),
        (9_949, "9.9 ms"),
        (9_950, "10 ms"),
        (840_000, "840 ms"),
        (999_499, "999 ms"),
        (999_500, "1.0 s"),
        (2_100_000, "2.1 s"),
        (99_949_999, "99.9 s"),
        (99_950_000, "100 s"),
        (3_600_000_000, "3,600 s"),
    ],
)
def test_durations_have_two_or_three_digits_that_matter(microseconds: int, written: str) -> None:
    assert duration(microseconds) == written


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        ("1284.1", "USD", "$1,284.10"),
        ("1", "EUR", "€1.00"),
        ("0.00423", "GBP", "£0.00423"),
        ("0.5", "CHF", "CHF 0.500"),
        ("0.00000000000000001", "USD", "$0.000000000000"),
    ],
)
def test_money_shows_the_digits_that_matter(amount: str, currency: str, written: str) -> None:
    assert money(Decimal(amount), currency) == written
