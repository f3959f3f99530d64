from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from audit.call import Exchange, Tags
from audit.canary.plan import Assignment, plan
from audit.canary.prompt import Request
from audit.canary.run import Ask, Checked, Runner
from audit.canary.state import State
from audit.canary.verdict import Judgement, Verdict
from audit.errors import StoreError
from audit.interpret import Interpreter
from audit.settings import Settings
from audit.store.checks import Checks
from audit.store.engine import open_engine
from audit.store.tables import checks as checks_table
from audit.store.tables import flips as flips_table
from tests.canary.answering import an_answering_model, ask_plainly, calculate, fail
from tests.canary.canaries import NOON, a_canary, a_target
from tests.databases import KIND, a_database, an_empty_database

EVERY = timedelta(minutes=5)
KEY = "sk-very-secret"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with a_database(KIND, tmp_path) as url:
        engine = open_engine(url)
        yield engine
        engine.dispose()


def an_assignment(base_url: str = "http://127.0.0.1:1", **canary: Any) -> Assignment:
    """Return the default canary for one model at `base_url`."""
    settings = Settings.model_validate(
        {
            "home": Path("home"),
            "providers": {"here": {"base_url": base_url, "key_env": "HERE_KEY", "dialect": "anthropic_messages"}},
            "models": [{"name": "opus", "provider": "here"}],
        }
    )
    (one,) = plan(settings)
    return replace(one, canary=replace(one.canary, **canary))


def a_runner(
    engine: Engine, *assignments: Assignment, ask: Ask = ask_plainly, at: datetime = NOON, **over: Any
) -> Runner:
    plain: dict[str, Any] = {
        "ask": ask,
        "interpret": Interpreter(pricing=lambda _reading, _exchange: None),
        "checks": Checks(engine),
        "environ": {"HERE_KEY": f" {KEY}\n"},
        "by": "here:1",
        "clock": lambda: at,
    }
    return Runner(assignments, **{**plain, **over})


def run(engine: Engine, assignment: Assignment, at: datetime = NOON, **over: Any) -> Checked:
    """Run a check now, by a runner that lives for it alone."""
    checked = a_runner(engine, assignment, at=at, **over).run(assignment, at)
    assert checked is not None
    return checked


def rows(engine: Engine, table: Any) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(select(table).order_by(table.c.pk))]


def never_ask(request: Request, *, tags: Tags, timeout_s: float) -> Exchange:
    raise AssertionError("nothing should be asked")  # pragma: no cover  # that is the point


def test_the_default_canary_finds_a_good_model_up(engine: Engine) -> None:
    with an_answering_model(calculate) as model:
        checked = run(engine, an_assignment(model.base_url))
    assert checked.judgement == Judgement(verdict=Verdict.OK)
    assert checked.call is not None
    assert checked.call.exchange.tags == Tags(canary="arithmetic")
    ((headers, question),) = model.requests
    assert (headers["x-api-key"], question["model"], question["stream"]) == (KEY, "opus", True)
    (row,) = rows(engine, checks_table)
    assert (row["canary"], row["provider"], row["model"], row["claimed_by"]) == ("arithmetic", "here", "opus", "here:1")
    assert (row["verdict"], row["model_served"], row["call_id"]) == ("ok", "opus", checked.call.exchange.id)
    assert 0 < row["first_token_us"] <= row["duration_us"]
    (flip,) = checked.flips
    assert (flip.state, flip.check_pk) == (State.UP, row["pk"])


def test_a_wrong_answer_is_judged_by_the_slots_own_numbers(engine: Engine) -> None:
    with an_answering_model(lambda question: calculate({**question, "messages": [{"content": "2 and 3"}]})) as model:
        checked = run(engine, an_assignment(model.base_url))
    assert checked.judgement.verdict is Verdict.WRONG
    assert checked.judgement.reasons[0].startswith("the answer is '6', expected to match")


def test_three_failures_take_a_model_down_and_an_answer_brings_it_back(engine: Engine) -> None:
    with an_answering_model(calculate, fail, fail, fail, calculate) as model:
        assignment = an_assignment(model.base_url)
        checks = [run(engine, assignment, NOON + number * EVERY) for number in range(5)]
    assert [checked.judgement.verdict.value for checked in checks] == ["ok", "error", "error", "error", "ok"]
    assert [[flip.state.value for flip in checked.flips] for checked in checks] == [
        ["up"],
        [],
        [],
        ["down"],
        ["degraded"],
    ]
    stored = [(row["state_before"], row["state"], row["at"]) for row in rows(engine, flips_table)]
    assert stored == [
        ("unknown", "up", NOON),
        ("up", "down", NOON + EVERY),
        ("down", "degraded", NOON + 4 * EVERY),
    ]


