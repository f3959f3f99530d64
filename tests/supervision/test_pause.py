from __future__ import annotations

from audit.supervision.pause import Pause


def test_pauses_double_up_to_half_a_minute() -> None:
    pause = Pause()
    assert [pause.after(0.1) for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_what_has_lived_a_minute_is_started_again_as_soon_as_one_that_dies_for_the_first_time() -> None:
    pause = Pause()
    assert [pause.after(lived) for lived in (1, 59.9, 60, 1, 1)] == [0.5, 1, 0.5, 1, 2]


def test_the_longest_pause_can_be_a_short_one() -> None:
    pause = Pause(2.0)
    assert [pause.after(0.1) for _ in range(5)] == [0.5, 1, 2, 2, 2]
