"""Canaries as the settings have them: asked through a recorder, judged, and kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from audit import wiring
from audit.call import Outcome
from audit.canary.verdict import Verdict
from audit.errors import PromptError
from audit.settings import Settings
from audit.simulator.process import running
from audit.store.scope import Canaries, Scope
from tests.store.samples import NOON
from tests.wired import PATIENCE_S, keys, patiently, settings_of


@pytest.fixture(scope="module")
def simulator() -> Iterator[str]:
    with running() as url:
        yield url


SUM = {"name": "sum", "prompt": "What is {a} + {b}?", "expect": {"regex": "{sum}"}}


def with_models(home: Path, simulator: str, *canaries: dict[str, Any], models: int = 1, **provider: Any) -> Settings:
    return settings_of(
        home,
        providers={"openai": {"base_url": f"{simulator}/openai", **provider}},
        models=[{"name": name, "provider": "openai"} for name in ("gpt-4o", "gpt-4o-mini")[:models]],
        canaries=canaries or (SUM,),
    )


def test_canaries_are_asked_recorded_and_judged(tmp_path: Path, simulator: str) -> None:
    blocked = {
        "name": "filter",
        "prompt": "Bad words. [[sim:prompt_blocked=violence]]",
        "expect": {"outcome": "blocked_prompt"},
    }
    wrong = {"name": "wrong", "prompt": "Say hello.", "expect": {"text": "no such words at all"}}
    settings = with_models(tmp_path, simulator, blocked, wrong)
    checked = list(wiring.run_canaries(settings, wiring.assignments(settings)))
    assert [(one.assignment.canary.name, one.judgement.verdict) for one in checked] == [
        ("filter", Verdict.OK),
        ("wrong", Verdict.WRONG),
    ]
    assert checked[0].call is not None
    assert checked[0].call.outcome is Outcome.BLOCKED_PROMPT
    with closing(wiring.open_reader(settings)) as reader:
        scope = Scope(canaries=Canaries.ONLY)
        assert reader.totals(scope).calls == 2
        assert [row.verdict for row in reader.checks()] == [one.judgement.verdict for one in reversed(checked)]


def test_only_what_was_chosen_is_asked_through_the_recorder_that_is_given(tmp_path: Path, simulator: str) -> None:
    settings = with_models(tmp_path, simulator, models=2)
    chosen = wiring.assignments(settings)[1:]
    with closing(wiring.open_recorder(settings)) as recorder:
        [checked] = wiring.run_canaries(settings, chosen, recorder=recorder)
        assert recorder.flush(PATIENCE_S)  # it is still open
    assert checked.assignment.target.model == "gpt-4o-mini"
    assert checked.judgement.verdict is Verdict.OK


def test_a_key_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, simulator: str) -> None:
    settings = with_models(tmp_path, simulator, key_env="CANARY_KEY")
    chosen = wiring.assignments(settings)
    monkeypatch.setenv("CANARY_KEY", "")
    [without] = wiring.run_canaries(settings, chosen)
    monkeypatch.setenv("CANARY_KEY", "sk-canary")
    [with_key] = wiring.run_canaries(settings, chosen)
    assert without.judgement.verdict is Verdict.UNAUTHORISED
    assert with_key.judgement.verdict is Verdict.OK
    assert len(keys(settings)) == 1


def test_what_somebody_else_is_asking_is_not_asked_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, simulator: str
) -> None:
    class Stopped(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return NOON

    settings = with_models(tmp_path, simulator)
    monkeypatch.setattr(wiring, "datetime", Stopped)
    chosen = wiring.assignments(settings)
    assert len(list(wiring.run_canaries(settings, chosen))) == 1
    assert list(wiring.run_canaries(settings, chosen)) == []


def test_what_cannot_be_asked_is_told_before_anything_is(tmp_path: Path) -> None:
    settings = with_models(tmp_path, "http://127.0.0.1:1", {"name": "a", "prompt": "b", "models": ["none"]})
    with pytest.raises(PromptError, match="no configured model fits none"), wiring.scheduling(settings):
        pass
    assert list(tmp_path.iterdir()) == []


def test_canaries_are_asked_on_schedule_until_the_block_ends(tmp_path: Path, simulator: str) -> None:
    settings = with_models(tmp_path, simulator, models=2)
    with wiring.scheduling(settings) as number:
        assert number == 2
        patiently(lambda: verdicts(settings) == [Verdict.OK, Verdict.OK])
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("audit-canary")] == []


def verdicts(settings: Settings) -> list[str | None]:
    with closing(wiring.open_reader(settings)) as reader:
        return [row.verdict for row in reader.checks()]
