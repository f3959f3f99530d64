from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.simulator.wire import PROMPT, events

RESPONSES = "/v1/responses"


@pytest.fixture
def stream(client: httpx2.Client) -> Callable[..., list[Any]]:
    """Returns the stream's events; the name of each is its type."""

    def streaming(model: str = "gpt-4o", path: str = RESPONSES, **more: Any) -> list[Any]:
        response = client.post(path, json={"model": model, "input": PROMPT, "stream": True, **more})
        found = [(name, json.loads(data)) for name, data in events(response) if data != "[DONE]"]
        assert all(name == value["type"] for name, value in found)
        return [value for _, value in found]

    return streaming


def test_a_normal_stream(stream: Callable[..., list[Any]], row: Callable[[], Any]) -> None:
    parts = stream()
    kinds = [part["type"] for part in parts]
    deltas = "".join(part["delta"] for part in parts if part["type"] == "response.output_text.delta")
    final = parts[-1]["response"]

    assert [part["sequence_number"] for part in parts] == list(range(len(parts)))
    assert kinds[:4] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ]
    assert kinds[-4:] == [
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert parts[0]["response"]["usage"] is None
    assert parts[0]["response"]["status"] == "in_progress"
    assert final["usage"]["total_tokens"] == row()["usage"]["total_tokens"]
    assert final["output"][0]["content"][0]["text"] == deltas == parts[-4]["text"]
    assert row()["complete"]


def test_filters_speak_in_the_last_event_alone(stream: Callable[..., list[Any]], row: Callable[[], Any]) -> None:
    parts = stream("gpt-4o+completion_cut", "/v1/responsesd")

    assert parts[0]["response"]["content_filters"] is None
    assert parts[-1]["type"] == "response.incomplete"
    assert parts[-1]["response"]["content_filters"][1]["blocked"]
    assert row()["outcome"] == "blocked_completion"
    assert row()["finish_reasons"] == {"0": "content_filter"}


def test_reasoning_refusals_and_calls(stream: Callable[..., list[Any]]) -> None:
    thought = stream("gpt-4o+reasoning=5")
    assert thought[2]["item"]["type"] == "reasoning"
    assert thought[4]["output_index"] == 1

    refused = stream("gpt-4o+refusal")
    assert "response.refusal.delta" in {part["type"] for part in refused}
    assert next(part for part in refused if part["type"] == "response.refusal.done")["refusal"].startswith("I’m sorry")

    called = stream("gpt-4o+tool_call")
    arguments = "".join(part["delta"] for part in called if part["type"] == "response.function_call_arguments.delta")
    assert json.loads(arguments) == json.loads(called[-1]["response"]["output"][0]["arguments"])


def test_it_fails_in_two_events(stream: Callable[..., list[Any]], row: Callable[[], Any]) -> None:
    *before, error, failed = stream("gpt-4o+error_stream")

    assert any(part["type"] == "response.output_text.delta" for part in before)
    assert (error["type"], error["error"]["code"]) == ("error", "server_error")
    assert (failed["type"], failed["response"]["status"]) == ("response.failed", "failed")
    assert failed["response"]["usage"] is None
    assert (row()["error"], row()["finish_reasons"], row()["complete"]) == ("server_error", {"0": "failed"}, False)


def test_without_an_end_nothing_is_told(stream: Callable[..., list[Any]], row: Callable[[], Any]) -> None:
    parts = stream("gpt-4o+no_end")

    assert parts[-1]["type"] == "response.output_text.delta"
    assert set(row()["usage"].values()) == {None}
    assert row()["model_served"] == "gpt-4o-2024-08-06"


def test_only_openrouter_says_done(client: httpx2.Client) -> None:
    asked = {"model": "gpt-4o", "input": PROMPT, "stream": True}

    assert events(client.post("/openrouter/api/v1/responses", json=asked))[-1] == ("", "[DONE]")
    assert events(client.post(RESPONSES, json=asked))[-1][0] == "response.completed"
