"""Waiting for a database that is away."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from audit.errors import StoreError
from audit.recording import retrying
from audit.recording.retrying import Ended, until_done


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    monkeypatch.setattr(retrying, "RETRY_S", (0.001,))
    return threading.Event()


class Act:
    """Raises what it is given, one after another, and then is done."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)

    def __call__(self) -> str:
        if self.failures:
            raise self.failures.pop(0)
        return "done"


AWAY = StoreError("away", permanent=False)


def test_what_fails_is_tried_again_and_told(ending: threading.Event, caplog: pytest.LogCaptureFixture) -> None:
    waits: list[Any] = []
    act = Act(AWAY, AWAY, ValueError("odd"))
    assert until_done(act, ending, on_wait=lambda: waits.append(1)) == "done"
    assert (caplog.text.count("calls wait in the journal: away"), len(waits)) == (2, 3)
    assert "ValueError: odd" in caplog.text


def test_what_can_never_work_is_not(ending: threading.Event) -> None:
    with pytest.raises(StoreError):
        until_done(Act(StoreError("newer", permanent=True)), ending)


def test_the_end_ends_it_after_one_attempt(ending: threading.Event) -> None:
    ending.set()
    assert until_done(Act(), ending) == "done"
    act = Act(AWAY, AWAY)
    with pytest.raises(Ended):
        until_done(act, ending)
    assert act.failures == [AWAY]


def test_an_end_inside_is_the_end(ending: threading.Event) -> None:
    with pytest.raises(Ended):
        until_done(Act(Ended()), ending)
