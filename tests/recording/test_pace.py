"""The writer's manners."""

from __future__ import annotations

import pytest

from audit.recording.pace import Pace

PACE = Pace(quiet_after_s=0.05, share=0.1, patience_s=30, batch=4, full_batch=100)


def test_while_calls_come_in_it_rests_for_its_share() -> None:
    assert PACE.rest_s(worked_s=0.001, quiet_s=0.01, behind_s=1) == pytest.approx(0.009)


def test_when_it_is_quiet_or_late_it_does_not_rest() -> None:
    assert PACE.rest_s(worked_s=0.001, quiet_s=0.05, behind_s=1) == 0
    assert PACE.rest_s(worked_s=0.001, quiet_s=0.01, behind_s=30) == 0


def test_while_calls_come_in_it_takes_few_at_a_time() -> None:
    assert PACE.most(quiet_s=0.01, behind_s=1) == 4
    assert PACE.most(quiet_s=0.05, behind_s=1) == 100
    assert PACE.most(quiet_s=0.01, behind_s=30) == 100
