"""Values out of untrusted JSON are what they should be, or None."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from audit.dialects._fields import (
    compact,
    count,
    decimal,
    dig,
    flag,
    items,
    mapping,
    member,
    milliseconds_us,
    seconds_us,
    storable,
    text,
    unix_time,
)


def test_dig_follows_keys_and_indexes_as_far_as_they_go() -> None:
    value = {"a": [{"b": 1}, {"b": 2}]}

    assert dig(value, "a", 1, "b") == 2
    assert dig(value, "a", -1, "b") == 2
    assert dig(value, "a", 2, "b") is None
    assert dig(value, "a", "b") is None
    assert dig(value, 0) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, 0), (12.0, 12), (2**63 - 1, 2**63 - 1), (2**63, None), (-1, None), (1.5, None), (True, None), ("1", None)],
)
def test_count_takes_whole_numbers_from_zero(value: Any, expected: int | None) -> None:
    assert count(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a", "a"), ("", None), (404, "404"), (1.5, "1.5"), (2**70, "a very large number"), (True, None), (["a"], None)],
)
def test_text_is_never_empty(value: Any, expected: str | None) -> None:
    assert text(value) == expected


def test_text_is_fit_to_be_stored() -> None:
    assert text("a\x00b\ud83d") == "a\u2400b\ufffd"


def test_flag_mapping_and_items_take_their_own_kind_alone() -> None:
    assert (flag(False), flag(0)) == (False, None)
    assert (mapping({"a": 1}), mapping([])) == ({"a": 1}, {})
    assert (items([1]), items({})) == ([1], [])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.1, Decimal("0.1")),
        ("2.5", Decimal("2.5")),
        (-1, None),
        ("x", None),
        (True, None),
        (10**15, None),
        ("NaN", None),
    ],
)
def test_decimal_keeps_the_digits(value: Any, expected: Decimal | None) -> None:
    assert decimal(value) == expected


def test_times_come_as_microseconds() -> None:
    assert (seconds_us(1.5), seconds_us(10**10), seconds_us(None)) == (1_500_000, None, None)
    assert (milliseconds_us("1.5"), milliseconds_us(10**13), milliseconds_us(None)) == (1500, None, None)


def test_unix_seconds_come_as_aware_times_and_zero_is_a_placeholder() -> None:
    assert unix_time(1_700_000_000) == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert unix_time(1_700_000_000.5) == datetime(2023, 11, 14, 22, 13, 20, 500_000, tzinfo=UTC)
    assert (unix_time(0), unix_time(10**12), unix_time("soon")) == (None, None, None)


def test_compact_leaves_text_alone_and_writes_the_rest_as_json() -> None:
    assert (compact(None), compact("a b"), compact({"a": [1, "é"]})) == ("", "a b", '{"a":[1,"é"]}')


def test_storable_cleans_texts_in_all_depth() -> None:
    assert storable({"a": ["\x00", 1], "b": None}) == {"a": ["\u2400", 1], "b": None}
    assert storable({}) == {}


def test_member_quotes_keys_that_are_no_plain_words() -> None:
    assert (member("", "a"), member("a[0]", "b"), member("a", "b/c d")) == ("a", "a[0].b", 'a["b/c d"]')


def test_what_can_just_be_parsed_may_be_too_deep_to_walk_through() -> None:
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    assert storable({"a": deep}) == {"left_out": "nested too deep"}
    assert compact({"a": deep}) == "nested too deep"
