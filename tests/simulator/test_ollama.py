from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2

from tests.simulator.wire import chat

CHAT = "/api/chat"


def lines(response: httpx2.Response) -> list[Any]:
    assert response.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in response.text.splitlines()]


def test_it_streams_unless_told_not_to(client: httpx2.Client, row: Callable[[], Any]) -> None:
    *parts, last = lines(client.post(CHAT, json=chat("llama3")))
    whole = client.post(CHAT, json=chat("llama3", stream=False)).json()

    assert not any(part["done"] for part in parts)
    assert "".join(part["message"]["content"] for part in parts) == whole["message"]["content"]
    assert last | {"done": True, "done_reason": "stop"} == last
    assert row()["usage"]["input_tokens"] == whole["prompt_eval_count"] == last["prompt_eval_count"]
    assert row()["usage"]["output_tokens"] == whole["eval_count"] == len(parts)


def test_generate_has_no_messages(client: httpx2.Client) -> None:
    asked = {"model": "llama3", "prompt": "What is 6 * 7?", "system": "Be brief", "stream": False}

    assert client.post("/api/generate", json=asked).json()["response"] == "42"


def test_formats_limits_calls_and_missing_figures(client: httpx2.Client) -> None:
    def said(**more: Any) -> Any:
        return client.post(CHAT, json=chat("llama3", stream=False, **more)).json()

    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    assert "n" in json.loads(said(format=schema)["message"]["content"])
    assert "answer" in json.loads(said(format="json")["message"]["content"])
    assert said(options={"num_predict": 2})["done_reason"] == "length"
    assert said(prompt="[[sim:tool_call]]")["message"]["tool_calls"][0]["function"]["name"] == "lookup"
    assert "eval_count" not in said(prompt="[[sim:no_usage]]")


def test_a_stream_breaks_off_with_a_line(client: httpx2.Client, row: Callable[[], Any]) -> None:
    assert lines(client.post(CHAT, json=chat("llama3+error_stream")))[-1] == {"error": row()["error"]}


def test_a_call_has_a_line_of_its_own(client: httpx2.Client) -> None:
    call, last = lines(client.post(CHAT, json=chat("llama3+tool_call")))

    assert (call["done"], call["message"]["tool_calls"][0]["function"]["name"]) == (False, "lookup")
    assert (last["done"], "tool_calls" in last["message"]) == (True, False)


def test_its_models(client: httpx2.Client) -> None:
    assert client.get("/api/tags").json()["models"][0]["name"] == "llama3.2:latest"
