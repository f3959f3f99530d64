from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, select

from audit.call import Call, Outcome, Reading
from audit.canary.state import Check, Flip, State
from audit.canary.verdict import Judgement, Verdict
from audit.errors import StoreError
from audit.store.checks import Checks
from audit.store.engine import open_engine
from audit.store.tables import checks as checks_table
from audit.store.tables import flips as flips_table
from tests.databases import KINDS, a_database
from tests.factories import an_exchange

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
OK = Judgement(verdict=Verdict.OK)


@pytest.fixture(params=KINDS)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with a_database(request.param, tmp_path) as url:
        engine = open_engine(url)
        yield engine
        engine.dispose()


def claim(checks: Checks, minute: int = 0, *, model: str = "opus", canary: str = "hello", by: str = "me") -> int | None:
    at = NOON + MINUTE * minute
    return checks.claim(canary, "anthropic", model, slot_at=at, by=by, started_at=at)


def check(checks: Checks, minute: int, judgement: Judgement = OK, *, model: str = "opus", canary: str = "hello") -> int:
    pk = claim(checks, minute, model=model, canary=canary)
    assert pk is not None
    checks.finish(pk, judgement, None, ended_at=NOON + MINUTE * minute + timedelta(seconds=7))
    return pk


def a_flip(state: State, *, before: State = State.UNKNOWN, minute: int = 0, **over: Any) -> Flip:
    at = NOON + MINUTE * minute
    return Flip(**{"at": at, "seen_at": at, "before": before, "state": state, "reason": "because", **over})


def rows(engine: Engine, table: Any) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(select(table).order_by(table.c.pk))]


def test_a_slot_is_claimed_once(engine: Engine) -> None:
    checks = Checks(engine)
    assert claim(checks) is not None
    assert claim(checks, by="another") is None
    assert claim(checks, 1) is not None
    assert claim(checks, model="sonnet") is not None
    assert claim(checks, canary="other") is not None


def test_a_claim_stands_in_its_owners_name(engine: Engine) -> None:
    pk = claim(Checks(engine), by="x" * 100)
    (row,) = rows(engine, checks_table)
    assert (row["pk"], row["claimed_by"], row["slot_at"], row["started_at"]) == (pk, "x" * 64, NOON, NOON)
    assert (row["ended_at"], row["verdict"], row["reasons"]) == (None, None, None)


def test_of_many_who_want_a_slot_at_once_one_has_it(engine: Engine) -> None:
    together = threading.Barrier(8)

    def grab(name: int) -> list[int | None]:
        together.wait(timeout=30)
        return [claim(Checks(engine), minute, by=str(name)) for minute in range(10)]

    with ThreadPoolExecutor(8) as pool:
        won = [pk for found in pool.map(grab, range(8)) for pk in found if pk is not None]
    assert len(won) == len(set(won)) == 10


def test_what_came_of_a_check_is_kept(engine: Engine) -> None:
    checks = Checks(engine)
    reading = Reading(
        dialect="x", dialect_version=1, provider="p", model_served="opus\x00" + "5" * 900, first_token_us=1_000
    )
    call = Call(exchange=an_exchange(duration_us=2_000), reading=reading, outcome=Outcome.CLEAN)
    pk = claim(checks)
    assert pk is not None
    judgement = Judgement(verdict=Verdict.WRONG, reasons=("bad\x00", "x" * 900))
    checks.finish(pk, judgement, call, ended_at=NOON + MINUTE)
    (row,) = rows(engine, checks_table)
    assert (row["verdict"], row["ended_at"]) == ("wrong", NOON + MINUTE)
    assert row["reasons"] == ["bad\u2400", "x" * 500]
    assert row["call_id"] == UUID("01930000-0000-7000-8000-000000000001")
    assert row["model_served"] == "opus\u2400" + "5" * 495
    assert (row["first_token_us"], row["duration_us"]) == (1_000, 2_000)


def test_a_check_that_asked_nothing_has_no_call(engine: Engine) -> None:
    check(Checks(engine), 0)
    (row,) = rows(engine, checks_table)
    assert (row["verdict"], row["reasons"], row["call_id"], row["model_served"]) == ("ok", None, None, None)


