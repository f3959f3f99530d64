from __future__ import annotations

from datetime import timedelta

import pytest

from audit.canary.wording import either, seconds, shortened


@pytest.mark.parametrize(
    ("total_s", "told"),
    [
        (0, "0 ms"),
        (0.84, "840 ms"),
        (1, "1 s"),
        (5.2, "5.2 s"),
        (30, "30 s"),
        (4.001, "4.001 s"),
        (120, "2 min"),
        (750, "12.5 min"),
        (7200, "2 h"),
        (129_600, "36 h"),
    ],
)
def test_spans_are_told_in_a_fitting_unit(total_s: float, told: str) -> None:
    assert seconds(timedelta(seconds=total_s)) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ""),
        ("one\n  two\t", "one two"),
        ("a\x00b\ud800", "a\u2400b\ufffd"),
        ("x" * 160, "x" * 160),
        ("x" * 161, "x" * 159 + "…"),
        ("x" * 10_000_000, "x" * 159 + "…"),
    ],
)
def test_texts_are_told_in_a_line(text: str, told: str) -> None:
    assert shortened(text) == told


def test_alternatives_are_joined() -> None:
    assert either(["stop", "end_turn"]) == "stop or end_turn"
