from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.store.recipes import Item, Ref, join, parse, text_of, used

KEYS = st.integers(min_value=0, max_value=2**63 - 1)
ITEMS = st.lists(KEYS | st.builds(Ref, KEYS) | st.builds(Ref, KEYS, KEYS, KEYS))


def test_a_recipe_is_a_line_of_text() -> None:
    assert text_of([28, Ref(12), Ref(7, 100, 200), 2]) == "28,p12,p7:100:200,2"
    assert text_of([]) == ""


@given(ITEMS)
def test_it_is_read_as_it_was_written(items: list[Item]) -> None:
    assert parse(text_of(items)) == items


@pytest.mark.parametrize("recipe", ["x", "1,", ",", "p", "-1", "1;2", "p1:2", "p1:2:", "1:2:3", " 1", "p٣"])
def test_anything_else_is_refused(recipe: str) -> None:
    with pytest.raises(ValueError, match="not a recipe"):
        parse(recipe)


def test_it_tells_the_parts_it_needs() -> None:
    assert used([1, Ref(12), Ref(7, 0, 5), Ref(7, 5, 9), 12]) == {7, 12}


def test_a_body_is_its_own_bytes_and_those_of_parts() -> None:
    parts = {1: b"part one", 2: b"part two"}
    assert join([2, Ref(1), 1, Ref(2, 0, 4), Ref(2, 4, 8)], b"<->", parts.__getitem__) == b"<-part one>part two"


@pytest.mark.parametrize("own", [b"1234", b"123456"])
def test_too_few_or_too_many_bytes_are_an_error(own: bytes) -> None:
    with pytest.raises(ValueError, match=f"a recipe tells of 5 bytes where there are {len(own)}"):
        join([2, Ref(1), 3], own, lambda _: b"")


def test_so_is_a_part_that_is_too_short() -> None:
    with pytest.raises(ValueError, match="part 1 has but 3 bytes where a recipe asks for 4"):
        join([Ref(1, 0, 4)], b"", lambda _: b"abc")
