"""What goes wrong again and again."""

from __future__ import annotations

import pytest

from audit.recording.reminder import EVERY_S, Reminder


def test_it_is_told_at_once_then_once_a_minute_with_how_often(caplog: pytest.LogCaptureFixture) -> None:
    now = [5.0]
    reminder = Reminder(clock=lambda: now[0])
    for why in ("full", "full", "torn"):
        reminder.tell("a call: %s", why)
    assert caplog.messages == ["a call: full"]
    now[0] += EVERY_S
    reminder.tell("a call: %s", "full")
    now[0] += EVERY_S
    reminder.tell("a call: %s", "again")
    assert caplog.messages[1:] == ["a call: full (and 2 times more since this was last told)", "a call: again"]


def test_one_kind_of_trouble_does_not_hide_another(caplog: pytest.LogCaptureFixture) -> None:
    Reminder().tell("one")
    Reminder().tell("other")
    assert caplog.messages == ["one", "other"]
