from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.simulator.wire import PROMPT, claude

MESSAGES = "/v1/messages"


@pytest.fixture
def ask(client: httpx2.Client) -> Callable[..., Any]:
    """Returns a message's JSON."""

    def asking(model: str = "claude-sonnet-4-5", **more: Any) -> Any:
        response = client.post(MESSAGES, json=claude(model, **more))
        assert response.status_code == 200, response.text
        return response.json()

    return asking


def test_a_normal_message(ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    body = ask()

    assert (body["type"], body["role"], body["stop_reason"], body["stop_sequence"]) == (
        "message",
        "assistant",
        "end_turn",
        None,
    )
    assert body["id"].startswith("msg_")
    assert body["model"] == "claude-sonnet-4-5-20250929"
    assert [block["type"] for block in body["content"]] == ["text"]
    assert body["stop_details"] is None
    assert (row()["provider"], row()["outcome"], row()["complete"]) == ("anthropic", "not_assessed", True)


def test_input_leaves_the_cached_out_and_output_holds_the_thinking(
    ask: Callable[..., Any], row: Callable[[], Any]
) -> None:
    whole = ask()["usage"]["input_tokens"]
    usage = ask("claude-sonnet-4-5+cached=4+cache_write=3+reasoning=50")["usage"]

    assert usage["input_tokens"] == whole - 7
    assert (usage["cache_read_input_tokens"], usage["cache_creation_input_tokens"]) == (4, 3)
    assert usage["output_tokens"] > 50
    assert row()["usage"] == {
        "input_tokens": whole - 7,
        "output_tokens": usage["output_tokens"],
        "total_tokens": None,
        "cached_input_tokens": 4,
        "cache_write_tokens": 3,
        "reasoning_tokens": 50,
    }


def test_no_usage(ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    assert "usage" not in ask("claude-sonnet-4-5+no_usage")
    assert set(row()["usage"].values()) == {None}


def test_thinking_and_calls_are_blocks(ask: Callable[..., Any]) -> None:
    tools = [{"name": "f", "input_schema": {"type": "object", "properties": {"n": {"type": "integer"}}}}]

    body = ask("claude-sonnet-4-5+reasoning+tool_call", tools=tools)

    assert [block["type"] for block in body["content"]] == ["thinking", "tool_use"]
    assert isinstance(body["content"][1]["input"]["n"], int)
    assert body["stop_reason"] == "tool_use"


def test_the_limit(ask: Callable[..., Any]) -> None:
    body = ask(max_tokens=2)

    assert (body["stop_reason"], body["usage"]["output_tokens"]) == ("max_tokens", 2)


def test_json_fits_the_format(ask: Callable[..., Any]) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}

    body = ask(prompt="What is 6 * 7?", output_config={"format": {"type": "json_schema", "schema": schema}})

    assert json.loads(body["content"][0]["text"]) == {"n": 42}


@pytest.mark.parametrize(
    ("asked", "category", "left"),
    [
        ("completion_blocked", "cyber", 0),
        ("completion_blocked=bio", "bio", 0),
        ("completion_cut=violence", "general_harms", 1),
        ("prompt_blocked", "cyber", 0),
    ],
)
def test_a_classifier_refuses(
    asked: str, category: str, left: int, ask: Callable[..., Any], row: Callable[[], Any]
) -> None:
    body = ask(prompt=f"[[sim:{asked}]]")

    assert (body["stop_reason"], len(body["content"])) == ("refusal", left)
    assert body["stop_details"] | {"type": "refusal", "category": category} == body["stop_details"]
    assert (row()["outcome"], row()["refusal"]) == ("blocked_completion", False)


def test_a_refusal_in_words_ends_the_turn(ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    body = ask("claude-sonnet-4-5+refusal")

    assert body["stop_reason"] == "end_turn"
    assert "can’t help" in body["content"][0]["text"]
    assert row()["outcome"] == "not_assessed"


def test_its_other_block(client: httpx2.Client, row: Callable[[], Any]) -> None:
    response = client.post(MESSAGES, json=claude("claude-sonnet-4-5+output_blocked"))

    assert response.status_code == 400
    assert response.json()["error"]["message"] == "Output blocked by content filtering policy"
    assert (row()["outcome"], row()["error"]) == ("blocked_completion", "invalid_request_error")


def test_tokens_are_counted_with_the_system_prompt(client: httpx2.Client, ask: Callable[..., Any]) -> None:
    path = f"{MESSAGES}/count_tokens"
    counted = client.post(path, json=claude()).json()
    more = client.post(path, json=claude(system=[{"type": "text", "text": "Be brief"}])).json()

    assert counted == {"input_tokens": ask()["usage"]["input_tokens"]}
    assert more["input_tokens"] == counted["input_tokens"] + 7


def test_a_tools_result_is_no_prompt(ask: Callable[..., Any]) -> None:
    result = {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "[[sim:server_error]]"}]}

    body = ask(messages=[{"role": "user", "content": PROMPT}, {"role": "user", "content": [result]}])

    assert body["stop_reason"] == "end_turn"


def test_its_headers(client: httpx2.Client) -> None:
    headers = client.post(MESSAGES, json=claude()).headers

    assert headers["request-id"].startswith("req_")
    assert headers["anthropic-ratelimit-requests-limit"] == "500"
    assert headers["anthropic-ratelimit-tokens-reset"].endswith("Z")
