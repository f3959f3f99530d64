"""Installs the tools that are run through the proxy into a folder: `python3 -m tests.tools.install FOLDER [--all]`.

From npm: Node 24 (some need it, and on an older one npm would pick old versions of others), coding agents and the
SDKs for JavaScript. With --all from PyPI too: tools and frameworks that stand on older SDKs than ours.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

__all__ = ["install"]

NODE = "node@24.21.0"
AGENTS = (
    "@anthropic-ai/claude-code@2.1.332",
    "@openai/codex@0.171.0",
    "@google/gemini-cli@0.61.0",
    "opencode-ai@1.18.33",
    "openclaw@2026.9.6",
    "openai@7.59.0",
    "@anthropic-ai/sdk@1.14.0",
    "@google/genai@3.3.0",
)
"""To the last digit: these change their settings from week to week, and the README names the versions."""
PYTHON = {
    "aider": ("aider-chat==0.86.2",),
    "litellm": ("litellm==1.106.2",),  # stands on openai 2
    "frameworks": (
        "langchain-anthropic==1.7.10",
        "langchain-google-genai==4.4.3",
        "langchain-openai==1.7.4",
        "llm==0.36",
        "llm-anthropic==0.30",
        "pydantic-ai-slim[anthropic,google,openai]==2.68.0",
    ),
}


def install(folder: Path, *, python_too: bool) -> None:
    """Install what is not there yet; raise `CalledProcessError` if it cannot be."""
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor() as pool:  # each waits for a registry of its own
        steps = [pool.submit(_agents, folder)]
        steps += [pool.submit(_pip, folder / name, *packages) for name, packages in PYTHON.items() if python_too]
    for step in steps:
        step.result()


def _agents(folder: Path) -> None:
    _npm(folder, NODE)
    _npm(folder, *AGENTS)


def _pip(venv: Path, *packages: str) -> None:
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    quiet = ["--quiet", "--disable-pip-version-check"]
    subprocess.run([venv / "bin" / "pip", "install", *quiet, *packages], check=True)


def _npm(folder: Path, *packages: str) -> None:
    environ = {**os.environ, "PATH": f"{folder / 'node_modules' / '.bin'}:{os.environ['PATH']}"}
    quiet = ["--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=5"]
    subprocess.run(["npm", "install", "--prefix", folder, *quiet, *packages], env=environ, check=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all", action="store_true", help="what comes from PyPI too")
    given = parser.parse_args()
    install(given.folder.absolute(), python_too=given.all)
