"""Expressions and schemas against an answer, within a time limit."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from audit.canary import matching
from audit.canary.matching import is_found, misfits

ENDLESS = r"^(\w+\s?)+$"
HOSTILE = "a" * 60 + "!"


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("b", "abc", True),
        ("^b", "abc", False),
        (r"(?<!\d)42(?!\d)", "it is 42.", True),
        (r"\bä+\b", "ein ää", True),
        (r"^\w{3}$", "abcd", False),
        ("a+", "\ud800\0aa", True),
    ],
)
def test_an_expression_is_found_as_python_finds_it(pattern: str, text: str, found: bool) -> None:
    assert is_found(pattern, text) is found


@pytest.mark.parametrize(
    ("schema", "text", "mismatch"),
    [
        ({"type": "object"}, "[]", "$: [] is not of type 'object'"),
        ({"pattern": "^a+$"}, '"aa"', None),
        ({"items": [{"pattern": "^a+$"}]} | {"items": {"pattern": "^a+$"}}, '["b"]', "$[0]: 'b' does not match '^a+$'"),
        ({"anyOf": [{"uniqueItems": True}]}, "[1, 1]", "$: [1, 1] is not valid under any of the given schemas"),
        ({"patternProperties": {"^a": {"type": "null"}}}, '{"b": 1, "a": 1}', "$.a: 1 is not of type 'null'"),
    ],
)
def test_a_schema_is_fitted_as_it_is_elsewhere(schema: dict[str, Any], text: str, mismatch: str | None) -> None:
    assert misfits(schema, text) == (() if mismatch is None else (mismatch,))


def test_what_takes_too_long_is_ended_and_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "PATIENCE_S", 1.0)
    told: list[BaseException] = []

    def look() -> None:
        for ask in (lambda: is_found(ENDLESS, HOSTILE), lambda: misfits({"pattern": ENDLESS}, f'"{HOSTILE}"')):
            with pytest.raises(TimeoutError, match="not told within 1 s") as caught:
                ask()
            told.append(caught.value)

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    looking.join(30)
    assert len(told) == 2


def test_a_process_that_dies_has_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "_SEARCH", "import os; os._exit(9)")
    with pytest.raises(TimeoutError, match="ended with 9"):
        is_found("a+", "a")
