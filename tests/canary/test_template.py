from __future__ import annotations

from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.canary.template import fill, values_at
from tests.canary.canaries import NOON


def test_the_same_slot_has_the_same_values_in_every_time_zone() -> None:
    there = NOON.astimezone(timezone(timedelta(hours=5, minutes=45)))
    assert values_at("hello", there) == values_at("hello", NOON)


def test_date_and_time_are_the_slots_in_utc() -> None:
    values = values_at("hello", NOON.astimezone(timezone(timedelta(hours=-13))))
    assert (values["date"], values["time"]) == ("2026-01-02", "12:00")


@given(st.text(min_size=1, max_size=64), st.integers(0, 10**6))
def test_the_numbers_are_easy_and_their_answers_right(name: str, minute: int) -> None:
    values = values_at(name, NOON + timedelta(minutes=minute))
    a, b = int(values["a"]), int(values["b"])
    assert (int(values["product"]), int(values["sum"])) == (a * b, a + b)
    assert a in range(12, 1000)
    assert b in range(3, 10)
    assert a * b < 1000


def test_slots_differ_in_their_questions() -> None:
    day = [values_at("hello", NOON + timedelta(minutes=5 * number)) for number in range(288)]
    assert len({(values["a"], values["b"]) for values in day}) > 200
    assert len({values["nonce"] for values in day}) == 288


def test_canaries_differ_in_their_questions() -> None:
    assert values_at("one", NOON)["nonce"] != values_at("two", NOON)["nonce"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{a} × {b} = {product}", "7 × 6 = 42"),
        ('Reply with {"x": 1, "a": {a}}.', 'Reply with {"x": 1, "a": 7}.'),
        (r"^\d{2,3}{unknown}{A}{}$", r"^\d{2,3}{unknown}{A}{}$"),
        ("{{a}}", "{7}"),
        ("", ""),
    ],
)
def test_only_variables_are_replaced(text: str, told: str) -> None:
    assert fill(text, {"a": "7", "b": "6", "product": "42"}) == told
