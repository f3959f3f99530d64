"""Whoever writes settings is told where something is wrong and what would be right, in words that are no program's."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from audit.complaints import Complaint, complaints


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


def _even(value: int) -> int:
    if value % 2:
        raise ValueError("must be even\nand is odd")
    return value


class Wheel(BaseModel):
    model_config = ConfigDict(extra="forbid")
    size: int = Field(default=1, ge=1, le=9)
    name: str = Field(default="w", min_length=1, max_length=3)


class Door(BaseModel):
    model_config = ConfigDict(extra="forbid")
    handle: str = ""
    wheel: Wheel = Wheel()


class Spare(BaseModel):
    name: str = ""

    @model_validator(mode="after")
    def _useless(self) -> Spare:
        raise ValueError("is of no use")


class Car(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = ""
    doors: tuple[Door, ...] = ()
    spares: tuple[Spare, ...] = ()
    by_side: dict[str, Wheel] = {}
    wheel: Wheel | None = None
    colour: Colour | Literal["any"] = "any"
    colours: tuple[Colour | Literal["any"], ...] = ()
    words: tuple[str, ...] = ()
    fast: bool = False
    price: Decimal = Decimal()
    weight: float = 0.0
    built: date | None = None
    home: Path = Path()
    pairs: Annotated[int, AfterValidator(_even)] = 0
    places: list[int] = Field(default=[], max_length=1)
    deep: dict[str, Any] = {}

    @model_validator(mode="after")
    def _agree(self) -> Car:
        if self.name == "two faults":
            raise ValueError("first\nsecond")
        return self


class Needy(BaseModel):
    needed: str


def said(text: str, model: type[BaseModel] = Car) -> list[str]:
    """Return what is said of these settings."""
    return [complaint.text for complaint in found(text, model)]


def found(text: str, model: type[BaseModel] = Car) -> list[Complaint]:
    values = tomllib.loads(text)
    with pytest.raises(ValidationError) as caught:
        model.model_validate(values)
    return complaints(caught.value, model, values)


@pytest.mark.parametrize(
    ("toml", "complaint"),
    [
        ("name = 3", "name: must be text in quotes, not 3"),
        ("home = 3", "home: must be text in quotes, not 3"),
        ("fast = 'perhaps'", "fast: must be true or false, not 'perhaps'"),
        ("wheel.size = 'big'", "wheel.size: must be a whole number, not 'big'"),
        ("wheel.size = 1.5", "wheel.size: must be a whole number, not 1.5"),
        ("wheel.size = 0", "wheel.size: must be 1 or more, not 0"),
        ("wheel.size = 10", "wheel.size: must be 9 or less, not 10"),
        ("wheel.name = ''", "wheel.name: must be at least 1 characters long, not ''"),
        ("wheel.name = 'long'", "wheel.name: must be at most 3 characters long, not 'long'"),
        ("price = true", "price: must be a number, not true"),
        ("price = 'much'", "price: must be a number, not 'much'"),
        ("price = inf", "price: must be a finite number, not inf"),
        ("weight = 'much'", "weight: must be a number, not 'much'"),
        ("built = 'long ago'", "built: must be a date such as 2026-01-31, not 'long ago'"),
        ("built = false", "built: must be a date such as 2026-01-31, not false"),
    ],
)
def test_a_value_is_told_with_what_would_be_right(toml: str, complaint: str) -> None:
    assert said(toml) == [complaint]


@pytest.mark.parametrize(
    ("toml", "complaint"),
    [
        ("wheel = 3", "wheel: must be a table: write [wheel]"),
        ("by_side = []", "by_side: must be a table: write [by_side]"),
        ("by_side.left = 3", "by_side.left: must be a table: write [by_side.left]"),
        ("doors = 3", "doors: must be a list of tables: write [[doors]]"),
        ("[doors]", "doors: must be a list of tables: write [[doors]]"),
        ("doors = [3]", "doors 1: must be a table: write [[doors]]"),
    ],
)
def test_structure_is_told_as_it_is_written(toml: str, complaint: str) -> None:
    assert said(toml) == [complaint]


def test_a_list_within_a_table_is_written_in_brackets() -> None:
    class Garage(BaseModel):
        car: Car

    assert said("car.words = 3", Garage) == ["car.words: must be a list, in brackets"]


def test_what_is_missing_is_said_to_be() -> None:
    assert said("", Needy) == ["needed: is missing"]


@pytest.mark.parametrize(
    ("toml", "complaint"),
    [
        ("whel.size = 1", "whel: unknown setting; did you mean wheel?"),
        ("wheel.sice = 1", "wheel.sice: unknown setting; did you mean size?"),
        ("wheel.zzz = 1", "wheel.zzz: unknown setting; there are size, name"),
        ("by_side.left.sice = 1", "by_side.left.sice: unknown setting; did you mean size?"),
        ("by_side.name.sice = 1", "by_side.name.sice: unknown setting; did you mean size?"),
        ("doors = [{}, {handel = 1}]", "doors 2: handel: unknown setting; did you mean handle?"),
        ("doors = [{wheel.sice = 1}]", "doors 1: wheel.sice: unknown setting; did you mean size?"),
    ],
)
def test_an_unknown_setting_is_told_with_the_known_ones_of_its_table(toml: str, complaint: str) -> None:
    assert said(toml) == [complaint]


@pytest.mark.parametrize(
    ("toml", "complaint"),
    [
        ("colour = 'green'", "colour: 'green' is none of red, blue, any"),
        ("colours = ['red', 'green']", "colours 2: 'green' is none of red, blue, any"),
        ("colour = 3", "colour: 3 is none of red, blue, any"),
    ],
)
def test_a_choice_is_told_once_with_all_that_can_be_chosen(toml: str, complaint: str) -> None:
    assert said(toml) == [complaint]


@pytest.mark.parametrize(
    ("table", "place"),
    [
        ("name = 'front'\nhandle = 3", "doors 2 ('front'): handle: "),
        ("model = 'front'\nhandle = 3", "doors 2 ('front'): handle: "),
        ("name = 3\nhandle = 3", "doors 2: handle: "),
        ("handle = 3", "doors 2: handle: "),
    ],
)
def test_a_table_in_a_list_is_told_by_its_number_and_its_name(table: str, place: str) -> None:
    assert place + "must be text in quotes, not 3" in said(f"[[doors]]\n[[doors]]\n{table}")


def test_a_table_that_is_wrong_as_a_whole_is_told_by_its_number() -> None:
    assert said("spares = [{name = 'wheel'}]") == ["spares 1: is of no use"]


def test_all_that_is_wrong_is_told() -> None:
    assert said("name = 3\nwheel = {size = 0, sice = 1}\ncolour = 'green'") == [
        "name: must be text in quotes, not 3",
        "wheel.size: must be 1 or more, not 0",
        "wheel.sice: unknown setting; did you mean size?",
        "colour: 'green' is none of red, blue, any",
    ]


def test_a_complaint_knows_its_key_without_numbers() -> None:
    assert found("doors = [{wheel.size = 0}]") == [
        Complaint(key=("doors", "wheel", "size"), text="doors 1: wheel.size: must be 1 or more, not 0")
    ]


def test_a_check_of_ours_is_told_in_its_own_words_line_by_line() -> None:
    assert said("pairs = 3") == ["pairs: must be even", "pairs: and is odd"]


def test_what_is_wrong_with_the_whole_has_no_place() -> None:
    assert found("name = 'two faults'") == [Complaint(key=(), text="first"), Complaint(key=(), text="second")]


def test_what_nobody_has_thought_of_is_told_all_the_same() -> None:
    assert said("places = [1, 2]") == ["places: List should have at most 1 item after validation, not 2"]


def test_a_long_value_is_cut() -> None:
    assert said(f"fast = '{'x' * 1000}'") == [f"fast: must be true or false, not '{'x' * 59}…"]
    assert said(f"fast = '{'x' * 58}'") == [f"fast: must be true or false, not '{'x' * 58}'"]


def test_a_key_that_would_break_the_line_is_quoted() -> None:
    assert said('"a\\nb" = 1')[0].startswith("'a\\nb': unknown setting; there are name, ")
    assert said('by_side."\\u001B[31m" = 1') == ["by_side.'\\x1b[31m': must be a table: write [by_side.'\\x1b[31m']"]
