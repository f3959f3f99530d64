from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.simulator.wire import claude, events


@pytest.fixture
def stream(client: httpx2.Client) -> Callable[..., list[Any]]:
    """Returns the stream's events; the name of each is its type."""

    def streaming(model: str = "claude-sonnet-4-5", **more: Any) -> list[Any]:
        found = events(client.post("/v1/messages", json=claude(model, stream=True, **more)))
        values = [json.loads(data) for _, data in found]
        assert [name for name, _ in found] == [value["type"] for value in values]
        return values

    return streaming


def test_a_normal_stream(stream: Callable[..., list[Any]], client: httpx2.Client, row: Callable[[], Any]) -> None:
    start, block, *deltas, stop, ping, delta, end = stream()
    text = "".join(part["delta"]["text"] for part in deltas)

    assert [part["type"] for part in (start, block, stop, ping, delta, end)] == [
        "message_start",
        "content_block_start",
        "content_block_stop",
        "ping",
        "message_delta",
        "message_stop",
    ]
    assert (start["message"]["content"], start["message"]["stop_reason"]) == ([], None)
    assert start["message"]["usage"]["output_tokens"] == 1
    assert block["content_block"] == {"type": "text", "text": ""}
    assert delta["delta"] == {"stop_reason": "end_turn", "stop_sequence": None, "stop_details": None}
    assert delta["usage"]["output_tokens"] == row()["usage"]["output_tokens"]
    assert client.post("/v1/messages", json=claude()).json()["content"][0]["text"] == text


def test_figures_of_the_end_replace_those_of_the_start(
    stream: Callable[..., list[Any]], row: Callable[[], Any]
) -> None:
    parts = stream("claude-sonnet-4-5+shifting_usage+cached=3")
    start, end = parts[0]["message"]["usage"], parts[-2]["usage"]

    assert start["input_tokens"] < end["input_tokens"]
    assert (start["cache_read_input_tokens"], end["cache_read_input_tokens"]) == (0, 3)
    assert row()["usage"] | {"input_tokens": end["input_tokens"], "cached_input_tokens": 3} == row()["usage"]


def test_broken_off_the_output_is_what_the_start_said(client: httpx2.Client, row: Callable[[], Any]) -> None:
    with pytest.raises(httpx2.RemoteProtocolError):
        client.post("/v1/messages", json=claude("claude-sonnet-4-5+cut", stream=True))

    assert row()["usage"]["input_tokens"] > 0
    assert row()["usage"]["output_tokens"] == 1
    assert (row()["ending"], row()["complete"], row()["model_served"]) == ("cut", False, "claude-sonnet-4-5-20250929")


def test_thinking_calls_and_refusals(stream: Callable[..., list[Any]], row: Callable[[], Any]) -> None:
    parts = stream("claude-sonnet-4-5+reasoning+tool_call")
    deltas = [part["delta"] for part in parts if part["type"] == "content_block_delta"]
    assert {delta["type"] for delta in deltas} == {"thinking_delta", "signature_delta", "input_json_delta"}
    assert json.loads("".join(delta.get("partial_json", "") for delta in deltas))["query"]

    parts = stream("claude-sonnet-4-5+completion_blocked=bio")
    assert parts[-2]["delta"]["stop_details"]["category"] == "bio"
    assert (row()["outcome"], row()["finish_reasons"]) == ("blocked_completion", {"0": "refusal"})


def test_a_block_in_the_middle(stream: Callable[..., list[Any]], row: Callable[[], Any]) -> None:
    parts = stream("claude-sonnet-4-5+output_blocked")

    assert parts[-2]["type"] == "content_block_delta"
    assert parts[-1]["error"] | {"details": None, "type": "invalid_request_error"} == parts[-1]["error"]
    assert (row()["outcome"], row()["complete"]) == ("blocked_completion", False)


def test_no_usage_at_all(stream: Callable[..., list[Any]], row: Callable[[], Any]) -> None:
    parts = stream("claude-sonnet-4-5+no_usage")

    assert "usage" not in parts[0]["message"]
    assert "usage" not in parts[-2]
    assert set(row()["usage"].values()) == {None}
