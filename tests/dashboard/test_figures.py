"""Figures are written one way, and what is absent is a dash."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from dashboard import figures

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "written"), [(0, "0"), (999, "999"), (12_480, "12,480"), (12.0, "12"), (None, figures.ABSENT)]
)
def test_counts_have_their_thousands_apart(number: float | None, written: str) -> None:
    assert figures.count(number) == written


def test_a_plural_agrees_with_its_number() -> None:
    assert [figures.plural(number, "call") for number in (0, 1, 2)] == ["0 calls", "1 call", "2 calls"]
    assert figures.plural(2, "entry", "entries") == "2 entries"


@pytest.mark.parametrize(
    ("number", "written"),
    [(0, "0"), (999, "999"), (12_400, "12.4 k"), (999_600, "1.0 M"), (3_100_000, "3.1 M"), (7e12, "7000 G")],
)
def test_tokens_have_three_digits_or_so(number: float, written: str) -> None:
    assert figures.tokens(number) == written


def test_tokens_that_are_not_known_are_a_dash() -> None:
    assert figures.tokens(None) == figures.ABSENT


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("0", "$0"),
        ("1284.4", "$1,284"),
        ("12.345", "$12.34"),
        ("0.5", "$0.50"),
        ("0.0042", "$0.0042"),
        ("0.000012", "$0.000012"),
        ("-3", "-$3.00"),
    ],
)
def test_money_has_as_many_digits_as_matter(amount: str, written: str) -> None:
    assert figures.money(Decimal(amount), "USD") == written


def test_money_without_a_sign_of_its_own_has_its_code() -> None:
    assert figures.money(Decimal(5), "CNY") == "CNY 5.00"
    assert figures.money(None, "USD") == figures.money(Decimal(1), None) == figures.ABSENT


def test_currencies_are_never_added_up() -> None:
    assert figures.moneys([("EUR", Decimal(1)), ("USD", Decimal(2))]) == "$2.00 + €1.00"
    assert figures.moneys([]) == figures.ABSENT


@pytest.mark.parametrize(
    ("microseconds", "written"),
    [
        (0, "0 ms"),
        (400, "0.4 ms"),
        (840_000, "840 ms"),
        (999_600, "1.0 s"),
        (2_100_000, "2.1 s"),
        (59_960_000, "1 min"),
        (200_000_000, "3 min 20 s"),
        (7_500_000_000, "2 h 5 min"),
        (280_000_000_000, "3 d 5 h"),
        (None, figures.ABSENT),
    ],
)
def test_durations_are_told_in_two_units_at_most(microseconds: float | None, written: str) -> None:
    assert figures.duration(microseconds) == written


@pytest.mark.parametrize(
    ("number", "written"), [(0, "0 B"), (999, "999 B"), (12_400, "12.4 kB"), (4_071_424, "4.1 MB"), (None, "–")]
)
def test_sizes_are_decimal(number: int | None, written: str) -> None:
    assert figures.size(number) == written


@pytest.mark.parametrize(
    ("part", "whole", "written"),
    [
        (0, 0, "–"),
        (0, 7, "0 %"),
        (7, 7, "100 %"),
        (1, 3, "33.3 %"),
        (1, 100_000, "< 0.1 %"),
        (99_999, 100_000, "> 99.9 %"),
    ],
)
def test_a_share_never_rounds_something_to_nothing(part: int, whole: int, written: str) -> None:
    assert figures.share(part, whole) == written


def test_a_rate_of_few_has_its_interval_and_one_of_many_has_not() -> None:
    assert figures.rate(2, 41) == "4.9 % of 41 (1.3–16.1 %)"
    assert figures.rate(50, 1_000) == "5.0 % of 1,000"
    assert figures.rate(0, 0) == "– of 0"


def test_a_share_can_be_given_as_a_number() -> None:
    assert [figures.percent(part) for part in (None, 0.0, 0.123, 1.0)] == ["–", "0 %", "12.3 %", "100 %"]


def test_the_score_interval_is_wilsons() -> None:
    """Newcombe (1998), table I: 15 of 148 lies between 0.0624 and 0.1605."""
    interval = figures.wilson(15, 148)
    assert (round(interval.low, 4), round(interval.high, 4)) == (0.0624, 0.1605)
    assert figures.wilson(0, 0) == figures.Interval(0.0, 1.0)
    assert figures.wilson(0, 10).low == 0.0
    assert figures.wilson(10, 10).high == pytest.approx(1.0)


def test_intervals_exclude_each_other_only_without_a_share_in_common() -> None:
    low, middle, high = figures.Interval(0.1, 0.2), figures.Interval(0.15, 0.3), figures.Interval(0.4, 0.5)
    assert not low.excludes(middle)
    assert low.excludes(high)
    assert high.excludes(low)


@pytest.mark.parametrize(
    ("now", "before", "written"),
    [(112, 100, "+12 %"), (50, 100, "-50 %"), (100.2, 100, "0 %"), (1_200, 100, "×12"), (5, 0, None)],
)
def test_a_change_is_told_against_what_was(now: float, before: float, written: str | None) -> None:
    assert figures.change(now, before) == written


def test_shares_move_by_percentage_points() -> None:
    assert figures.points(3, 100, 1, 100) == "+2.0 pp"
    assert figures.points(1, 100, 1, 100) == "0 pp"
    assert figures.points(1, 0, 1, 100) is None
    assert figures.points(1, 100, 1, 0) is None


def test_times_are_on_the_pages_clock() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert figures.moment(NOW, berlin) == "2026-03-01 13:00:00"
    assert figures.moment(NOW, berlin, seconds=False) == "2026-03-01 13:00"
    assert figures.short_moment(NOW, berlin, NOW) == "01 Mar 13:00:00"
    assert figures.short_moment(NOW, berlin, NOW + timedelta(days=400)) == "2026-03-01 13:00"
    assert figures.moment(None, berlin) == figures.short_moment(None, berlin, NOW) == figures.ABSENT


@pytest.mark.parametrize(("seconds", "written"), [(0, "just now"), (40, "40 s ago"), (4_000, "1 h 6 min ago")])
def test_it_says_how_long_ago_something_was(seconds: int, written: str) -> None:
    assert figures.ago(NOW, NOW + timedelta(seconds=seconds)) == written


def test_what_never_was_was_never() -> None:
    assert figures.ago(None, NOW) == "never"


def test_a_count_of_few_calls_tells_between_which_shares_the_true_one_lies() -> None:
    assert figures.among(2, 41) == "2 of 41 (1.3–16.1 %)"
    assert figures.among(165, 2_122) == "165 of 2,122"
    assert figures.among(0, 0) == "0 of 0"
