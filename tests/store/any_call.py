"""Calls that hold anything at all where what they hold comes from a network or a caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints
from uuid import UUID

from hypothesis import strategies as st

from audit.call import Call
from tests.store.bodies_of import HOSTILE, a_conversation

__all__ = ["CALLS"]

TEXT = st.text(max_size=8) | st.sampled_from(["\ud800", "\0", "\x1f", "é" * 400, "a" * 600, "a=b", "a,b", "\u2028"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
EARLIEST, LATEST = datetime(2, 1, 1), datetime(9998, 1, 1)  # noqa: DTZ001  # their zones are drawn
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5)), timezone(timedelta(hours=-11))])
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    type(None): st.none(),
    bool: st.booleans(),
    int: st.integers() | st.integers(0, 10**6),
    float: st.floats(),
    str: TEXT,
    bytes: st.binary(max_size=20) | st.sampled_from([*HOSTILE, *a_conversation(3)]),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False) | st.decimals(0, 10, places=6),
    UUID: st.uuids(version=4),
    datetime: st.datetimes(EARLIEST, LATEST, timezones=ZONES),
}
OURS = {"dialect": st.just("openai_chat"), "dialect_version": st.just(1), "currency": st.just("USD")}


def _any(kind: Any) -> st.SearchStrategy[Any]:
    if kind in PLAIN:
        return PLAIN[kind]
    if is_dataclass(kind):
        return st.builds(kind, **{name: OURS.get(name, _any(of)) for name, of in get_type_hints(kind).items()})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    outer, inner = get_origin(kind), get_args(kind)
    if outer is UnionType:
        return st.one_of(*map(_any, inner))
    if outer is Mapping:
        return st.dictionaries(TEXT, JSON, max_size=3)
    assert outer is tuple, kind
    return st.lists(_any(inner[0]), max_size=3).map(tuple) if inner[-1] is ... else st.tuples(*map(_any, inner))


CALLS: st.SearchStrategy[Call] = _any(Call)
