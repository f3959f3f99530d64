from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from audit import wiring
from audit.canary.state import State
from audit.cli import _options
from audit.cli.canary import NO_MODELS, _span
from tests.cli.record import add_checks
from tests.cli.terminal import Audit
from tests.dashboard.record import a_record

Configure = Callable[..., None]


@pytest.fixture
def configure(tmp_path: Path, provider: str) -> Configure:
    """Names models to be checked, of a fake provider, in the configuration file; and canaries, as they are given."""

    def write(*models: str, canaries: str = "") -> None:
        named = "".join(f'[[models]]\nname = "{model}"\nprovider = "here"\n' for model in models)
        config = f'[providers.here]\nbase_url = "{provider}/openai"\n{named}{canaries}'
        (tmp_path / "audit.toml").write_text(config)

    return write


TWO = """
[[canaries]]
name = "sum"
prompt = "What is {a} + {b}? Answer with the number only."
every = "90s"
expect.regex = "{sum}"

[[canaries]]
name = "blocked"
prompt = "Something violent. [[sim:prompt_blocked=violence]]"
models = ["gpt-4o"]
every = "2h"
expect.outcome = "blocked_prompt"
"""


def test_the_plan_is_a_table(audit: Audit, configure: Configure) -> None:
    configure("gpt-4o", "gpt-5", canaries=TWO)
    said = audit("canary", "list")
    assert said.code == 0
    assert [line.split() for line in said.lines] == [
        ["canary", "provider", "model", "every"],
        ["sum", "here", "gpt-4o", "90s"],
        ["sum", "here", "gpt-5", "90s"],
        ["blocked", "here", "gpt-4o", "2h"],
    ]


def test_the_plan_in_json_has_seconds(audit: Audit, configure: Configure) -> None:
    configure("gpt-4o", canaries=TWO)
    assert audit("canary", "list", "--json").json == [
        {"canary": "sum", "provider": "here", "model": "gpt-4o", "every_s": 90.0},
        {"canary": "blocked", "provider": "here", "model": "gpt-4o", "every_s": 7200.0},
    ]


def test_without_models_it_is_told_how_to_name_them(audit: Audit) -> None:
    listed = audit("canary", "list")
    assert (listed.code, listed.out, listed.err) == (0, "", NO_MODELS + "\n")
    assert audit("canary", "list", "--json").json == []
    for command in ("run", "schedule"):
        said = audit("canary", command)
        assert (said.code, said.out) == (2, "")
        assert said.err == f"Error: {NO_MODELS}\n"


def test_every_canary_is_asked_and_what_goes_well_exits_with_0(audit: Audit, configure: Configure) -> None:
    configure("gpt-4o", "gpt-5", canaries=TWO)
    said = audit("canary", "run")
    assert said.code == 0, said.out
    verdicts = [line for line in said.lines if not line.startswith(" ")]
    assert [line.partition(":")[0] for line in verdicts] == [
        "ok           gpt-4o at here, sum",
        "ok           gpt-5 at here, sum",
        "ok           gpt-4o at here, blocked",
    ]
    assert "             unknown → up: a check went well" in said.lines


def test_what_goes_wrong_is_told_and_exits_with_1(audit: Audit, configure: Configure) -> None:
    configure("gpt-4o", "gpt-4o+wrong", canaries=TWO)
    said = audit("canary", "run", "--canary", "sum")
    assert said.code == 1
    assert any(line.startswith("ok           gpt-4o at here, sum: ") for line in said.lines)
    assert any(line.startswith("wrong        gpt-4o+wrong at here, sum: ") for line in said.lines)


def test_some_can_be_chosen_and_json_tells_the_same(audit: Audit, configure: Configure) -> None:
    configure("gpt-4o", "gpt-5", canaries=TWO)
    said = audit("canary", "run", "--model", "gpt-4o", "--canary", "blocked", "--json")
    assert said.code == 0
    (check,) = said.json
    assert (check["canary"], check["model"], check["verdict"]) == ("blocked", "gpt-4o", "ok")
    assert audit("calls", "show", check["call_id"]).code == 0


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--model", "gpt-9"], "Invalid value for --model: gpt-9; there are gpt-4o, gpt-5"),
        (["--canary", "a", "--canary", "b"], "Invalid value for --canary: a, b; there are blocked, sum"),
        (
            ["--model", "gpt-5", "--canary", "blocked"],
            "none of these canaries is meant for any of these models; see `audit canary list`",
        ),
    ],
)
def test_what_is_not_planned_cannot_be_chosen(
    audit: Audit, configure: Configure, words: list[str], complaint: str
) -> None:
    configure("gpt-4o", "gpt-5", canaries=TWO)
    said = audit("canary", "run", *words)
    assert (said.code, said.out) == (2, "")
    assert said.err.endswith(f"Error: {complaint}\n")


