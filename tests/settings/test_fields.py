"""Spans and currencies as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import TypeAdapter, ValidationError

from audit.settings.fields import Span, Words, currency_code


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("1.5h", 5400), (" 250 ms ", 0.25), ("2d", 172_800)])
def test_a_span_has_its_unit(text: str, seconds: float) -> None:
    assert TypeAdapter(Span).validate_python(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["30", 30, "0s", "400d", "s", "-1s"])
def test_a_span_without_a_unit_or_beyond_a_year_is_refused(text: object) -> None:
    with pytest.raises(ValidationError, match="span of time"):
        TypeAdapter(Span).validate_python(text)


def test_one_word_stands_for_a_list_of_one() -> None:
    assert TypeAdapter(Words).validate_python("a") == ("a",)


def test_a_currency_is_three_capitals() -> None:
    assert currency_code("EUR") == "EUR"
    with pytest.raises(ValueError, match="three capitals"):
        currency_code("euro")
