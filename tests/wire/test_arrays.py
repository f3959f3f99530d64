"""Values one after another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.wire.arrays import read_values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('[{"a": 1},\r\n{"b": 2}]', [({"a": 1}, 9), ({"b": 2}, 20)]),
        ('{"a": 1}\n{"b": 2}\n', [({"a": 1}, 8), ({"b": 2}, 17)]),
        ('\x1e{"a": 1}\n\x1e{"b": 2}\n', [({"a": 1}, 9), ({"b": 2}, 19)]),
        ('\ufeff[{"a": 1}]', [({"a": 1}, 10)]),
        ("", []),
        ("[]", []),
        ("  [", []),
    ],
)
def test_it_yields_each_value_and_where_it_ends(text: str, values: list[tuple[object, int]]) -> None:
    assert list(read_values(text)) == values


@pytest.mark.parametrize("rest", ['{"b": ', "nonsense", '{"b": 1' + "1" * 5000, "[" * 100_000])
def test_it_stops_where_a_value_is_cut_or_broken(rest: str) -> None:
    assert [value for value, _ in read_values('[{"a": 1}, ' + rest)] == [{"a": 1}]


def test_constants_that_are_no_json_come_as_none() -> None:
    assert [value for value, _ in read_values('[{"a": NaN}]')] == [{"a": None}]


@given(st.text())
def test_it_never_raises_and_ends_rise(text: str) -> None:
    ends = [end for _, end in read_values(text)]
    assert ends == sorted(set(ends))
