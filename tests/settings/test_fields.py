"""Spans, sizes and currencies as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import TypeAdapter, ValidationError

from audit.settings.fields import Reserve, Size, Span, Words, currency_code, off


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("1.5h", 5400), (" 250 ms ", 0.25), ("2d", 172_800)])
def test_a_span_has_its_unit(text: str, seconds: float) -> None:
    assert TypeAdapter(Span).validate_python(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["30", 30, "0s", "400d", "s", "-1s"])
def test_a_span_without_a_unit_or_beyond_a_year_is_refused(text: object) -> None:
    with pytest.raises(ValidationError, match="span of time"):
        TypeAdapter(Span).validate_python(text)


@pytest.mark.parametrize(("text", "size"), [("64KiB", 65_536), (" 1MiB ", 1024**2), ("10GiB", 10 * 1024**3), (5, 5)])
def test_a_size_has_its_unit(text: object, size: int) -> None:
    assert TypeAdapter(Size).validate_python(text) == size


@pytest.mark.parametrize("text", ["64K", "lots", "1.5GiB", "GiB", True, 1.5])
def test_a_size_without_a_unit_that_is_known_is_refused(text: object) -> None:
    with pytest.raises(ValidationError, match="must be a size such as"):
        TypeAdapter(Size).validate_python(text)


def test_a_reserve_may_be_nothing_and_another_size_may_not() -> None:
    assert TypeAdapter(Reserve).validate_python(0) == 0
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        TypeAdapter(Size).validate_python(0)


def test_false_stands_for_nothing_and_zero_does_not() -> None:
    assert [off(False), off(0), off("x")] == [None, 0, "x"]


def test_one_word_stands_for_a_list_of_one() -> None:
    assert TypeAdapter(Words).validate_python("a") == ("a",)


def test_a_currency_is_three_capitals() -> None:
    assert currency_code("EUR") == "EUR"
    with pytest.raises(ValueError, match="three capitals"):
        currency_code("euro")
