from __future__ import annotations

from typing import Any

import pytest

from audit.canary.schema import MOST_CHARACTERS, check_schema, mismatches
from audit.errors import PromptError

CITY = {
    "type": "object",
    "properties": {"city": {"$ref": "#/$defs/name"}, "tags": {"type": "array", "items": {"$ref": "#/$defs/name"}}},
    "required": ["city"],
    "$defs": {"name": {"type": "string"}},
}


@pytest.mark.parametrize("schema", [{}, CITY, {"properties": {"$ref": {"type": "string"}}}, {"enum": [1, "x", None]}])
def test_it_takes_a_schema(schema: dict[str, Any]) -> None:
    check_schema(schema)


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ({"type": "objekt"}, "json_schema: $.type: 'objekt' is not valid"),
        ({"properties": {"a": {"pattern": "("}}}, "json_schema: $.properties.a.pattern: '(' is not a 'regex'"),
        ({"items": {"$ref": "#/$defs/none"}}, "json_schema: '/$defs/none' is not in the schema; put it under $defs"),
        ({"allOf": [{"$ref": "https://example.com/s.json"}]}, "json_schema: 'https://example.com/s.json' is not in"),
    ],
)
def test_it_says_what_is_wrong_with_a_schema(schema: dict[str, Any], problem: str) -> None:
    with pytest.raises(PromptError) as raised:
        check_schema(schema)
    assert str(raised.value).startswith(problem)


def test_it_refuses_a_schema_without_end() -> None:
    schema: dict[str, Any] = {}
    inner = schema
    for _ in range(5000):
        inner["not"] = {}
        inner = inner["not"]
    with pytest.raises(PromptError, match="nested too deep"):
        check_schema(schema)


@pytest.mark.parametrize("answer", ['{"city": "Bonn"}', ' {"city": "Bonn", "tags": ["a"], "more": 1}\n'])
def test_an_answer_fits(answer: str) -> None:
    assert mismatches(CITY, answer) == ()


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("", ("empty",)),
        ("Bonn", ("not JSON: Expecting value at character 0",)),
        ('```json\n{"city": "Bonn"}\n```', ("not JSON: Expecting value at character 0",)),
        ("{}", ("$: 'city' is a required property",)),
        ('{"city": 7}', ("$.city: 7 is not of type 'string'",)),
        (
            '{"city": "x", "tags": [1, 2, 3, 4, 5]}',
            tuple(f"$.tags[{n}]: {n + 1} is not of type 'string'" for n in range(3)),
        ),
        ("[" * 100_000, ("JSON nested too deep to read",)),
        ("1" * (MOST_CHARACTERS + 1), ("100001 characters, too long to be looked into",)),
    ],
)
def test_it_says_where_an_answer_does_not_fit(answer: str, found: tuple[str, ...]) -> None:
    assert mismatches(CITY, answer) == found


def test_a_schema_that_refers_to_itself_without_end_is_told() -> None:
    assert mismatches({"$ref": "#"}, "1") == ("nested too deep to be looked into",)


def test_a_reference_that_shows_only_with_the_answer_is_told() -> None:
    schema = {"$dynamicRef": "https://example.com/s.json"}
    check_schema(schema)
    assert mismatches(schema, "1") == ("the schema refers to 'https://example.com/s.json', which is not in it",)
