from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from audit.store.lots import MANY, in_lots, in_weighed_lots


@pytest.mark.parametrize(
    ("values", "lots"),
    [("", []), ("ab", [["a", "b"]]), ("abcde", [["a", "b"], ["c", "d"], ["e"]]), ("abcd", [["a", "b"], ["c", "d"]])],
)
def test_values_come_in_their_order_some_at_a_time(values: str, lots: list[list[str]]) -> None:
    assert list(in_lots(values, 2)) == lots


def test_no_more_are_taken_than_are_wanted() -> None:
    numbers = count()
    lots: Iterator[list[int]] = in_lots(numbers)
    assert next(lots) == list(range(MANY))
    assert next(numbers) == MANY


@pytest.mark.parametrize(
    ("values", "lots"),
    [
        ([], []),
        ([1, 2, 3, 4], [[1, 2], [3], [4]]),
        ([9, 1, 1, 9, 1], [[9], [1, 1], [9], [1]]),
        ([0, 0, 0, 4], [[0, 0, 0, 4]]),
    ],
)
def test_as_many_come_as_weigh_what_they_may_and_one_at_least(values: list[int], lots: list[list[int]]) -> None:
    assert list(in_weighed_lots(values, lambda value: value, 4)) == lots
