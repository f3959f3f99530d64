from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.canary.slots import latest_slot
from tests.canary.canaries import NOON, an_assignment


@given(
    st.sampled_from([0.5, 1, 7, 60, 300, 3600, 86_400 * 3]),
    st.text(min_size=1, max_size=9),
    st.datetimes(datetime(1970, 1, 9), datetime(2100, 1, 1)),  # noqa: DTZ001  # hypothesis wants them naive
)
def test_slots_lie_one_interval_apart(every_s: float, name: str, now: datetime) -> None:
    one, now, every = an_assignment(name, every_s=every_s), now.replace(tzinfo=NOON.tzinfo), timedelta(seconds=every_s)
    slot_at = latest_slot(one, now)
    assert now - every < slot_at <= now
    assert latest_slot(one, slot_at) == slot_at
    assert latest_slot(one, slot_at - timedelta(microseconds=1)) == slot_at - every


@pytest.mark.parametrize("every_s", [0.5, 1, 300])
def test_slots_lie_on_whole_seconds_or_parts_of_one(every_s: float) -> None:
    slot_at = latest_slot(an_assignment(every_s=every_s), NOON + timedelta(seconds=0.7))
    assert slot_at.microsecond in ((0, 500_000) if every_s < 1 else (0,))


def test_checks_spread_over_the_interval() -> None:
    slots = [latest_slot(an_assignment(model=f"model-{number}"), NOON) for number in range(300)]
    minutes = [sum(1 for slot in slots if NOON - slot < timedelta(minutes=last)) for last in (1, 2, 3, 4, 5)]
    assert minutes[-1] == 300
    assert all(40 <= later - earlier <= 80 for earlier, later in zip([0, *minutes], minutes, strict=False))


def test_every_part_of_the_name_moves_the_slots() -> None:
    ones = [an_assignment(), an_assignment("other"), an_assignment(model="m"), an_assignment(provider="p")]
    assert len({latest_slot(one, NOON) for one in ones}) == 4
