"""The official SDKs through the proxy: the same results as without it, and what was served is what is recorded."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.simulator import process
from tests.sdks import SDKS, Sdk
from tests.tools.stage import staged

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the SDKs' own, of each other
PROMPT = "Tell me about harbours."
SCENES = ("", "[[sim:gzip]]", "[[sim:bad_request]]", "[[sim:completion_cut]]", "[[sim:unicode]]")
STREAMS = ("", "[[sim:split=7]]", "[[sim:zstd]]", "[[sim:crlf]]", "[[sim:length]]", "[[sim:error_stream=3]]")
OLD_OPENAI = os.environ.get("AUDIT_TEST_OPENAI2")


@pytest.fixture(scope="module")
def simulator() -> Iterator[str]:
    with process.running() as url:
        yield url


@pytest.fixture(params=SDKS)
def sdk(request: pytest.FixtureRequest) -> Sdk:
    return SDKS[request.param]


def mount(sdk: Sdk) -> str:
    return {"google.genai": "gemini"}.get(sdk.package, sdk.package)


def test_answers_and_errors_are_the_same_and_on_record(sdk: Sdk, simulator: str, tmp_path: Path) -> None:
    prompts = [f"{PROMPT} {scene}" for scene in SCENES]

    async def asked(base_url: str) -> list[str]:
        async with sdk.client_async(base_url) as client:
            return await asyncio.gather(*(sdk.asked_async(client, prompt) for prompt in prompts))

    with sdk.client(f"{simulator}/{mount(sdk)}") as bare:
        plain = [sdk.asked(bare, prompt) for prompt in prompts]
    with staged(simulator, tmp_path, tagged=False) as stage:
        with sdk.client(f"{stage.url}/{mount(sdk)}") as client:
            assert [sdk.asked(client, prompt) for prompt in prompts] == plain
        assert asyncio.run(asked(f"{stage.url}/{mount(sdk)}")) == plain
    assert len(stage.calls) == 2 * len(prompts)


def test_streams_come_in_the_same_pieces_and_are_on_record(sdk: Sdk, simulator: str, tmp_path: Path) -> None:
    prompts = [f"{PROMPT} {scene}" for scene in STREAMS]

    async def streamed(base_url: str) -> list[list[str]]:
        async with sdk.client_async(base_url) as client:
            return [[piece async for piece in sdk.streamed_async(client, prompt)] for prompt in prompts]

    with sdk.client(f"{simulator}/{mount(sdk)}") as bare:
        plain = [list(sdk.streamed(bare, prompt)) for prompt in prompts]
    with staged(simulator, tmp_path, tagged=False) as stage:
        with sdk.client(f"{stage.url}/{mount(sdk)}") as client:
            assert [list(sdk.streamed(client, prompt)) for prompt in prompts] == plain
        assert asyncio.run(streamed(f"{stage.url}/{mount(sdk)}")) == plain
    assert all(call.row.streamed for call in stage.calls)
    assert len(stage.calls) == 2 * len(prompts)


def test_each_attempt_is_a_call(sdk: Sdk, simulator: str, tmp_path: Path) -> None:
    prompt = f"{PROMPT} [[sim:fail=2:{uuid.uuid4()} rate_limit=0]]"
    with staged(simulator, tmp_path, tagged=False) as stage, sdk.client(f"{stage.url}/{mount(sdk)}") as client:
        assert "Error" not in sdk.asked(client, prompt)
    assert [call.row.status for call in stage.calls] == [429, 429, 200]
    assert [call.row.attempt for call in stage.calls] == ([0, 1, 2] if sdk.tells_attempts else [None, None, None])


@pytest.mark.skipif(not OLD_OPENAI, reason="AUDIT_TEST_OPENAI2 names no folder with openai<3, which needs httpx")
def test_the_last_openai_sdk_on_httpx_passes_too() -> None:
    """In a process of its own: one process has one openai."""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("AUDIT_TEST_OPENAI2", "PYTEST_ADDOPTS")
    }
    environment["PYTHONPATH"] = str(OLD_OPENAI)
    command = [sys.executable, "-m", "pytest", "-q", "-k", "openai", "-p", "no:cacheprovider", __file__]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-5_000:]
