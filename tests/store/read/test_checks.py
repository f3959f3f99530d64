from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from audit.store import tables
from audit.store.read import Reader
from audit.store.rows import CheckDay, CheckRow, FlipRow, ModelRow
from tests.store.samples import NOON, an_id

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def a_check(
    model: str, minutes: float, verdict: str | None = "ok", canary: str = "hello", **over: Any
) -> dict[str, Any]:
    at = NOON + minutes * MINUTE
    ended = at + timedelta(seconds=1) if verdict else None
    plain = {"provider": "openai", "reasons": None, "call_id": None, "model_served": None, "first_token_us": None}
    facts = {"canary": canary, "model": model, "slot_at": at, "claimed_by": "me", "started_at": at, "ended_at": ended}
    return {**plain, **facts, "verdict": verdict, "duration_us": None, **over}


def a_flip(model: str, minutes: float, before: str, state: str, check_pk: int | None = None) -> dict[str, Any]:
    at = NOON + minutes * MINUTE
    states = {"state_before": before, "state": state}
    return {"provider": "openai", "model": model, "at": at, **states, "reason": "because", "check_pk": check_pk}


CHECKS = [
    a_check("gpt", 0),
    a_check("gpt", 5, "error", reasons=["HTTP 500", "again"], call_id=an_id(1), model_served="gpt-1", duration_us=7),
    a_check("gpt", 10, None),
    a_check("gpt", 5, "slow", canary="other"),
    a_check("haiku", 1, provider="anthropic", first_token_us=3),
    a_check("gpt", 24 * 60, "ok"),
]
FLIPS = [a_flip("gpt", 0, "unknown", "up", 1), a_flip("gpt", 5, "up", "down"), a_flip("haiku", 1, "unknown", "up")]


@pytest.fixture
def checked(engine: Engine) -> Reader:
    with engine.begin() as connection:
        connection.execute(tables.checks.insert(), CHECKS)
        connection.execute(tables.flips.insert(), FLIPS)
    return Reader(engine)


def numbers(rows: tuple[CheckRow, ...]) -> list[int]:
    return [row.pk for row in rows]


def test_a_check_is_told_whole(checked: Reader) -> None:
    (check,) = checked.checks(verdicts=("error",))
    at = NOON + 5 * MINUTE
    assert check == CheckRow(
        pk=2,
        canary="hello",
        provider="openai",
        model="gpt",
        slot_at=at,
        started_at=at,
        ended_at=at + timedelta(seconds=1),
        verdict="error",
        reasons=("HTTP 500", "again"),
        call_id=an_id(1),
        model_served="gpt-1",
        first_token_us=None,
        duration_us=7,
    )


@pytest.mark.parametrize(
    ("over", "expected"),
    [
        ({}, [6, 3, 4, 2, 5, 1]),
        ({"limit": 2}, [6, 3]),
        ({"since": NOON + 5 * MINUTE, "until": NOON + 10 * MINUTE}, [4, 2]),
        ({"provider": "anthropic"}, [5]),
        ({"model": "gpt", "canary": "other"}, [4]),
        ({"verdicts": ("ok", "slow")}, [6, 4, 5, 1]),
    ],
)
def test_checks_are_chosen(checked: Reader, over: dict[str, Any], expected: list[int]) -> None:
    assert numbers(checked.checks(**over)) == expected


def test_verdicts_are_counted_by_day(checked: Reader) -> None:
    midnight = NOON - timedelta(hours=12)

    def day(model: str, number: int, verdict: str | None, checks: int, provider: str = "openai") -> CheckDay:
        return CheckDay(provider=provider, model=model, at=midnight + number * DAY, verdict=verdict, checks=checks)

    found = checked.check_days()
    assert sorted(found, key=str) == sorted(
        [
            day("haiku", 0, "ok", 1, "anthropic"),
            day("gpt", 0, None, 1),
            day("gpt", 0, "error", 1),
            day("gpt", 0, "ok", 1),
            day("gpt", 0, "slow", 1),
            day("gpt", 1, "ok", 1),
        ],
        key=str,
    )
    assert found[-1].at == midnight + DAY
    assert [(one.at, one.checks) for one in checked.check_days(NOON + DAY, offset_s=3600)] == [
        (midnight + DAY - timedelta(hours=1), 1)
    ]


def test_changes_of_state_are_told_newest_first(checked: Reader) -> None:
    assert checked.flips()[0] == FlipRow(
        provider="openai",
        model="gpt",
        at=NOON + 5 * MINUTE,
        state_before="up",
        state="down",
        reason="because",
        check_pk=None,
    )
    assert [flip.check_pk for flip in checked.flips(model="gpt", until=NOON + MINUTE)] == [1]
    assert [flip.model for flip in checked.flips(NOON, provider="openai", limit=2)] == ["gpt", "haiku"]


def test_a_model_is_told_with_its_last_checks_and_its_last_flip(checked: Reader) -> None:
    haiku, gpt = checked.models()
    assert (haiku.provider, haiku.model, gpt.provider, gpt.model) == ("anthropic", "haiku", "openai", "gpt")
    assert (numbers(gpt.last), gpt.flip, gpt.first_check_at) == ([6, 4], checked.flips()[0], NOON)
    assert (numbers(haiku.last), haiku.flip) == ([5], None)


def test_a_model_whose_checks_never_ended_is_told_too(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(tables.checks.insert(), [a_check("gpt", 0, None)])
    assert Reader(engine).models() == (
        ModelRow(provider="openai", model="gpt", flip=None, last=(), first_check_at=NOON),
    )


def test_nothing_was_checked(empty: Reader) -> None:
    assert empty.models() == empty.checks() == empty.check_days() == empty.flips() == ()
