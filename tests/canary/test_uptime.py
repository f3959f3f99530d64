from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.canary.state import State
from audit.canary.uptime import uptime
from tests.canary.canaries import NOON

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Turn:
    """A row of flips, as a page has it."""

    at: datetime
    state: str


def turns(*at_hours: tuple[float, str]) -> list[Turn]:
    return [Turn(NOON + HOUR * hours, state) for hours, state in at_hours]


def hours(*flips: Turn, since: float = 0, until: float = 10) -> dict[str, float]:
    """Return the hours by state, without those that are none."""
    found = uptime(flips, NOON + HOUR * since, NOON + HOUR * until)
    return {state.value: seconds / 3600 for state, seconds in found.seconds.items() if seconds}


@pytest.mark.parametrize(
    ("flips", "found"),
    [
        ((), {"unknown": 10}),
        (((0, "up"),), {"up": 10}),
        (((-5, "up"),), {"up": 10}),
        (((10, "up"),), {"unknown": 10}),
        (((11, "up"), (12, "down")), {"unknown": 10}),
        (((-9, "up"), (-5, "down"), (4, "up")), {"down": 4, "up": 6}),
        (((2, "up"), (5, "down"), (6, "degraded"), (7.5, "up")), {"unknown": 2, "up": 5.5, "down": 1, "degraded": 1.5}),
        (((0, "up"), (4, "degraded"), (4, "down"), (5, "up")), {"up": 9, "down": 1}),
        (((0, "up"), (3, "unknown"), (8, "up")), {"up": 5, "unknown": 5}),
    ],
)
def test_time_is_what_counts(flips: tuple[tuple[float, str], ...], found: dict[str, float]) -> None:
    assert hours(*turns(*flips)) == found


def test_shares_are_of_what_is_known() -> None:
    found = uptime(turns((2, "up"), (6, "degraded"), (7, "down"), (8, "unknown")), NOON, NOON + 10 * HOUR)
    assert found.known_s == 6 * 3600
    assert found.coverage == pytest.approx(0.6)
    assert found.availability == pytest.approx(5 / 6)
    assert found.soundness == pytest.approx(4 / 6)


def test_nothing_known_is_neither_up_nor_down() -> None:
    found = uptime([], NOON, NOON + HOUR)
    assert (found.availability, found.soundness, found.coverage) == (None, None, 0)


@pytest.mark.parametrize(("state", "availability"), [("up", 1), ("degraded", 1), ("down", 0)])
def test_a_state_that_never_changed_is_told_exactly(state: str, availability: float) -> None:
    found = uptime(turns((-1, state)), NOON, NOON + timedelta(days=90))
    assert (found.availability, found.coverage) == (availability, 1)


@pytest.mark.parametrize("until", [NOON, NOON - HOUR])
def test_a_span_must_have_a_length(until: datetime) -> None:
    with pytest.raises(ValueError, match="until must be after since"):
        uptime([], NOON, until)


changes = st.lists(st.tuples(st.integers(-50, 150), st.sampled_from([state.value for state in State])), max_size=20)


@given(changes, st.integers(1, 100), st.integers(1, 99))
def test_parts_of_a_span_add_up_to_it(flips: list[tuple[int, str]], length: int, share: int) -> None:
    rows = turns(*sorted(flips, key=lambda flip: flip[0]))
    since, until = NOON, NOON + length * HOUR
    middle = since + (until - since) * share / 100
    whole, first, second = uptime(rows, since, until), uptime(rows, since, middle), uptime(rows, middle, until)
    assert sum(whole.seconds.values()) == pytest.approx(length * 3600)
    for state in State:
        assert whole.seconds[state] == pytest.approx(first.seconds[state] + second.seconds[state])
    assert 0 <= whole.coverage <= 1
    assert (whole.availability is None) == (whole.known_s == 0)
    assert 0 <= (whole.availability or 0) <= 1
