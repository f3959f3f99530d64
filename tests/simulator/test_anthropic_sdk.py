"""The anthropic SDK works against the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import anthropic
import pytest

from tests.simulator.wire import PROMPT

MODEL = "claude-opus-4-6"
MESSAGES: Any = [{"role": "user", "content": PROMPT}]
WEATHER: Any = [{"name": "weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}]


@pytest.fixture(scope="module")
def sdk(base_url: str) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=base_url, api_key="k", max_retries=0, timeout=10) as sdk:
        yield sdk


def streamed(sdk: anthropic.Anthropic, scenario: str = "") -> Any:
    with sdk.messages.stream(model=MODEL + scenario, max_tokens=1000, messages=MESSAGES, tools=WEATHER) as stream:
        return stream.get_final_message()


@pytest.mark.parametrize(
    "scenario",
    ["", "+reasoning=50", "+tool_call", "+completion_cut=bio", "+cached=3", "+crlf+split", "+gzip", "+unicode+split=3"],
)
def test_whole_and_streamed_are_the_same(scenario: str, sdk: anthropic.Anthropic, row: Callable[[], Any]) -> None:
    whole = sdk.messages.create(model=MODEL + scenario, max_tokens=1000, messages=MESSAGES, tools=WEATHER)
    pieced = streamed(sdk, scenario)

    def said(message: Any) -> list[Any]:
        return [(block.type, getattr(block, "text", None), getattr(block, "input", None)) for block in message.content]

    assert said(pieced) == said(whole)
    assert pieced.stop_reason == whole.stop_reason
    assert pieced.usage.output_tokens == whole.usage.output_tokens == row()["usage"]["output_tokens"]
    assert pieced.usage.input_tokens == whole.usage.input_tokens == row()["usage"]["input_tokens"]


def test_a_refusal_says_why(sdk: anthropic.Anthropic) -> None:
    message = streamed(sdk, "+completion_blocked=bio")

    assert message.stop_reason == "refusal"
    assert message.stop_details.category == "bio"


def test_smaller_operations(sdk: anthropic.Anthropic) -> None:
    assert sdk.messages.count_tokens(model=MODEL, messages=MESSAGES).input_tokens == 13
    assert "claude-haiku-4-5" in [model.id for model in sdk.models.list()]


@pytest.mark.parametrize(
    ("scenario", "error"),
    [
        ("+bad_request", anthropic.BadRequestError),
        ("+output_blocked", anthropic.APIStatusError),
        ("+invalid_key", anthropic.AuthenticationError),
        ("+not_found", anthropic.NotFoundError),
        ("+rate_limit", anthropic.RateLimitError),
        ("+overloaded", anthropic.InternalServerError),
        ("+html_error", anthropic.InternalServerError),
    ],
)
def test_errors(scenario: str, error: type[Exception], sdk: anthropic.Anthropic) -> None:
    with pytest.raises(error):
        sdk.messages.create(model=MODEL + scenario, max_tokens=100, messages=MESSAGES)
    with pytest.raises(error):
        streamed(sdk, scenario)


def test_an_error_in_a_stream(sdk: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.APIStatusError, match="Overloaded"):
        streamed(sdk, "+error_stream")


def test_it_tries_again_as_told(sdk: anthropic.Anthropic, served: Callable[[], Any]) -> None:
    trying = sdk.with_options(max_retries=2)
    trying.messages.create(model=f"{MODEL}+fail=1:anthropic-sdk+overloaded", max_tokens=10, messages=MESSAGES)

    assert [row["status"] for row in served()] == [529, 200]


def test_the_asynchronous_client(base_url: str, served: Callable[[], Any]) -> None:
    async def ask() -> None:
        async with anthropic.AsyncAnthropic(base_url=base_url, api_key="k", max_retries=0) as sdk:
            whole = await sdk.messages.create(model=MODEL, max_tokens=1000, messages=MESSAGES)
            async with sdk.messages.stream(model=MODEL, max_tokens=1000, messages=MESSAGES) as stream:
                pieced = await stream.get_final_message()
            assert [block.type for block in pieced.content] == [block.type for block in whole.content] == ["text"]
            assert pieced.usage.output_tokens == whole.usage.output_tokens
            with pytest.raises(anthropic.RateLimitError):
                await sdk.messages.create(model=f"{MODEL}+quota", max_tokens=1, messages=MESSAGES)

    asyncio.run(ask())

    assert [row["status"] for row in served()] == [200, 200, 429]
