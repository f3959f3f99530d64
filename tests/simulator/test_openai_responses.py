from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.simulator.wire import PROMPT

RESPONSES = "/v1/responses"


@pytest.fixture
def ask(client: httpx2.Client) -> Callable[..., Any]:
    """Returns a Response's JSON."""

    def asking(model: str = "gpt-4o", path: str = RESPONSES, **more: Any) -> Any:
        response = client.post(path, json={"model": model, "input": PROMPT, **more})
        assert response.status_code == 200, response.text
        return response.json()

    return asking


def test_a_normal_response(ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    body = ask()
    message = body["output"][0]

    assert (body["object"], body["status"], body["error"], body["incomplete_details"]) == (
        "response",
        "completed",
        None,
        None,
    )
    assert body["id"].startswith("resp_")
    assert body["completed_at"] >= body["created_at"]
    assert (message["type"], message["role"], message["status"]) == ("message", "assistant", "completed")
    assert message["content"][0] | {"type": "output_text", "annotations": []} == message["content"][0]
    assert "content_filters" not in body
    assert body["moderation"] is None
    assert row()["finish_reasons"] == {"0": "completed"}
    assert row()["response_id"] == body["id"]


def test_its_figures(ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    body = ask("o3+reasoning=100+cached=4+cache_write=2")
    usage = body["usage"]

    assert [item["type"] for item in body["output"]] == ["reasoning", "message"]
    assert usage["input_tokens_details"] == {"cached_tokens": 4, "cache_write_tokens": 2}
    assert usage["output_tokens_details"] == {"reasoning_tokens": 100}
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert row()["usage"]["reasoning_tokens"] == 100
    assert row()["usage"]["output_tokens"] == usage["output_tokens"]
    assert ask("gpt-4o+no_usage")["usage"] is None
    assert set(row()["usage"].values()) == {None}


def test_input_as_messages_is_read(ask: Callable[..., Any]) -> None:
    given = [
        {"role": "user", "content": [{"type": "input_text", "text": "[[sim:server_error]]"}]},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "sunny"},
        {"role": "user", "content": [{"type": "input_text", "text": "What is 2 + 3?"}]},
    ]

    body = ask(input=given, instructions="Be brief")

    assert body["output"][0]["content"][0]["text"] == "5"
    assert body["instructions"] == "Be brief"


def test_its_limit_makes_it_incomplete(ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    body = ask(max_output_tokens=3)

    assert (body["status"], body["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    assert (body["completed_at"], body["output"][0]["status"]) == (None, "incomplete")
    assert row()["finish_reasons"] == {"0": "max_output_tokens"}


def test_a_refusal_is_a_part(ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    part = ask("gpt-4o+refusal")["output"][0]["content"][0]

    assert part["type"] == "refusal"
    assert row()["refusal"]


def test_a_call_is_an_item(ask: Callable[..., Any]) -> None:
    tools = [
        {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {"n": {"type": "integer"}}}}
    ]

    item = ask("gpt-4o+tool_call", tools=tools)["output"][0]

    assert (item["type"], item["name"]) == ("function_call", "f")
    assert isinstance(json.loads(item["arguments"])["n"], int)


def test_json_fits_the_format(ask: Callable[..., Any]) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    format_ = {"type": "json_schema", "name": "x", "schema": schema}

    body = ask(input="What is 6 * 7?", text={"format": format_})

    assert json.loads(body["output"][0]["content"][0]["text"]) == {"n": 42}


def test_moderation_is_flat(ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    moderation = ask("gpt-4o+flagged")["moderation"]

    assert moderation["input"]["type"] == "moderation_result"
    assert moderation["output"]["flagged"]
    assert row()["outcome"] == "annotated"
    assert not ask(moderation={"model": "x"})["moderation"]["input"]["flagged"]
    assert row()["outcome"] == "clean"


def test_openai_ends_a_filtered_answer(ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    body = ask("gpt-4o+completion_blocked")

    assert body["incomplete_details"] == {"reason": "content_filter"}
    assert body["output"][0]["content"] == []
    assert row()["outcome"] == "blocked_completion"


def test_in_the_background_it_is_first_queued(
    client: httpx2.Client, ask: Callable[..., Any], row: Callable[[], Any]
) -> None:
    queued = ask(background=True)
    assert (queued["status"], queued["usage"], queued["output"]) == ("queued", None, [])
    assert (row()["finish_reasons"], row()["complete"]) == ({"0": "queued"}, False)

    done = client.get(f"{RESPONSES}/{queued['id']}").json()
    assert (done["id"], done["status"]) == (queued["id"], "completed")
    assert row()["usage"]["total_tokens"] == done["usage"]["total_tokens"]


def test_a_response_can_be_fetched_again(client: httpx2.Client, ask: Callable[..., Any]) -> None:
    body = ask()

    assert client.get(f"{RESPONSES}/{body['id']}").json() == body
    assert client.get(f"{RESPONSES}/resp_unknown").status_code == 404


def test_tokens_are_counted(client: httpx2.Client, ask: Callable[..., Any]) -> None:
    counted = client.post(f"{RESPONSES}/input_tokens", json={"model": "gpt-4o", "input": PROMPT}).json()

    assert counted == {"object": "response.input_tokens", "input_tokens": ask()["usage"]["input_tokens"]}


def test_the_router_does_not_assess_the_completion(ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    prompt, completion = ask("o3-pro", "/v1/responsesd")["content_filters"]

    assert (prompt["source_type"], prompt["blocked"]) == ("prompt", False)
    assert prompt["content_filter_results"]["jailbreak"] == {"filtered": False, "detected": False}
    assert completion["content_filter_results"] == {}
    assert completion["content_filter_offsets"] == {"start_offset": 0, "end_offset": 0, "check_offset": 0}
    assert (row()["provider"], row()["outcome"]) == ("router", "clean")


def test_azure_assesses_both(ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    prompt, completion = ask("gpt-4o+annotated", "/azure/openai/v1/responses")["content_filters"]

    assert prompt["content_filter_results"]["hate"] == {"filtered": False, "severity": "low"}
    assert completion["content_filter_results"]["violence"] == {"filtered": False, "severity": "low"}
    assert row()["outcome"] == "annotated"


@pytest.mark.parametrize("name", ["completion_blocked", "completion_cut", "blocklist"])
def test_azure_blocks_a_completion(name: str, ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    body = ask(f"gpt-4o+{name}", "/v1/responsesd")

    assert (body["status"], body["incomplete_details"]) == ("incomplete", {"reason": "content_filter"})
    assert body["content_filters"][1]["blocked"]
    assert row()["outcome"] == "blocked_completion"


@pytest.mark.parametrize("stream", [True, False])
def test_azure_blocks_a_prompt(stream: bool, client: httpx2.Client, row: Callable[[], Any]) -> None:
    asked = {"model": "gpt-4o", "input": "[[sim:prompt_blocked=jailbreak]]", "stream": stream}

    response = client.post("/openai/responses?api-version=2025-04-01-preview", json=asked)
    error = response.json()["error"]

    assert (response.status_code, error["code"]) == (400, "content_filter")
    assert (error["type"], error["param"]) == ("invalid_request_error", "prompt")
    assert error["innererror"] == {"code": "ContentFiltered"}
    assert error["content_filters"][0]["content_filter_results"]["jailbreak"] == {"filtered": True, "detected": True}
    assert error["content_filters"][0]["blocked"]
    assert row()["outcome"] == "blocked_prompt"


def test_openai_names_no_filter(client: httpx2.Client, row: Callable[[], Any]) -> None:
    response = client.post(RESPONSES, json={"model": "gpt-4o+prompt_blocked", "input": "x"})

    assert (response.status_code, response.json()["error"]["code"]) == (400, "invalid_prompt")
    assert row()["outcome"] == "blocked_prompt"
