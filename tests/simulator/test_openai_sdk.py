"""The openai SDK works against the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from openai.lib.streaming.responses import ResponseStreamEvent

from tests.simulator.wire import PROMPT

MESSAGES: Any = [{"role": "user", "content": PROMPT}]
WEATHER: Any = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


@pytest.fixture(scope="module")
def sdk(base_url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{base_url}/v1", api_key="sk-x", max_retries=0, timeout=10) as sdk:
        yield sdk


@pytest.fixture(scope="module")
def azure(base_url: str) -> Iterator[openai.AzureOpenAI]:
    with openai.AzureOpenAI(azure_endpoint=base_url, api_key="k", api_version="2024-10-21", max_retries=0) as sdk:
        yield sdk


def test_chat(sdk: openai.OpenAI, row: Callable[[], Any]) -> None:
    completion = sdk.chat.completions.create(model="gpt-4o", messages=MESSAGES)

    assert completion.usage
    assert completion.usage.total_tokens == row()["usage"]["total_tokens"]
    assert completion.choices[0].message.content
    assert row()["headers"]["x-stainless-retry-count"] == "0"


def test_chat_streamed(sdk: openai.OpenAI, row: Callable[[], Any]) -> None:
    whole = sdk.chat.completions.create(model="gpt-4o", messages=MESSAGES).choices[0].message.content
    with sdk.chat.completions.create(
        model="gpt-4o", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    ) as stream:
        parts = list(stream)

    assert "".join(part.choices[0].delta.content or "" for part in parts if part.choices) == whole
    assert parts[-1].usage
    assert parts[-1].usage.total_tokens == row()["usage"]["total_tokens"]


@pytest.mark.parametrize(
    "scenario", ["crlf+split", "gzip", "br", "gzip+split=1", "unicode+split=3", "huge=64", "odd_text"]
)
def test_chat_streamed_in_odd_ways(scenario: str, sdk: openai.OpenAI) -> None:
    with sdk.chat.completions.stream(model=f"gpt-4o+{scenario}", messages=MESSAGES) as stream:
        streamed = stream.get_final_completion().choices[0].message.content
    whole = sdk.chat.completions.create(model=f"gpt-4o+{scenario}", messages=MESSAGES).choices[0].message.content

    assert streamed == whole


def test_responses(sdk: openai.OpenAI, row: Callable[[], Any]) -> None:
    response = sdk.responses.create(model="gpt-5", input=PROMPT)

    assert response.status == "completed"
    assert response.usage
    assert response.usage.output_tokens == row()["usage"]["output_tokens"]
    assert sdk.responses.retrieve(response.id).output_text == response.output_text
    assert sdk.responses.input_tokens.count(model="gpt-5", input=PROMPT).input_tokens == response.usage.input_tokens


@pytest.mark.parametrize("scenario", ["normal", "reasoning", "refusal", "tool_call", "length", "completion_blocked"])
def test_responses_streamed(scenario: str, sdk: openai.OpenAI) -> None:
    model = "gpt-4o" if scenario == "normal" else f"gpt-4o+{scenario}"
    tools: Any = [{"type": "function", "name": "weather", "parameters": WEATHER}]
    with sdk.responses.stream(model=model, input=PROMPT, tools=tools) as stream:
        events: list[ResponseStreamEvent[Any]] = list(stream)
    whole = sdk.responses.create(model=model, input=PROMPT, tools=tools)
    last = events[-1]

    assert last.type in ("response.completed", "response.incomplete")
    assert last.response.output_text == whole.output_text
    assert [item.type for item in last.response.output] == [item.type for item in whole.output]


def test_a_call_of_a_tool(sdk: openai.OpenAI) -> None:
    tools: Any = [{"type": "function", "function": {"name": "weather", "parameters": WEATHER}}]
    with sdk.chat.completions.stream(model="gpt-4o+tool_call", messages=MESSAGES, tools=tools) as stream:
        calls = stream.get_final_completion().choices[0].message.tool_calls

    assert calls
    assert calls[0].function.name == "weather"
    assert '"city"' in calls[0].function.arguments


def test_smaller_operations(sdk: openai.OpenAI) -> None:
    embedded = sdk.embeddings.create(model="text-embedding-3-small", input=["a", "b"], dimensions=8)
    assert [len(one.embedding) for one in embedded.data] == [8, 8]
    assert sdk.moderations.create(input="I hate rain").results[0].flagged
    assert sdk.images.generate(model="gpt-image-1", prompt="a ship").usage
    assert sdk.images.edit(model="gpt-image-1", prompt="a ship", image=("a.png", b"\x89PNG", "image/png")).data
    assert len(sdk.completions.create(model="davinci", prompt=["a", "b"]).choices) == 2
    assert "gpt-4o" in [model.id for model in sdk.models.list()]


@pytest.mark.parametrize(
    ("scenario", "error"),
    [
        ("bad_request", openai.BadRequestError),
        ("prompt_blocked", openai.BadRequestError),
        ("invalid_key", openai.AuthenticationError),
        ("forbidden", openai.PermissionDeniedError),
        ("not_found", openai.NotFoundError),
        ("rate_limit", openai.RateLimitError),
        ("server_error", openai.InternalServerError),
        ("html_error", openai.InternalServerError),
        ("empty_error", openai.InternalServerError),
        ("cut", openai.APIConnectionError),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_errors(scenario: str, error: type[Exception], stream: bool, sdk: openai.OpenAI) -> None:
    with pytest.raises(error):
        list(sdk.chat.completions.create(model=f"gpt-4o+{scenario}", messages=MESSAGES, stream=stream))


@pytest.mark.parametrize("scenario", ["error_stream", "cut"])
def test_errors_in_a_stream(scenario: str, sdk: openai.OpenAI) -> None:
    with pytest.raises(openai.APIError):
        list(sdk.responses.create(model=f"gpt-4o+{scenario}", input=PROMPT, stream=True))
    with pytest.raises(openai.APIError):
        list(sdk.chat.completions.create(model=f"gpt-4o+{scenario}", messages=MESSAGES, stream=True))


def test_it_tries_again_as_told(sdk: openai.OpenAI, served: Callable[[], Any]) -> None:
    trying = sdk.with_options(max_retries=2)
    trying.chat.completions.create(model="gpt-4o+fail=2:openai-sdk+rate_limit=0.01", messages=MESSAGES)

    assert [row["status"] for row in served()] == [429, 429, 200]
    assert [row["headers"]["x-stainless-retry-count"] for row in served()] == ["0", "1", "2"]
    assert len({row["request_sha256"] for row in served()}) == 1


def test_azure(azure: openai.AzureOpenAI, row: Callable[[], Any]) -> None:
    completion = azure.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    assert completion.model_extra
    assert completion.model_extra["prompt_filter_results"]
    assert (row()["provider"], row()["outcome"]) == ("azure", "clean")

    with azure.chat.completions.create(model="gpt-4o+async_hit", messages=MESSAGES, stream=True) as stream:
        assert list(stream)
    assert row()["outcome"] == "blocked_completion"

    with pytest.raises(openai.BadRequestError) as caught:
        azure.chat.completions.create(model="gpt-4o+prompt_blocked=jailbreak", messages=MESSAGES)
    assert caught.value.code == "content_filter"

    assert azure.responses.create(model="gpt-4o", input=PROMPT).model_extra
    assert (row()["provider"], row()["format"]) == ("azure", "responses")


def test_the_asynchronous_client(base_url: str, served: Callable[[], Any]) -> None:
    async def ask() -> None:
        async with openai.AsyncOpenAI(base_url=f"{base_url}/v1", api_key="sk-x", max_retries=0) as sdk:
            whole = await sdk.chat.completions.create(model="gpt-4o", messages=MESSAGES)
            text = ""
            async for part in await sdk.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True):
                text += part.choices[0].delta.content or ""
            assert whole.choices[0].message.content == text
            response = await sdk.responses.create(model="gpt-4o", input=PROMPT)
            async with sdk.responses.stream(model="gpt-4o", input=PROMPT) as stream:
                assert (await stream.get_final_response()).output_text == response.output_text
            with pytest.raises(openai.RateLimitError):
                await sdk.responses.create(model="gpt-4o+quota", input=PROMPT)

    asyncio.run(ask())

    assert [row["status"] for row in served()] == [200, 200, 200, 200, 429]
