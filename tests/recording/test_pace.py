"""The writer's manners."""

from __future__ import annotations

import time

import pytest

from audit.recording.pace import Load, Pace

PACE = Pace(least_share=0.1, most_share=0.5, patience_s=100)


def test_while_others_work_it_rests_for_most_of_the_time() -> None:
    assert PACE.rest_s(worked_s=0.001, busy=1.0, behind_s=0) == pytest.approx(0.009)


def test_while_others_wait_it_works_more() -> None:
    assert PACE.rest_s(worked_s=0.001, busy=0.0, behind_s=0) == pytest.approx(0.001)


def test_the_longer_the_oldest_has_waited_the_less_it_gives_way() -> None:
    rests = [PACE.rest_s(worked_s=0.001, busy=1.0, behind_s=behind_s) for behind_s in range(0, 110, 10)]
    assert rests == sorted(rests, reverse=True)
    assert rests[-1] == 0


@pytest.mark.parametrize(
    ("everyone_s", "own_s", "busy"),
    [(0.7, 0.2, 0.25), (0.2, 0.2, 0.0), (4.0, 0.2, 1.0), (0.1, 0.2, 0.0)],
)
def test_a_lap_tells_own_work_from_that_of_others(
    monkeypatch: pytest.MonkeyPatch, everyone_s: float, own_s: float, busy: float
) -> None:
    for clock, seconds in (("monotonic", 2.0), ("process_time", everyone_s), ("thread_time", own_s)):
        monkeypatch.setattr(time, clock, iter((1.0, 1.0 + seconds, 1.0 + 2 * seconds)).__next__)
    load = Load()
    for _ in range(2):
        assert load.lap() == (pytest.approx(own_s), pytest.approx(busy))


def test_a_clock_that_stands_still_tells_of_no_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 1.0)
    assert Load().lap()[1] == 0.0
