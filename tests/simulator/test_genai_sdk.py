"""The google-genai SDK works against the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from google import genai
from google.genai import errors, types

from tests.simulator.wire import PROMPT

MODEL = "gemini-2.5-flash"


@pytest.fixture(scope="module")
def sdk(base_url: str) -> Iterator[genai.Client]:
    sdk = genai.Client(api_key="k", http_options=types.HttpOptions(base_url=base_url))
    yield sdk
    sdk.close()


@pytest.mark.parametrize("scenario", ["", "+reasoning=50", "+crlf+split", "+gzip", "+unicode+split=3", "+cached=3"])
def test_whole_and_streamed_are_the_same(scenario: str, sdk: genai.Client, row: Callable[[], Any]) -> None:
    whole = sdk.models.generate_content(model=MODEL + scenario, contents=PROMPT)
    parts = list(sdk.models.generate_content_stream(model=MODEL + scenario, contents=PROMPT))

    assert "".join(part.text or "" for part in parts) == whole.text
    assert parts[-1].usage_metadata == whole.usage_metadata
    assert whole.usage_metadata
    assert whole.usage_metadata.total_token_count == row()["usage"]["total_tokens"]
    assert whole.usage_metadata.thoughts_token_count == row()["usage"]["reasoning_tokens"]


def test_what_filters_do(sdk: genai.Client) -> None:
    blocked = sdk.models.generate_content(model=f"{MODEL}+prompt_blocked=JAILBREAK", contents=PROMPT)
    assert blocked.prompt_feedback
    assert blocked.prompt_feedback.block_reason is types.BlockedReason.JAILBREAK
    assert not blocked.candidates

    [*_, last] = sdk.models.generate_content_stream(model=f"{MODEL}+completion_cut", contents=PROMPT)
    assert last.candidates
    assert last.candidates[0].finish_reason is types.FinishReason.SAFETY
    assert last.candidates[0].safety_ratings
    assert [rating.blocked for rating in last.candidates[0].safety_ratings].count(True) == 1

    cited = sdk.models.generate_content(model=f"{MODEL}+protected_code", contents=PROMPT)
    assert cited.candidates
    assert cited.candidates[0].finish_reason is types.FinishReason.RECITATION


def test_pictures_json_and_counts(sdk: genai.Client) -> None:
    picture = sdk.models.generate_content(model="gemini-2.5-flash-image", contents=PROMPT)
    assert picture.parts
    assert picture.parts[-1].inline_data
    assert picture.parts[-1].inline_data.data
    assert picture.parts[-1].inline_data.data.startswith(b"\x89PNG")

    schema = types.Schema(type=types.Type.OBJECT, properties={"n": types.Schema(type=types.Type.INTEGER)})
    config = types.GenerateContentConfig(response_mime_type="application/json", response_schema=schema)
    assert sdk.models.generate_content(model=MODEL, contents="What is 2 + 3?", config=config).text == '{"n": 5}'

    assert sdk.models.count_tokens(model=MODEL, contents=PROMPT).total_tokens == 13
    texts: Any = [PROMPT, "more"]
    embedded = sdk.models.embed_content(model="gemini-embedding-001", contents=texts).embeddings
    assert embedded
    assert len(embedded) == 2
    assert "models/gemini-2.5-pro" in [model.name for model in sdk.models.list()]


@pytest.mark.parametrize(
    ("scenario", "error", "status"),
    [
        ("+invalid_key", errors.ClientError, "INVALID_ARGUMENT"),
        ("+rate_limit", errors.ClientError, "RESOURCE_EXHAUSTED"),
        ("+server_error", errors.ServerError, "INTERNAL"),
    ],
)
def test_errors(scenario: str, error: type[errors.APIError], status: str, sdk: genai.Client) -> None:
    with pytest.raises(error) as whole:
        sdk.models.generate_content(model=MODEL + scenario, contents=PROMPT)
    with pytest.raises(error):
        list(sdk.models.generate_content_stream(model=MODEL + scenario, contents=PROMPT))

    assert whole.value.status == status


def test_an_error_in_a_stream(sdk: genai.Client) -> None:
    with pytest.raises(errors.ServerError, match="Overloaded"):
        list(sdk.models.generate_content_stream(model=f"{MODEL}+error_stream", contents=PROMPT))


def test_vertex(base_url: str, row: Callable[[], Any]) -> None:
    sdk = genai.Client(enterprise=True, api_key="k", http_options=types.HttpOptions(base_url=base_url))
    answer = sdk.models.generate_content(model=MODEL, contents=PROMPT)
    sdk.close()

    assert answer.create_time
    assert row()["provider"] == "vertex"


def test_the_asynchronous_client(base_url: str, served: Callable[[], Any]) -> None:
    async def ask() -> None:
        sdk = genai.Client(api_key="k", http_options=types.HttpOptions(base_url=base_url))
        async with sdk.aio as client:
            whole = await client.models.generate_content(model=MODEL, contents=PROMPT)
            text = ""
            async for part in await client.models.generate_content_stream(model=MODEL, contents=PROMPT):
                text += part.text or ""
            assert whole.text == text
            with pytest.raises(errors.ClientError):
                await client.models.generate_content(model=f"{MODEL}+quota", contents=PROMPT)
        sdk.close()

    asyncio.run(ask())

    assert [row["status"] for row in served()] == [200, 200, 429]
