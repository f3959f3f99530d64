from __future__ import annotations

import signal
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audit.canary.verdict import Judgement, Verdict
from audit.demo import show
from audit.demo.programme import ACTS, SAMPLE
from tests.cli.terminal import Audit

FEW = (SAMPLE, *(act for act in ACTS if act.provider in ("ollama", "xai")))
PORT_FREE = ["--port", "0"]


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A demo of few calls and a short past, which is interrupted at once."""

    def perform(stage: show.Stage, acts: Sequence[Any] = (), done: Any = None) -> int:
        return whole(stage, FEW, done)

    def interrupted(_stage: show.Stage) -> None:
        raise KeyboardInterrupt

    @contextmanager
    def dashboard(_stage: show.Stage, port: int) -> Iterator[Any]:
        yield lambda: f"http://127.0.0.1:{port}"

    whole = show.Stage.perform
    monkeypatch.setattr(show, "ACTS", FEW)
    monkeypatch.setattr(show, "PAST_CALLS", 20)
    monkeypatch.setattr(show.Stage, "perform", perform)
    monkeypatch.setattr(show.Stage, "keep_going", interrupted)
    monkeypatch.setattr(show.Stage, "dashboard", dashboard)
    return monkeypatch


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where temporary folders are made."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_the_whole_demo_proves_itself_and_leaves_nothing_behind(audit: Audit, home: Path, temporary: Path) -> None:
    """All of the programme, against a real simulator, through a real recorder, into a real database."""
    said = audit("demo", "--once")
    assert said.code == 0, said.out
    assert said.lines[0].startswith("A fake provider answers at http://127.0.0.1:")
    assert " requests were made through the recording client. All 6 canaries went well." in said.lines[1]
    assert said.lines[-1].endswith(" calls in the record: every figure agrees.")
    assert (
        "The first call asked for codex-mini-latest and was served o3-pro (different): 7 tokens in, 15 out," in said.out
    )
    assert not list(temporary.iterdir())
    assert not list(home.iterdir())


def test_json_says_the_same(audit: Audit, short: pytest.MonkeyPatch) -> None:
    said = audit("demo", "--once", "--json")
    assert said.code == 0
    comparison = said.json["comparison"]
    assert comparison["right"] is True
    assert comparison["sent"] == comparison["served"] == comparison["recorded"]
    assert sum(row["calls"] for row in said.json["usage"]) == comparison["recorded"]
    assert {check["verdict"] for check in said.json["checks"]} == {"ok"}
    assert "A fake provider answers at" in said.err


def test_a_figure_that_differs_makes_it_fail(audit: Audit, short: pytest.MonkeyPatch) -> None:
    right = show.compare

    def doctored(served: Any, reader: Any, *, sent: int) -> Any:
        first, *others = served
        return right([{**first, "usage": {**first["usage"], "output_tokens": 16}}, *others], reader, sent=sent)

    short.setattr(show, "compare", doctored)
    said = audit("demo", "--once")
    assert said.code == 1
    assert said.lines[-2].endswith(" calls in the record: they differ.")
    assert said.lines[-1].endswith("output tokens served 16, recorded 15")
    assert audit("demo", "--once", "--json").json["comparison"]["right"] is False


def test_a_canary_that_goes_badly_makes_it_fail(audit: Audit, short: pytest.MonkeyPatch) -> None:
    right = show.Stage.check

    def check(stage: show.Stage) -> Any:
        first, *others = right(stage)
        return [replace(first, judgement=Judgement(verdict=Verdict.WRONG, reasons=("it said 5", "late"))), *others]

    short.setattr(show.Stage, "check", check)
    said = audit("demo", "--once")
    assert said.code == 1
    assert "Of 6 canaries, 1 went badly:\n  arithmetic of gpt-5-mini: it said 5; late\n" in said.out
    assert said.lines[-1].endswith("every figure agrees.")


def test_the_record_stays_in_a_folder_that_is_named(audit: Audit, short: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "demo"
    assert audit("demo", "--once", "--home", str(folder)).code == 0
    assert audit("--config", str(folder / "audit.toml"), "calls", "list").code == 0
    again = audit("demo", "--once", "--home", str(folder))
    assert again.code == 2
    assert again.err.endswith(f"Invalid value for --home: {folder} is not empty; the demo begins with a fresh record\n")


def test_it_serves_the_dashboard_and_a_past_until_it_is_interrupted(
    audit: Audit, short: pytest.MonkeyPatch, temporary: Path
) -> None:
    short.delenv("AUDIT_HOME")
    short.delenv("AUDIT_DATABASE_URL", raising=False)
    short.setattr(sys, "argv", ["/usr/bin/audit", "demo"])
    said = audit("demo", *PORT_FREE)
    assert said.code == 0, said.err
    assert "20 more calls are made up for the weeks before, marked by the label source=made-up." in said.lines
    assert any(line.startswith("The dashboard is at http://127.0.0.1:") for line in said.lines)
    assert f"Its record is in {temporary}/" in said.out
    assert " and goes with the demo. Look at it from elsewhere:\n  /usr/bin/audit --config " in said.out
    assert said.lines[-1] == "Calls and checks go on until you press Ctrl-C."
    assert not list(temporary.iterdir())


def test_the_command_that_looks_at_it_is_right_whatever_the_environment_says(
    audit: Audit, short: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    short.delenv("AUDIT_DATABASE_URL", raising=False)
    short.setattr(sys, "argv", ["audit"])
    folder = tmp_path / "demo folder"
    said = audit("demo", "--no-past", *PORT_FREE, "--home", str(folder))
    assert f"Its record is in {folder}. Look at it from elsewhere:" in said.lines
    assert f"  env -u AUDIT_HOME audit --config '{folder}/audit.toml' calls tail" in said.lines
    assert "made up" not in said.out


def test_the_usual_port_is_taken_only_where_it_is_free(audit: Audit, short: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        short.setattr("audit.cli.demo._PORT", listening.getsockname()[1])
        said = audit("demo", "--no-past")
        assert "is taken, so the dashboard gets another one." in said.err
        assert f"The dashboard is at http://127.0.0.1:{listening.getsockname()[1]}" not in said.out
        port = listening.getsockname()[1]
    said = audit("demo", "--no-past")
    assert f"The dashboard is at http://127.0.0.1:{port}" in said.lines


def test_a_port_that_is_asked_for_and_taken_is_an_error(audit: Audit, short: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        said = audit("demo", "--port", str(port))
    assert (said.code, said.out) == (2, "")
    assert said.err.endswith(f"Invalid value for --port: port {port} is taken; name another, or 0 for any\n")
    assert audit("demo", "--no-past", "--port", str(port)).code == 0


def test_json_is_not_for_a_demo_that_serves(audit: Audit) -> None:
    said = audit("demo", "--json")
    assert (said.code, said.out) == (2, "")
    assert said.err.endswith("Error: --json is for --once; the dashboard has pages\n")


def test_ctrl_c_in_the_middle_clears_up(audit: Audit, short: pytest.MonkeyPatch, temporary: Path) -> None:
    def interrupted(_stage: show.Stage) -> None:
        signal.raise_signal(signal.SIGINT)

    short.setattr(show.Stage, "check", interrupted)
    said = audit("demo", "--once")
    assert said.code == 130
    assert "Traceback" not in said.err
    assert not list(temporary.iterdir())


def test_eighty_columns_hold_the_tables(audit: Audit, short: pytest.MonkeyPatch, terminal: pytest.MonkeyPatch) -> None:
    terminal.setenv("NO_COLOR", "1")
    said = audit("demo", "--once")
    table = said.out.split("\n\n")[1]
    assert table.startswith("provider")
    assert max(map(len, table.splitlines())) <= 80
