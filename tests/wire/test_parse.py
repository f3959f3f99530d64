"""JSON from a hostile network, and text fit to be stored."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.wire import parse as module
from audit.wire.parse import Parsed, parse_json, printable


def test_it_returns_the_value_of_a_document() -> None:
    assert parse_json(b'{"a": [1, 2.5, null, true, "\xc3\xa4"]}') == Parsed({"a": [1, 2.5, None, True, "ä"]})


def test_it_reads_text_as_it_reads_bytes() -> None:
    assert parse_json('{"a": "ä"}') == parse_json('{"a": "ä"}'.encode())


@pytest.mark.parametrize("data", [b"", b" \r\n\t", "", b"\xef\xbb\xbf"])
def test_nothing_is_noted_as_empty(data: bytes | str) -> None:
    assert parse_json(data) == Parsed(None, "empty")


def test_it_passes_over_a_byte_order_mark() -> None:
    assert parse_json(b"\xef\xbb\xbf[1]") == Parsed([1])


def test_it_says_where_json_goes_wrong() -> None:
    assert parse_json(b'{"a": 1').problem == "not JSON: Expecting ',' delimiter at character 7"


def test_it_reads_what_is_not_utf8_with_replacements_and_says_so() -> None:
    assert parse_json(b'{"a": "x\xff"}') == Parsed({"a": "x\ufffd"}, "not UTF-8 at byte 8")


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"b":['])
def test_deep_nesting_is_noted_and_not_raised(opening: bytes) -> None:
    assert parse_json(opening * 10_000).problem == "JSON nested too deep to read"


def test_an_integer_without_end_is_noted_and_not_raised() -> None:
    problem = parse_json(b"1" * 5_000).problem
    assert problem is not None
    assert problem.startswith("not readable JSON: ")


def test_an_integer_of_400_digits_is_read() -> None:
    assert parse_json(b"1" * 400) == Parsed(int("1" * 400), None, ("an integer of 400 characters",))


def test_an_integer_of_64_bits_is_not_odd() -> None:
    assert parse_json(b"[18446744073709551615, -9223372036854775808]") == Parsed([2**64 - 1, -(2**63)])


def test_not_everything_that_is_odd_is_told() -> None:
    """And each kind once."""
    digits = ", ".join("1" * length for length in (21, 21, 22, 23, 24, 25, 26, 27))
    assert parse_json(f"[{digits}]").odd == tuple(f"an integer of {length} characters" for length in range(21, 26))


@pytest.mark.parametrize("name", [b"NaN", b"Infinity", b"-Infinity"])
def test_what_is_no_json_number_comes_as_none(name: bytes) -> None:
    odd = f"{name.decode()} in the place of a number"
    assert parse_json(b'{"a": ' + name + b"}") == Parsed({"a": None}, None, (odd,))


def test_a_number_too_large_for_a_float_is_infinite() -> None:
    assert parse_json(b"1e999").value == math.inf


def test_of_duplicate_keys_the_last_counts() -> None:
    assert parse_json(b'{"a": 1, "a": 2}').value == {"a": 2}


def test_lone_surrogates_stay_in_the_value() -> None:
    assert parse_json(rb'"\ud800"').value == "\ud800"


@given(st.binary())
def test_it_never_raises(data: bytes) -> None:
    parse_json(data)


def test_printable_shows_nul_as_its_symbol() -> None:
    assert printable("a\x00b") == "a\u2400b"


def test_printable_replaces_lone_surrogates_and_joins_pairs() -> None:
    assert printable("\ud83d\ude00 \ud800 \udc80") == "😀 \ufffd \ufffd"


@given(st.text(st.characters()))
def test_printable_is_always_fit_for_utf8(text: str) -> None:
    assert "\x00" not in printable(text).encode().decode()


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_printable_leaves_ordinary_text_alone(text: str) -> None:
    assert printable(text) == text


def test_a_document_of_more_values_than_memory_has_room_for_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_VALUES", 3)
    assert parse_json("[1,2,3,4]") == Parsed([1, 2, 3, 4])
    assert parse_json("[1,2,3,4,5]") == Parsed(None, "more than 3 values")
