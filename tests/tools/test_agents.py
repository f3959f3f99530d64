"""Coding agents as people run them, set up by `audit connect`: they do their job, and all of it is on record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audit.simulator import process
from tests.tools.stage import MODELS, Stage, program, staged

JOB = "[[sim:tool_call={}]] Reply with exactly: `printf %s-%s harbour 42`"
"""The model answers by calling a tool of that name with this command."""
DONE = b"harbour-42"
CODEX = (
    *("--skip-git-repo-check", "--sandbox", "danger-full-access"),  # its sandbox wants user namespaces
    *("-c", "check_for_update_on_startup=false", "-c", "analytics.enabled=false", "--disable", "plugins"),
)
QUESTION = "What is the capital of France?"


@pytest.fixture(scope="module")
def simulator() -> Iterator[str]:
    with process.running() as url:
        yield url


def shell_of(advice: dict[str, Any]) -> str:
    (text,) = [block["text"] for block in advice["blocks"] if block["language"] == "sh"]
    return str(text)


def did_the_job(stage: Stage) -> None:
    """The command's output went back to the model, whose answer ended the work."""
    generating = [call for call in stage.calls if DONE in call.exchange.request_body]
    assert len(generating) == 1
    assert all(call.row.standing == "ok" and call.row.complete for call in stage.calls)


@pytest.mark.parametrize("writing", [False, True], ids=["by shell", "by file"])
def test_claude_code(simulator: str, tmp_path: Path, writing: bool) -> None:
    claude = program("claude")
    with staged(simulator, tmp_path) as stage:
        advice = stage.connect("claude-code", "anthropic", *(["--write"] if writing else []))
        job = ["-p", JOB.format("Bash"), "--model", MODELS["anthropic"], "--allowedTools", "Bash(printf:*)"]
        stage.run([claude, *job], shell="" if writing else shell_of(advice))
    assert [call.row.model_requested for call in stage.calls] == [MODELS["anthropic"]] * 2
    assert [call.row.finish_reason for call in stage.calls] == ["tool_use", "end_turn"]
    did_the_job(stage)


def test_codex(simulator: str, tmp_path: Path) -> None:
    codex = program("codex")
    with staged(simulator, tmp_path) as stage:
        stage.connect("codex", "openai", "--model", MODELS["openai"], "--write")
        stage.run([codex, "exec", *CODEX, JOB.format("exec_command")])
    assert [call.row.operation for call in stage.calls] == ["chat"] * 2
    assert [call.row.model_requested for call in stage.calls] == [MODELS["openai"]] * 2
    did_the_job(stage)


def test_codex_as_it_comes_takes_no_for_an_answer_to_its_websocket(simulator: str, tmp_path: Path) -> None:
    codex = program("codex")
    with staged(simulator, tmp_path, tagged=False) as stage:
        place = ["-c", f"openai_base_url={stage.url}/openai/v1", "-c", f"model={MODELS['openai']}"]
        stage.run([codex, "exec", *CODEX, *place, JOB.format("exec_command")], CODEX_API_KEY="sk-not-a-key")
    did_the_job(stage)


@pytest.mark.parametrize("writing", [False, True], ids=["by shell", "by file"])
def test_gemini_cli(simulator: str, tmp_path: Path, writing: bool) -> None:
    gemini = program("gemini")
    with staged(simulator, tmp_path) as stage:
        advice = stage.connect("gemini-cli", "gemini", *(["--write"] if writing else []))
        if not writing:
            settings = Path(advice["blocks"][0]["path"])
            settings.parent.mkdir()
            settings.write_text(advice["blocks"][0]["text"])
        job = ["--skip-trust", "--yolo", "-m", MODELS["gemini"], "-p", JOB.format("run_shell_command")]
        stage.run([gemini, *job], shell="" if writing else shell_of(advice))
    assert len(stage.calls) == 2
    did_the_job(stage)


def test_gemini_cli_without_a_model_asks_a_small_one_first(simulator: str, tmp_path: Path) -> None:
    gemini = program("gemini")
    with staged(simulator, tmp_path) as stage:
        stage.connect("gemini-cli", "gemini", "--write")
        stage.run([gemini, "--skip-trust", "-p", QUESTION])
    assert len(stage.calls) > 1
    assert len({call.row.model_requested for call in stage.calls}) > 1


@pytest.mark.parametrize(
    ("provider", "wanted", "name"),
    [
        ("anthropic", "messages", "anthropic"),
        ("openai", "responses", "openai"),
        ("openai", "chat", "audit"),
        ("gemini", "gemini", "google"),
    ],
)
def test_opencode(simulator: str, tmp_path: Path, provider: str, wanted: str, name: str) -> None:
    opencode = program("opencode")
    with staged(simulator, tmp_path) as stage:
        stage.connect("opencode", provider, "--format", wanted, "--model", MODELS[provider], "--write")
        stage.run([opencode, "run", "-m", f"{name}/{MODELS[provider]}", JOB.format("bash")])
    did_the_job(stage)


@pytest.mark.parametrize(
    ("provider", "wanted"),
    [("openai", "responses"), ("anthropic", "messages")],  # it takes 15 seconds to start
)
def test_openclaw(simulator: str, tmp_path: Path, provider: str, wanted: str) -> None:
    openclaw = program("openclaw")
    with staged(simulator, tmp_path) as stage:
        advice = stage.connect("openclaw", provider, "--format", wanted, "--model", MODELS[provider], "--write")
        path = Path(advice["blocks"][0]["path"])
        path.write_text(json.dumps({**json.loads(path.read_text()), "update": {"checkOnStart": False}}))
        model = f"audit/{MODELS[provider]}"
        stage.run([openclaw, "agent", "exec", "--config", path, "--model", model, QUESTION])
    assert len(stage.calls) == 1
