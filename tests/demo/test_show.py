from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from audit import wiring
from audit.demo import show
from audit.demo.acts import Act, chat
from audit.demo.programme import ACTS, SAMPLE
from audit.demo.show import Stage, performing
from audit.errors import AuditError
from audit.ports import free_port
from audit.store.scope import Canaries, Scope
from tests.demo.conftest import FEW

EVERYTHING = Scope(canaries=Canaries.WITH)


def calls(stage: Stage, scope: Scope = EVERYTHING) -> Sequence[Any]:
    with closing(wiring.open_reader(stage.settings)) as reader:
        return reader.calls(scope, limit=500).rows


def test_what_is_performed_and_asked_is_in_the_record_to_the_last_figure(stage: Stage) -> None:
    done: list[None] = []
    sent = stage.perform(FEW, lambda: done.append(None))
    checks = stage.check()
    comparison = stage.compare(sent=sent + len(checks))
    assert comparison.differences == ()
    assert comparison.right
    assert len(done) == len(FEW)
    assert {checked.judgement.verdict.value for checked in checks} == {"ok"}
    assert {checked.assignment.canary.name for checked in checks} == {"arithmetic", "filter-is-on"}


def test_a_request_that_was_sent_and_not_served_is_noticed(stage: Stage) -> None:
    sent = stage.perform([SAMPLE])
    assert not stage.compare(sent=sent + 1).right


def test_a_journal_that_is_not_drained_is_an_error(stage: Stage) -> None:
    stuck: Any = SimpleNamespace(flush=lambda _seconds: False)
    with pytest.raises(AuditError, match="the journal was not drained within 60 s"):
        dataclasses.replace(stage, recorder=stuck).compare(sent=0)


def test_a_past_is_made_up_of_what_was_performed_and_marked(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(show, "PAST_CALLS", 250)
    stage.perform(FEW)
    assert stage.recorder.flush(10)
    before = len(calls(stage))
    done: list[int] = []
    stage.make_up_a_past(done.append)
    assert done == [200, 50]
    marked = calls(stage, Scope(labels=(("source", "made-up"),)))
    assert len(calls(stage)) == before + 250
    assert len(marked) == 250
    assert {row.origin for row in marked} == {"import"}


def test_it_goes_on_with_calls_and_checks_until_it_is_interrupted(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(show, "ACTS", (chat("openai", "gpt-4o", "Hello."),))
    monkeypatch.setattr(show, "improvised", lambda acts, seed: iter([*acts, *acts, *acts]) if seed else iter(()))
    pauses: list[float] = []
    monkeypatch.setattr(show, "time", SimpleNamespace(sleep=pauses.append, time_ns=lambda: 1))
    stage.keep_going(0.5)
    assert stage.recorder.flush(10)
    assert pauses == [0.5] * 3
    assert [row.canary for row in calls(stage, Scope(canaries=Canaries.WITHOUT))] == [None] * 3


def test_a_call_that_fails_by_itself_does_not_end_it(
    caplog: pytest.LogCaptureFixture, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing:
        """A performer whose first act raises."""

        def __init__(self, *_: object) -> None:
            self.performed: list[Act] = []

        def perform(self, acts: Sequence[Act]) -> int:
            raise RuntimeError("the provider has gone")

        def close(self) -> None:
            pass

    monkeypatch.setattr(show, "Performer", Failing)
    monkeypatch.setattr(show, "improvised", lambda _acts, seed: iter(ACTS[:2]))
    monkeypatch.setattr(show, "time", SimpleNamespace(sleep=lambda _s: None, time_ns=lambda: 1))
    stage.keep_going()
    assert [record.getMessage() for record in caplog.records if record.exc_info] == ["a call of the demo failed"] * 2


def test_the_environment_has_no_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other"
    monkeypatch.setenv("AUDIT_HOME", str(other))
    monkeypatch.setenv("AUDIT_DATABASE_URL", f"sqlite:///{other}.db")
    home = tmp_path / 'with "quotes"'
    home.mkdir()
    with performing(home) as stage:
        stage.perform([SAMPLE])
        assert stage.compare(sent=1).right
        assert stage.settings.home == home
    assert (home / "audit.db").exists()
    assert [path.name for path in tmp_path.iterdir()] == ['with "quotes"']


def test_all_stops_at_the_end(tmp_path: Path) -> None:
    with performing(tmp_path) as stage:
        assert httpx2.get(f"{stage.simulator}/__sim/health", trust_env=False).is_success
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{stage.simulator}/__sim/health", trust_env=False)


def test_the_pages_answer_while_they_are_served_and_not_after(stage: Stage) -> None:
    port = free_port("127.0.0.1")
    with stage.dashboard(port) as wait:
        address = wait()
        assert address == f"http://127.0.0.1:{port}"
        assert "text/html" in httpx2.get(address, trust_env=False).headers["content-type"]
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{address}/healthz", trust_env=False)


def test_pages_that_do_not_start_are_an_error(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with stage.dashboard(free_port("127.0.0.1")) as wait, pytest.raises(AuditError, match=r"exit code 1.*why above"):
        wait()


def test_pages_that_answer_with_an_error_are_waited_for_no_longer_than_patience_lasts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(show, "_START_S", 0.3)
    monkeypatch.setattr(httpx2, "get", lambda _url, **_options: httpx2.Response(503))
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with pytest.raises(AuditError, match="exit code None"):
        show._answering("http://127.0.0.1:9", process)
    show._stop(process)


def test_pages_that_do_not_end_are_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(show, "_STOP_S", 0.1)
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], stdin=subprocess.PIPE)
    show._stop(process)
    assert process.returncode == -9