def test_a_served_model_that_was_not_told_is_absent(engine: Engine) -> None:
    reading = Reading(dialect="x", dialect_version=1, provider="p")
    call = Call(exchange=an_exchange(), reading=reading, outcome=Outcome.CLEAN)
    pk = claim(Checks(engine))
    assert pk is not None
    Checks(engine).finish(pk, OK, call, ended_at=NOON)
    assert rows(engine, checks_table)[0]["model_served"] is None


def test_history_is_what_tells_something_about_the_model(engine: Engine) -> None:
    checks = Checks(engine)
    first = check(checks, 1, Judgement(verdict=Verdict.TIMEOUT, reasons=("slow", "more")))
    check(checks, 2, Judgement(verdict=Verdict.THROTTLED))
    check(checks, 3, model="sonnet")
    last = check(checks, 4, canary="other")
    claim(checks, 5)
    seven_s = timedelta(seconds=7)
    assert checks.history("anthropic", "opus") == [
        Check(pk=last, at=NOON + 4 * MINUTE + seven_s, verdict=Verdict.OK),
        Check(pk=first, at=NOON + MINUTE + seven_s, verdict=Verdict.TIMEOUT, reason="slow"),
    ]
    assert [one.pk for one in checks.history("anthropic", "opus", limit=1)] == [last]
    assert checks.history("openai", "opus") == []


def test_the_last_flip_is_found_again(engine: Engine) -> None:
    checks = Checks(engine)
    assert checks.last_flip("anthropic", "opus") is None
    pk = check(checks, 3)
    up = a_flip(State.UP, minute=1, check_pk=pk, seen_at=NOON + 3 * MINUTE + timedelta(seconds=7))
    assert checks.add_flip("anthropic", "opus", old=None, new=up)
    found = checks.last_flip("anthropic", "opus")
    assert found is not None
    assert replace(found, pk=None) == up
    assert checks.last_flip("anthropic", "sonnet") is None


def test_a_flip_to_silence_has_no_check(engine: Engine) -> None:
    checks = Checks(engine)
    check(checks, 0)
    silent = a_flip(State.UNKNOWN, before=State.UP)
    assert checks.add_flip("anthropic", "opus", old=None, new=silent)
    found = checks.last_flip("anthropic", "opus")
    assert found is not None
    assert replace(found, pk=None) == silent


def test_of_two_flips_at_one_moment_the_later_stored_is_the_last(engine: Engine) -> None:
    checks = Checks(engine)
    check(checks, 0)
    checks.add_flip("anthropic", "opus", old=None, new=a_flip(State.DEGRADED))
    first = checks.last_flip("anthropic", "opus")
    checks.add_flip("anthropic", "opus", old=first, new=a_flip(State.DOWN, before=State.DEGRADED))
    last = checks.last_flip("anthropic", "opus")
    assert last is not None
    assert last.state is State.DOWN


def test_a_flip_that_someone_else_has_stored_is_not_stored_again(engine: Engine) -> None:
    checks = Checks(engine)
    check(checks, 0)
    up, down = a_flip(State.UP), a_flip(State.DOWN, before=State.UP, minute=5)
    assert checks.add_flip("anthropic", "opus", old=None, new=up)
    assert not checks.add_flip("anthropic", "opus", old=None, new=up)
    last = checks.last_flip("anthropic", "opus")
    assert checks.add_flip("anthropic", "opus", old=last, new=down)
    assert not checks.add_flip("anthropic", "opus", old=last, new=down)
    assert [row["state"] for row in rows(engine, flips_table)] == ["up", "down"]


def test_of_many_who_see_the_same_change_one_stores_it(engine: Engine) -> None:
    check(Checks(engine), 0)
    together = threading.Barrier(8)

    def store(_: int) -> int:
        checks, stored, last = Checks(engine), 0, None
        for number in range(10):
            new = a_flip((State.UP, State.DOWN)[number % 2], minute=number)
            together.wait(timeout=30)
            stored += checks.add_flip("anthropic", "opus", old=last, new=new)
            together.wait(timeout=30)
            last = checks.last_flip("anthropic", "opus")
        return stored

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(store, range(8))) == 10
    assert [row["at"] for row in rows(engine, flips_table)] == [NOON + MINUTE * number for number in range(10)]


def test_a_database_without_tables_is_told(tmp_path: Path) -> None:
    checks = Checks(open_engine(f"sqlite:///{tmp_path / 'empty.db'}"))
    with pytest.raises(StoreError, match="audit db upgrade"):
        claim(checks)
