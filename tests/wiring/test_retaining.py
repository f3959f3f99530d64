"""Retention in the configured database, by policies as people write them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from audit.call import Outcome
from audit.errors import StoreError
from audit.settings import Settings
from audit.store.engine import open_engine
from audit.store.erasing import What
from audit.store.retaining import Removed
from audit.store.write import Writer
from audit.wiring import retaining
from audit.wiring.keeping import sign_now
from audit.wiring.ledger import verify_record
from audit.wiring.retaining import apply_retention, daily, due_by_policies
from audit.wiring.storing import upgraded_engine
from tests.databases import KINDS, a_database
from tests.store.samples import NOON, a_call
from tests.wired import settings_of


@pytest.fixture(params=KINDS)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Blocked calls and those of search are kept for ever, bodies of others for a month and the rest for a year."""
    policies = [
        {"name": "all", "bodies": "1 month", "metadata": "1 year"},
        {"name": "blocked", "outcomes": ["blocked", "filter_error"]},
        {"name": "search", "projects": ["search"]},
    ]
    with a_database(request.param, tmp_path) as url:
        told = {"home": tmp_path, "store": {"url": url}, "retention": {"policies": policies}}
        yield Settings.model_validate(told)


def fill(settings: Settings, *minutes: float, **more: Any) -> None:
    engine = open_engine(settings.database_url)
    Writer(engine).append([a_call(number, minutes=ago, **more) for number, ago in enumerate(minutes, start=1)])
    engine.dispose()


OLD = -60 * 24 * 3_000
"""Eight years before, in minutes."""


def test_what_is_due_goes_and_the_record_is_whole(settings: Settings) -> None:
    fill(settings, OLD, OLD)
    assert [share.calls for share in due_by_policies(settings).shares] == [2, 0]
    seen: list[int] = []
    assert apply_retention(settings, scrubbed=True, progress=seen.append).calls == {What.ALL: 2, What.BODIES: 0}
    assert seen == [2]
    sign_now(settings)
    found = verify_record(settings)
    assert found.is_whole
    assert found.entries == {"ok": 1, "erased": 2}
    assert apply_retention(settings).acts == []


def test_with_whole_months_what_is_due_waits_for_the_rest_of_its_month(settings: Settings) -> None:
    now = datetime.now(UTC)
    first = datetime(now.year - 1, now.month, 1, 0, 5, tzinfo=UTC)  # due now, or today at the latest
    fill(settings, *((at - NOON).total_seconds() / 60 for at in (first, first - timedelta(minutes=10))))
    kept = settings.retention.model_copy(update={"whole_months": True})
    monthly = settings.model_copy(update={"retention": kept})
    assert apply_retention(monthly).calls[What.ALL] == 1
    assert apply_retention(monthly).acts == []
    assert [share.calls for share in due_by_policies(monthly).shares] == [0, 0]


@pytest.mark.parametrize("outcome", [Outcome.BLOCKED_PROMPT, Outcome.BLOCKED_COMPLETION, Outcome.FILTER_ERROR])
def test_blocked_stands_for_both_sides(tmp_path: Path, outcome: Outcome) -> None:
    policies = [
        {"name": "all", "bodies": "1d", "metadata": "1d"},
        {"name": "b", "outcomes": ["blocked", "filter_error"]},
    ]
    settings = settings_of(tmp_path, retention={"policies": policies})
    upgraded_engine(settings).dispose()
    fill(settings, OLD, outcome=outcome)
    assert apply_retention(settings).calls[What.ALL] == 0


class _Days:
    """Days that pass at once, until as many have as were wanted."""

    def __init__(self, days: int) -> None:
        self.waited: list[float] = []
        self.over = Event()
        self._days = days

    def wait(self, seconds: float) -> bool:
        self.waited.append(seconds)
        if len(self.waited) > self._days:
            self.over.set()
        return self.over.is_set()

    def set(self) -> None:
        self.over.set()


def run(settings: Settings, monkeypatch: pytest.MonkeyPatch, apply: Callable[..., Any], days: int) -> _Days:
    passing = _Days(days)
    monkeypatch.setattr("threading.Event", lambda: passing)
    monkeypatch.setattr(retaining, "apply_retention", apply)
    retaining._every_day(settings, passing)  # type: ignore[arg-type]
    return passing


def test_it_is_applied_an_hour_after_the_start_and_then_every_day_whatever_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    failures = [StoreError("the disk is full", permanent=False), ZeroDivisionError("a fault of ours")]

    def apply(_settings: Settings) -> Any:
        if failures:
            raise failures.pop(0)
        return Removed()

    with caplog.at_level(logging.INFO, logger="audit"):
        days = run(Settings(home=tmp_path), monkeypatch, apply, 3)
    assert days.waited == [3_600.0, 86_400.0, 86_400.0, 86_400.0]
    assert "the disk is full" in caplog.text
    assert "a fault of ours" in caplog.text
    assert "{'bodies': 0, 'all': 0}" in caplog.text


@pytest.mark.parametrize(("jump_s", "applied"), [(400 * 86_400, 2), (86_400, 2), (60, 3), (-400 * 86_400, 3)])
def test_nothing_is_removed_on_the_word_of_a_clock_that_was_just_set_forward(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture, jump_s: int, applied: int
) -> None:
    """But the day after it is, when whoever set it has had time to find out that it is wrong."""
    runs: list[Settings] = []
    clock, wait = time.time, _Days.wait

    def waited(days: _Days, seconds: float) -> bool:
        if len(days.waited) == 1:
            monkeypatch.setattr(time, "time", lambda: clock() + jump_s)
        return wait(days, seconds)

    def apply(settings: Settings) -> Removed:
        runs.append(settings)
        return Removed()

    monkeypatch.setattr(_Days, "wait", waited)
    run(Settings(home=tmp_path), monkeypatch, apply, 3)
    assert len(runs) == applied
    assert ("the clock was set forward" in caplog.text) == (applied < 3)


def test_a_thread_does_so_only_where_there_are_policies(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings
) -> None:
    begun = Event()
    monkeypatch.setattr(retaining, "_every_day", lambda _settings, _ended: begun.set())
    with daily(Settings(home=tmp_path)):
        assert not begun.is_set()
    with daily(settings):
        assert begun.wait(20)