def test_a_pause_leaves_a_gap_in_what_is_known(engine: Engine) -> None:
    with an_answering_model(calculate) as model:
        assignment = an_assignment(model.base_url)
        run(engine, assignment)
        checked = run(engine, assignment, NOON + timedelta(hours=2))
    assert [(flip.state.value, flip.at) for flip in checked.flips] == [
        ("unknown", NOON + 2.5 * EVERY),
        ("up", NOON + timedelta(hours=2)),
    ]


def test_silence_is_measured_by_a_models_most_frequent_canary(engine: Engine) -> None:
    with an_answering_model(calculate) as model:
        hourly = an_assignment(model.base_url, name="hourly", every=timedelta(hours=1))
        often = an_assignment(model.base_url)
        elsewhere = replace(often, target=replace(often.target, model="other"))
        runner = a_runner(engine, hourly, often, elsewhere)
        runner.run(hourly, NOON)
        later = NOON + timedelta(minutes=40)
        checked = a_runner(engine, hourly, often, elsewhere, at=later).run(hourly, later)
    assert checked is not None
    assert [flip.state.value for flip in checked.flips] == ["unknown", "up"]


def test_a_provider_that_cannot_be_reached_fails(engine: Engine) -> None:
    checked = run(engine, an_assignment())
    assert checked.judgement.verdict is Verdict.ERROR
    assert checked.judgement.reasons[0].startswith("httpx2.ConnectError: ")
    assert checked.call is not None
    assert rows(engine, checks_table)[0]["call_id"] == checked.call.exchange.id


def test_a_slot_that_someone_else_has_is_left_to_them(engine: Engine) -> None:
    with an_answering_model(calculate) as model:
        assignment = an_assignment(model.base_url)
        run(engine, assignment)
        assert a_runner(engine, assignment, ask=never_ask).run(assignment, NOON) is None
    assert len(model.requests) == 1


@pytest.mark.parametrize("environ", [{}, {"HERE_KEY": ""}, {"HERE_KEY": " \n"}])
def test_nothing_is_asked_without_the_key(engine: Engine, environ: dict[str, str]) -> None:
    checked = run(engine, an_assignment(), ask=never_ask, environ=environ)
    reason = "the environment variable HERE_KEY is not set; it must hold the key of here"
    assert checked.judgement == Judgement(verdict=Verdict.UNAUTHORISED, reasons=(reason,))
    assert checked.call is None
    assert rows(engine, checks_table)[0]["reasons"] == [reason]


def test_a_provider_may_need_no_key(engine: Engine) -> None:
    with an_answering_model(calculate) as model:
        one = an_assignment(model.base_url)
        checked = run(engine, replace(one, target=replace(one.target, key_env=None)), environ={})
    assert checked.judgement.verdict is Verdict.OK
    assert "x-api-key" not in model.requests[0][0]


def test_a_check_that_breaks_says_so_and_keeps_the_key_to_itself(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(request: Request, *, tags: Tags, timeout_s: float) -> Exchange:
        raise ValueError(f"bad header {request.headers['x-api-key']}")

    checked = run(engine, an_assignment(), ask=break_down)
    assert checked.judgement == Judgement(verdict=Verdict.UNASKED, reasons=("ValueError: bad header [redacted]",))
    assert rows(engine, checks_table)[0]["verdict"] == "unasked"
    assert caplog.record_tuples == [
        ("audit", logging.ERROR, "canary arithmetic could not be asked of opus: ValueError: bad header [redacted]")
    ]


def test_a_canary_that_cannot_be_asked_says_so(engine: Engine) -> None:
    one = Assignment(canary=a_canary(), target=a_target(dialect="unknown"))
    checked = run(engine, one, ask=never_ask, environ={})
    assert checked.judgement.verdict is Verdict.UNASKED
    assert "a canary cannot be asked in dialect 'unknown'" in checked.judgement.reasons[0]


def test_the_canarys_timeout_is_handed_on(engine: Engine) -> None:
    given: list[float] = []

    def wait(request: Request, *, tags: Tags, timeout_s: float) -> Exchange:
        given.append(timeout_s)
        return ask_plainly(request, tags=tags, timeout_s=timeout_s)

    run(engine, an_assignment(timeout=timedelta(seconds=7.5)), ask=wait)
    assert given == [7.5]


def test_a_change_that_another_runner_stored_first_is_not_stored_again(engine: Engine) -> None:
    class Late(Checks):
        """Comes to store its flip just after someone else has."""

        def add_flip(self, provider: str, model: str, **flips: Any) -> bool:
            assert super().add_flip(provider, model, **flips)
            return super().add_flip(provider, model, **flips)

    with an_answering_model(calculate) as model:
        checked = run(engine, an_assignment(model.base_url), checks=Late(engine))
    assert checked.flips == ()
    assert len(rows(engine, flips_table)) == 1


def test_a_database_that_is_gone_is_the_callers_to_hear_of(tmp_path: Path) -> None:
    engine = open_engine(an_empty_database(KIND, tmp_path))
    with pytest.raises(StoreError):
        run(engine, an_assignment(), ask=never_ask)
    engine.dispose()
