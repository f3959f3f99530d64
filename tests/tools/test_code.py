"""The code that `audit connect` prints, run as it is: SDKs of Python and JavaScript, frameworks, command-line tools."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.simulator import process
from tests.tools.stage import MODELS, TOOLS, Stage, program, staged

VENDORS = (
    ("openai", "openai", ""),
    ("openai", "openai", "chat"),
    ("anthropic", "anthropic", ""),
    ("google-genai", "gemini", ""),
)
QUESTION = "What is the capital of France?"


@pytest.fixture(scope="module")
def simulator() -> Iterator[str]:
    with process.running() as url:
        yield url


def code(stage: Stage, tool: str, provider: str, wanted: str, language: str) -> str:
    """Return what is printed in a language."""
    advice = stage.connect(tool, provider, *(["--format", wanted] if wanted else []), "--model", MODELS[provider])
    (text,) = [block["text"] for block in advice["blocks"] if block["language"] == language]
    return str(text)


@pytest.mark.parametrize(("tool", "provider", "wanted"), VENDORS)
def test_an_sdk_of_python(simulator: str, tmp_path: Path, tool: str, provider: str, wanted: str) -> None:
    with staged(simulator, tmp_path) as stage:
        assert stage.run([sys.executable, "-c", code(stage, tool, provider, wanted, "python")])
    assert len(stage.calls) == 1


@pytest.mark.parametrize(("tool", "provider", "wanted"), VENDORS)
def test_an_sdk_of_javascript(simulator: str, tmp_path: Path, tool: str, provider: str, wanted: str) -> None:
    node = program("node")
    with staged(simulator, tmp_path) as stage:
        (stage.home / "node_modules").symlink_to(TOOLS / "node_modules")
        (stage.home / "ask.mjs").write_text(code(stage, tool, provider, wanted, "javascript"))
        assert stage.run([node, "ask.mjs"])
    assert len(stage.calls) == 1


@pytest.mark.parametrize("provider", MODELS)
@pytest.mark.parametrize("tool", ["langchain", "pydantic-ai", "litellm"])
def test_a_framework(simulator: str, tmp_path: Path, tool: str, provider: str) -> None:
    python = program("litellm" if tool == "litellm" else "llm").with_name("python")
    with staged(simulator, tmp_path) as stage:
        assert stage.run([python, "-c", code(stage, tool, provider, "", "python")])
    assert len(stage.calls) == 1


@pytest.mark.parametrize("provider", MODELS)
def test_aider(simulator: str, tmp_path: Path, provider: str) -> None:
    aider = program("aider")
    quiet = ["--no-git", "--yes-always", "--no-check-update", "--no-analytics", "--no-show-release-notes"]
    prefix = provider if provider != "openai" else "openai"
    with staged(simulator, tmp_path) as stage:
        advice = stage.connect("aider", provider)
        shell, settings = (block["text"] for block in advice["blocks"])
        (stage.home / ".aider.model.settings.yml").write_text(settings)
        model = ["--no-show-model-warnings", "--model", f"{prefix}/{MODELS[provider]}"]
        stage.run([aider, *quiet, *model, "--message", QUESTION], shell=shell)
    assert len(stage.calls) == 1


def test_llm_with_a_model_of_its_file(simulator: str, tmp_path: Path) -> None:
    llm = program("llm")
    with staged(simulator, tmp_path) as stage:
        advice = stage.connect("llm", "openai")
        shell, models = (block["text"] for block in advice["blocks"])
        (stage.home / "extra-openai-models.yaml").write_text(models)
        place = {"LLM_USER_PATH": str(stage.home)}
        assert "Paris" in stage.run([llm, "-m", f"audit-{MODELS['openai']}", QUESTION], shell=shell, **place)
    assert [call.row.input_tokens for call in stage.calls] != [None]


@pytest.mark.parametrize(("provider", "model"), [("openai", "gpt-4.1-mini"), ("anthropic", "claude-haiku-4.5")])
def test_llm_with_models_it_knows(simulator: str, tmp_path: Path, provider: str, model: str) -> None:
    llm = program("llm")
    with staged(simulator, tmp_path, tagged=False) as stage:
        advice = stage.connect("llm", provider)
        shell = advice["blocks"][0]["text"]
        assert "Paris" in stage.run([llm, "-m", model, QUESTION], shell=shell, LLM_USER_PATH=str(stage.home))
    assert len(stage.calls) == 1
