"""Calls counted in memory that processes share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.proxy.rates import MOST_RPM, SLOTS, Rates

TAKING = """
import sys
from audit.proxy.rates import Rates
rates = Rates(int(sys.argv[1]))
print(sum(rates.take(7, 500, 100.0) == 0 for _ in range(400)))
"""


@pytest.fixture
def rates() -> Iterator[Rates]:
    rates = Rates.private()
    yield rates
    rates.close()


def test_as_many_are_admitted_as_the_limit_says(rates: Rates) -> None:
    assert [rates.take(0, 2, now) for now in (10.0, 20.0, 30.0)] == [0.0, 0.0, 40.0]


def test_the_wait_that_is_told_is_enough_and_no_more_than_that(rates: Rates) -> None:
    rates.take(0, 1, 10.0)
    assert rates.take(0, 1, 69.0) == 1.0
    assert rates.take(0, 1, 70.0) == 0.0


def test_what_is_refused_does_not_count(rates: Rates) -> None:
    rates.take(0, 1, 10.0)
    assert all(rates.take(0, 1, now) for now in (20.0, 30.0, 69.0))
    assert rates.take(0, 1, 70.0) == 0.0


def test_slots_do_not_touch_each_other_and_the_last_one_holds_the_highest_limit(rates: Rates) -> None:
    assert not any(rates.take(SLOTS - 1, MOST_RPM, 1.0) for _ in range(MOST_RPM))
    assert rates.take(SLOTS - 1, MOST_RPM, 2.0) == 59.0
    assert rates.take(SLOTS - 2, MOST_RPM, 2.0) == rates.take(0, 1, 2.0) == 0.0


def test_another_limit_begins_a_new_count(rates: Rates) -> None:
    rates.take(3, 1, 10.0)
    assert [rates.take(3, 2, 11.0) for _ in range(3)] == [0.0, 0.0, 60.0]


def test_a_clock_that_goes_back_costs_a_minute_at_most(rates: Rates) -> None:
    rates.take(0, 1, 10_000.0)
    assert rates.take(0, 1, 10.0) == 60.0


@pytest.mark.parametrize(("slot", "rpm"), [(-1, 1), (SLOTS, 1), (0, 0), (0, MOST_RPM + 1)])
def test_what_is_out_of_range_is_a_mistake(rates: Rates, slot: int, rpm: int) -> None:
    with pytest.raises(ValueError, match="out of range"):
        rates.take(slot, rpm, 1.0)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 5), st.lists(st.floats(0.0, 40.0), max_size=60))
def test_no_minute_sees_more_than_the_limit_and_nothing_is_refused_below_it(rpm: int, pauses: list[float]) -> None:
    rates, now, admitted = Rates.private(), 0.0, list[float]()
    for pause in pauses:
        now += pause
        recent = [time for time in admitted if time + 60 > now]
        wait = rates.take(1, rpm, now)
        assert (wait == 0) == (len(recent) < rpm)
        if not wait:
            admitted.append(now)
    rates.close()


def test_processes_that_take_at_once_are_admitted_no_more_than_one_would_be(rates: Rates) -> None:
    os.set_inheritable(rates.fd, True)
    command = [sys.executable, "-c", TAKING, str(rates.fd)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, close_fds=False) for _ in range(3)]
    admitted = [int(process.communicate()[0]) for process in started]
    assert [process.returncode for process in started] == [0, 0, 0]
    assert sum(admitted) == 500
    assert rates.take(7, 500, 100.0) == 60.0


def test_a_lock_is_not_left_behind_by_who_is_refused(rates: Rates) -> None:
    with pytest.raises(ValueError, match="out of range"):
        rates.take(0, 0, 1.0)
    child = "import sys; from audit.proxy.rates import Rates; print(Rates(int(sys.argv[1])).take(0, 1, 1.0))"
    os.set_inheritable(rates.fd, True)
    assert subprocess.check_output([sys.executable, "-c", child, str(rates.fd)], close_fds=False).strip() == b"0.0"


def test_where_there_are_no_files_in_memory_one_without_name_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create")
    rates = Rates.private()
    assert [rates.take(0, 1, now) for now in (1.0, 2.0)] == [0.0, 59.0]
    rates.close()
