"""A model's state now and on each day; silence counts as unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from audit.canary.state import State
from audit.settings import CanarySettings, Settings
from audit.store.rows import CheckRow, FlipRow, ModelRow
from dashboard import uptime
from dashboard.figures import ABSENT

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
FIVE_MINUTES = timedelta(minutes=5)


def a_check(at: datetime, **over: Any) -> CheckRow:
    plain: dict[str, Any] = {
        "pk": 1,
        "canary": "default",
        "provider": "openai",
        "model": "gpt-4o",
        "slot_at": at,
        "started_at": at,
        "ended_at": at,
        "verdict": "ok",
        "reasons": (),
        "call_id": None,
        "model_served": None,
        "first_token_us": None,
        "duration_us": None,
    }
    return CheckRow(**{**plain, **over})


def a_model(*checks: CheckRow, first: datetime = NOW - timedelta(days=2)) -> ModelRow:
    return ModelRow(provider="openai", model="gpt-4o", flip=None, last=checks, first_check_at=first)


def a_flip(at: datetime, state: str, model: str = "gpt-4o") -> FlipRow:
    return FlipRow(provider="openai", model=model, at=at, state_before="unknown", state=state, reason="", check_pk=None)


def test_a_model_is_in_the_state_of_its_last_change() -> None:
    flips = [a_flip(NOW - timedelta(hours=1), "down"), a_flip(NOW - timedelta(hours=5), "up")]
    past = uptime.history(a_model(a_check(NOW)), flips, FIVE_MINUTES, NOW)
    assert (past.state, past.since) == ("down", NOW - timedelta(hours=1))


def test_changes_of_other_models_do_not_matter() -> None:
    past = uptime.history(a_model(), [a_flip(NOW, "up", model="other")], FIVE_MINUTES, NOW)
    assert (past.state, past.since) == ("unknown", None)


def test_a_state_does_not_hold_when_nobody_looks() -> None:
    heard = NOW - timedelta(hours=1)
    past = uptime.history(a_model(a_check(heard)), [a_flip(NOW - timedelta(hours=5), "up")], FIVE_MINUTES, NOW)
    assert (past.state, past.since) == ("unknown", heard + 2.5 * FIVE_MINUTES)


def test_a_check_under_way_counts_from_its_start() -> None:
    running = a_check(NOW - timedelta(minutes=10), ended_at=None)
    assert uptime.history(a_model(running), [a_flip(NOW - timedelta(hours=5), "up")], FIVE_MINUTES, NOW).state == "up"


def test_time_before_the_first_check_does_not_count() -> None:
    first = NOW - timedelta(hours=4)
    model = a_model(a_check(NOW), first=first)
    past = uptime.history(model, [a_flip(first, "up")], FIVE_MINUTES, NOW)
    span = past.between(NOW - timedelta(days=90), NOW)
    assert span is not None
    assert (span.availability, span.coverage) == (1.0, 1.0)
    assert past.between(NOW - timedelta(days=3), NOW - timedelta(days=2)) is None


def test_days_are_those_of_the_pages_calendar_and_today_ends_now() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    first = datetime(2026, 3, 8, 23, tzinfo=UTC)  # midnight in Berlin
    model = a_model(a_check(NOW), first=first)
    days = uptime.by_day(uptime.history(model, [a_flip(first, "up")], FIVE_MINUTES, NOW), 90, berlin, NOW)
    assert list(days) == [date(2026, 3, 9), date(2026, 3, 10)]
    assert [span.seconds[State.UP] / 3_600 for span in days.values()] == [24, 13]


def test_a_model_is_checked_as_often_as_its_most_frequent_canary(tmp_path: Path) -> None:
    canaries = (
        CanarySettings(name="quick", prompt="?", every=timedelta(minutes=1)),
        CanarySettings(name="slow", prompt="?", every=timedelta(hours=1)),
    )
    settings = Settings(home=tmp_path, canaries=canaries)
    both = a_model(a_check(NOW, canary="quick"), a_check(NOW, canary="slow"))
    assert uptime.interval(settings, both) == timedelta(minutes=1)
    assert uptime.interval(settings, a_model(a_check(NOW))) == FIVE_MINUTES


def test_the_last_check_is_the_latest_of_all_canaries() -> None:
    late, early = a_check(NOW), a_check(NOW - timedelta(hours=1))
    assert uptime.last_check(a_model(early, late)) is late
    assert uptime.last_check(a_model()) is None


def checked(first: datetime, *flips: FlipRow, **over: Any) -> uptime.Checked:
    settings = Settings(home=Path("nowhere"))
    (found,) = uptime.checked([a_model(a_check(NOW, **over), first=first)], flips, settings, NOW)
    return found


def test_an_uptime_says_of_how_long_it_is_and_what_is_not_known_of_it() -> None:
    first = NOW - timedelta(hours=10)
    assert checked(first, a_flip(first, "up")).told == "100.00 % of 10 h"
    assert checked(NOW - timedelta(hours=50), a_flip(NOW - timedelta(days=3), "up")).told == "100.00 % of 2 d"
    assert checked(first, a_flip(first + timedelta(hours=5), "up")).told == "100.00 % of 10 h, 50.0 % of it known"
    assert checked(NOW).told == f"{ABSENT} just begun"


def test_what_was_down_for_a_moment_is_not_rounded_away() -> None:
    first = NOW - timedelta(days=30)
    second = NOW - timedelta(days=1)
    flips = (a_flip(first, "up"), a_flip(second, "down"), a_flip(second + timedelta(seconds=1), "up"))
    assert checked(first, *flips).availability == "> 99.99 %"


def test_nothing_known_is_a_dash() -> None:
    found = checked(NOW - timedelta(hours=1))
    assert (found.availability, found.coverage, found.state) == (ABSENT, 0.0, "unknown")
    assert checked(NOW).coverage is None
    assert checked(NOW).availability == ABSENT


def test_those_that_do_worst_come_first(tmp_path: Path) -> None:
    names = ("well", "badly")
    models = [replace(a_model(a_check(NOW, model=name)), model=name) for name in names]
    flips = [a_flip(NOW - timedelta(hours=1), state, name) for state, name in (("up", "well"), ("down", "badly"))]
    found = uptime.checked(models, flips, Settings(home=tmp_path), NOW)
    assert [one.model.model for one in found] == ["badly", "well"]
