from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from audit.simulator.prose import dice
from audit.simulator.structured import fitting, fitting_text

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 30, "maxLength": 40},
        "age": {"type": "integer", "minimum": 18, "maximum": 19},
        "weight": {"type": "number"},
        "kind": {"enum": ["a", "b"]},
        "member": {"type": "boolean"},
        "nothing": {"type": "null"},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 3},
        "fixed": {"const": 7},
        "usual": {"type": "string", "default": "x"},
        "maybe": {"type": ["null", "string"]},
        "either": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "home": {"$ref": "#/$defs/place"},
    },
    "required": ["name", "age", "weight", "kind", "member", "nothing", "tags", "fixed", "maybe", "either", "home"],
    "additionalProperties": False,
    "$defs": {"place": {"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]}},
}


@pytest.mark.parametrize("seed", range(5))
def test_the_answer_fits_the_schema(seed: int) -> None:
    jsonschema.validate(json.loads(fitting_text(PERSON, dice(seed))), PERSON)


def test_geminis_capitals_are_understood() -> None:
    schema = {
        "type": "OBJECT",
        "properties": {"n": {"type": "INTEGER"}, "l": {"type": "ARRAY", "items": {"type": "STRING"}}},
    }

    value = fitting(schema, dice("x"))

    assert isinstance(value["n"], int)
    assert isinstance(value["l"][0], str)


@pytest.mark.parametrize(
    ("schema", "known", "value"),
    [
        ({}, "42", {"answer": "42"}),
        ({"properties": {"n": {"type": "integer"}}}, "42", {"n": 42}),
        ({"properties": {"n": {"type": "number"}}}, "3.5", {"n": 3.5}),
        ({"properties": {"n": {"type": "string"}}}, "Paris", {"n": "Paris"}),
        ({"properties": {"n": {"enum": ["Paris", "Rome"]}}}, "Rome", {"n": "Rome"}),
        ({"properties": {"n": {"const": None}}}, "x", {"n": None}),
    ],
)
def test_a_known_answer_stands_where_it_can(schema: dict[str, Any], known: str, value: Any) -> None:
    assert json.loads(fitting_text(schema, dice("x"), known=known)) == value


def test_a_schema_that_holds_itself_comes_to_an_end() -> None:
    schema = {"$ref": "#/$defs/node", "$defs": {"node": {"properties": {"next": {"$ref": "#/$defs/node"}}}}}

    assert "null" in fitting_text(schema, dice("x"))


def test_a_reference_to_nothing_is_text() -> None:
    assert isinstance(fitting({"$ref": "#/$defs/absent"}, dice("x")), str)
    assert isinstance(fitting({"$ref": "#", "type": "string"}, dice("x")), type(None))


def test_a_word_is_no_number() -> None:
    assert isinstance(fitting({"type": "integer"}, dice("x"), known="Paris"), int)