def test_a_canary_that_cannot_be_asked_is_told(audit: Audit, configure: Configure) -> None:
    configure("gpt-4o", canaries='[[canaries]]\nname = "odd"\nprompt = "Hm?"\nexpect.json_schema = {type = 7}\n')
    said = audit("canary", "run")
    assert said.code == 2
    assert said.err.startswith("Error: ")
    assert "json_schema" in said.err


def test_a_schedule_runs_until_it_is_told_to_stop(
    audit: Audit, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure("gpt-4o", canaries=TWO.replace('"90s"', '"1s"'))
    monkeypatch.setattr(wiring, "wait_for_interrupt", lambda: threading.Event().wait(2.5))
    said = audit("canary", "schedule")
    assert said.code == 0
    assert said.err.splitlines() == [
        "2 canaries are asked on schedule. Ctrl-C stops; `audit canary status` tells how they do.",
        "stopping when what is being asked has ended; Ctrl-C again to leave at once",
    ]
    assert {check["canary"] for check in audit("canary", "checks", "--json").json} == {"sum", "blocked"}


def test_a_schedule_that_another_process_has_started_ends_with_it_and_keeps_silent(
    audit: Audit, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[bool] = []
    configure("gpt-4o")
    monkeypatch.setattr(_options, "end_with_parent", lambda: ended.append(True))
    monkeypatch.setattr(wiring, "wait_for_interrupt", lambda: None)
    said = audit("canary", "schedule", "--with-parent")
    assert (said.code, said.err, ended) == (0, "", [True])


def test_states_are_a_table(audit: Audit, filled: str) -> None:
    said = audit("canary", "status")
    assert said.code == 0
    assert said.lines[0].split("  ")[:2] == ["provider", "model"]
    assert said.lines[1].split()[:3] == ["openai", "gpt-4o", "up"]
    assert said.lines[1].endswith("arithmetic ok")
    assert [row["flip"]["state"] for row in audit("canary", "status", "--json").json] == ["up"]


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_model_that_is_down_exits_with_1(audit: Audit, home: Path, form: list[str]) -> None:
    add_checks(a_record(home), ended=State.DOWN)
    said = audit("canary", "status", *form)
    assert said.code == 1
    assert "down" in said.out


def test_a_model_that_never_changed_its_state_is_unknown(
    audit: Audit, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure("gpt-4o+timeout")
    audit("canary", "run")
    said = audit("canary", "status")
    assert said.code == 0
    assert said.lines[1].split()[:4] == ["here", "gpt-4o+timeout", "unknown", "–"]


def test_where_nothing_was_checked_that_is_told(audit: Audit) -> None:
    said = audit("canary", "status")
    assert (said.code, said.out) == (0, "")
    assert said.err == "No model has been checked yet; `audit canary run` does.\n"
    assert audit("canary", "status", "--json").json == []
    said = audit("canary", "checks")
    assert (said.code, said.out) == (0, "")
    assert said.err.startswith("No such check since 20")
    assert audit("canary", "checks", "--json").json == []


def test_checks_are_listed_the_latest_first(audit: Audit, filled: str) -> None:
    said = audit("canary", "checks")
    assert said.code == 0
    assert [line[20:].split()[:4] for line in said.lines[1:]] == [
        ["openai", "gpt-4o", "arithmetic", "not"],
        ["openai", "gpt-4o", "arithmetic", "ok"],
        ["openai", "gpt-4o", "arithmetic", "slow"],
    ]
    assert said.lines[-1].endswith("first token after 9 s")


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ([], 3),
        (["--limit", "1"], 1),
        (["--model", "gpt-4o"], 3),
        (["--model", "gpt-5"], 0),
        (["--canary", "arithmetic"], 3),
        (["--canary", "other"], 0),
    ],
)
def test_checks_can_be_chosen(audit: Audit, filled: str, words: list[str], count: int) -> None:
    assert len(audit("canary", "checks", "--json", *words).json) == count


def test_checks_since_a_moment_are_those_that_began_then_or_later(audit: Audit, filled: str) -> None:
    newest, before, _ = audit("canary", "checks", "--json").json
    since = audit("canary", "checks", "--json", "--since", before["started_at"]).json
    assert [one["pk"] for one in since] == [newest["pk"], before["pk"]]


@pytest.mark.parametrize("command", ["list", "status", "checks"])
def test_eighty_columns_hold_the_tables(
    audit: Audit, configure: Configure, filled: str, terminal: pytest.MonkeyPatch, command: str
) -> None:
    terminal.setenv("NO_COLOR", "1")
    configure("gpt-4o", canaries=TWO)
    assert max(map(len, audit("canary", command).lines)) <= 80


@pytest.mark.parametrize(
    ("seconds", "written"), [(30, "30s"), (90, "90s"), (300, "5m"), (7200, "2h"), (172_800, "2d"), (0.5, "0.5s")]
)
def test_intervals_are_written_as_they_are_configured(seconds: float, written: str) -> None:
    assert _span(timedelta(seconds=seconds)) == written
