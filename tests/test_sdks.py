"""The official SDKs through the recording client: the same results as without it, and each attempt on record."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audit.call import Ending, Exchange, Reading
from audit.interpret import Interpreter
from audit.recording.recorder import Recorder
from audit.simulator import process
from tests.recording.kept import a_recorder, journalled
from tests.sdks import SDKS, Sdk

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the SDKs' own, of each other
PROMPT = "Tell me about harbours."
LONG = f"{PROMPT} [[sim:drip=5]]"
OLD_OPENAI = os.environ.get("AUDIT_TEST_OPENAI2")
read = Interpreter(pricing=lambda _reading, _exchange: None).read


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    with process.running() as base_url:
        yield base_url


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return a_recorder(tmp_path)


@pytest.fixture(params=SDKS)
def sdk(request: pytest.FixtureRequest) -> Sdk:
    return SDKS[request.param]


def readings(folder: Path) -> list[tuple[Exchange, Reading]]:
    return [(exchange, read(exchange)) for exchange in journalled(folder)]


def the_only(folder: Path) -> tuple[Exchange, Reading]:
    [found] = readings(folder)
    return found


@pytest.mark.parametrize("prompt", [PROMPT, f"{PROMPT} [[sim:gzip]]", f"{PROMPT} [[sim:bad_request]]"])
def test_an_answer_is_the_same_and_one_call_on_record(
    sdk: Sdk, recorder: Recorder, base_url: str, tmp_path: Path, prompt: str
) -> None:
    with sdk.client(base_url) as bare, sdk.client(base_url, recorder) as recorded:
        plain = sdk.asked(bare, prompt)
        assert sdk.asked(recorded, prompt) == plain
    exchange, reading = the_only(tmp_path)
    assert exchange.ending is Ending.EOF
    assert reading.attempt == (0 if sdk.tells_attempts else None)
    assert (reading.error is None) == ("bad_request" not in prompt)
    assert reading.error is not None or plain in "".join(message.text for message in reading.output)


def test_an_asynchronous_answer_is_the_same_and_one_call_on_record(
    sdk: Sdk, recorder: Recorder, base_url: str, tmp_path: Path
) -> None:
    async def main() -> None:
        async with sdk.client_async(base_url) as bare, sdk.client_async(base_url, recorder) as recorded:
            assert await sdk.asked_async(recorded, PROMPT) == await sdk.asked_async(bare, PROMPT)

    asyncio.run(main())
    exchange, reading = the_only(tmp_path)
    assert (exchange.ending, reading.complete) == (Ending.EOF, True)


@pytest.mark.parametrize("scene", ["", "[[sim:split=7]]", "[[sim:zstd]]", "[[sim:cut=3]]", "[[sim:crlf]]"])
def test_a_stream_comes_in_the_same_pieces_and_is_on_record(
    sdk: Sdk, recorder: Recorder, base_url: str, tmp_path: Path, scene: str
) -> None:
    prompt = f"{PROMPT} {scene}"
    with sdk.client(base_url) as bare, sdk.client(base_url, recorder) as recorded:
        assert list(sdk.streamed(recorded, prompt)) == list(sdk.streamed(bare, prompt))
    exchange, reading = the_only(tmp_path)
    cut = "cut" in scene
    assert exchange.ending in ([Ending.FAILED] if cut else [Ending.EOF, Ending.CLOSED])  # OpenAI's hang up at [DONE]
    assert (reading.streamed, reading.complete) == (True, not cut)


def test_an_asynchronous_stream_does_so_too(sdk: Sdk, recorder: Recorder, base_url: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with sdk.client_async(base_url) as bare, sdk.client_async(base_url, recorder) as recorded:
            plain = [piece async for piece in sdk.streamed_async(bare, PROMPT)]
            assert [piece async for piece in sdk.streamed_async(recorded, PROMPT)] == plain

    asyncio.run(main())
    _, reading = the_only(tmp_path)
    assert reading.complete is True


def test_a_stream_closed_early_is_on_record_as_far_as_it_came(
    sdk: Sdk, recorder: Recorder, base_url: str, tmp_path: Path
) -> None:
    with sdk.client(base_url, recorder) as client:
        pieces = sdk.streamed(client, LONG)
        next(pieces)
        pieces.close()
        del pieces
        gc.collect()
    recorder.close()
    exchange, reading = the_only(tmp_path)
    assert exchange.ending in (Ending.CLOSED, Ending.ABANDONED)
    assert reading.complete is False


def test_a_cancelled_stream_is_on_record_as_far_as_it_came(
    sdk: Sdk, recorder: Recorder, base_url: str, tmp_path: Path
) -> None:
    async def read_on(client: Any, begun: asyncio.Event) -> None:
        async for _ in sdk.streamed_async(client, LONG):
            begun.set()

    async def main() -> None:
        begun = asyncio.Event()
        async with sdk.client_async(base_url, recorder) as client:
            task = asyncio.ensure_future(read_on(client, begun))
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
    gc.collect()
    recorder.close()
    exchange, reading = the_only(tmp_path)
    assert exchange.ending in (Ending.CANCELLED, Ending.CLOSED, Ending.ABANDONED)
    assert reading.complete is False


def test_each_attempt_is_a_call_and_retries_are_told_apart(
    sdk: Sdk, recorder: Recorder, base_url: str, tmp_path: Path
) -> None:
    prompt = f"{PROMPT} [[sim:fail=2:{uuid.uuid4()} rate_limit=0]]"
    with sdk.client(base_url, recorder) as client:
        assert "Error" not in sdk.asked(client, prompt)
    found = readings(tmp_path)
    assert [exchange.status for exchange, _ in found] == [429, 429, 200]
    assert [reading.attempt for _, reading in found] == ([0, 1, 2] if sdk.tells_attempts else [None, None, None])
    assert len({exchange.id for exchange, _ in found}) == 3


def test_many_at_once_are_all_on_record(sdk: Sdk, recorder: Recorder, base_url: str, tmp_path: Path) -> None:
    async def main() -> list[str]:
        async with sdk.client_async(base_url, recorder) as client:
            return await asyncio.gather(*(sdk.asked_async(client, f"{PROMPT} {number}") for number in range(32)))

    answers = asyncio.run(main())
    kept = ["".join(message.text for message in reading.output) for _, reading in readings(tmp_path)]
    assert sorted(kept) == sorted(answers)


APART = ("AUDIT_TEST_OPENAI2", "PYTEST_ADDOPTS")


@pytest.mark.skipif(not OLD_OPENAI, reason="AUDIT_TEST_OPENAI2 names no folder with openai<3, which needs httpx")
def test_the_last_openai_sdk_on_httpx_is_recorded_too() -> None:
    """In a process of its own: one process has one openai."""
    # Without the options of this run: one that measures coverage takes away what this one has measured.
    environment = {name: value for name, value in os.environ.items() if name not in APART}
    environment["PYTHONPATH"] = str(OLD_OPENAI)
    which = [sys.executable, "-c", "import openai; print(openai.__version__)"]
    assert subprocess.run(which, env=environment, stdout=subprocess.PIPE, check=True).stdout.startswith(b"2.")
    command = [sys.executable, "-m", "pytest", "-q", "-k", "openai", "-p", "no:cacheprovider", __file__]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-5_000:]
