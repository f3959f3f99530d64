from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

MODEL = "/model/us.anthropic.claude-v1%3A0"


@pytest.fixture
def talk(client: httpx2.Client) -> Callable[..., httpx2.Response]:
    """Returns the response to a conversation."""

    def talking(scenario: str = "", verb: str = "converse", **more: Any) -> httpx2.Response:
        content = [{"text": f"Hello [[sim:{scenario}]]"}]
        return client.post(f"{MODEL}/{verb}", json={"messages": [{"role": "user", "content": content}], **more})

    return talking


def messages(data: bytes) -> list[tuple[dict[str, str], Any]]:
    """The event stream's messages as (headers, JSON); the checksums must be right."""
    found = []
    while data:
        total, head_size, crc = struct.unpack(">III", data[:12])
        assert zlib.crc32(data[:8]) == crc
        assert zlib.crc32(data[: total - 4]) == struct.unpack(">I", data[total - 4 : total])[0]
        head, headers = data[12 : 12 + head_size], {}
        while head:
            name = head[1 : 1 + head[0]].decode()
            rest = head[1 + head[0] :]
            assert rest[0] == 7
            size = struct.unpack(">H", rest[1:3])[0]
            headers[name], head = rest[3 : 3 + size].decode(), rest[3 + size :]
        found.append((headers, json.loads(data[12 + head_size : total - 4])))
        data = data[total:]
    return found


def test_a_normal_answer(talk: Callable[..., httpx2.Response], row: Callable[[], Any]) -> None:
    response = talk("cached=3 reasoning=20")
    body = response.json()
    usage = body["usage"]

    assert body["stopReason"] == "end_turn"
    assert body["output"]["message"]["content"][0]["text"]
    assert usage["cacheReadInputTokens"] == 3
    assert usage["totalTokens"] == usage["inputTokens"] + 3 + usage["outputTokens"]
    assert body["metrics"] == {"latencyMs": 0}
    assert "trace" not in body
    assert response.headers["x-amzn-requestid"]
    assert (row()["model_requested"], row()["model_served"]) == ("us.anthropic.claude-v1:0", None)
    assert (row()["usage"]["total_tokens"], row()["outcome"]) == (usage["totalTokens"], "not_assessed")
    assert "usage" not in talk("no_usage").json()


def test_a_call_and_a_limit(talk: Callable[..., httpx2.Response]) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    tools = {"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": schema}}}]}

    called = talk("tool_call", toolConfig=tools).json()
    limited = talk(inferenceConfig={"maxTokens": 2}).json()

    assert called["stopReason"] == "tool_use"
    assert isinstance(called["output"]["message"]["content"][0]["toolUse"]["input"]["n"], int)
    assert (limited["stopReason"], limited["usage"]["outputTokens"]) == ("max_tokens", 2)


@pytest.mark.parametrize(
    ("scenario", "stop", "outcome"),
    [
        ("rated", "end_turn", "clean"),
        ("annotated=high", "end_turn", "annotated"),
        ("jailbreak", "end_turn", "annotated"),
        ("masked", "guardrail_intervened", "masked"),
        ("prompt_blocked", "guardrail_intervened", "blocked_prompt"),
        ("completion_blocked", "guardrail_intervened", "blocked_completion"),
        ("completion_cut", "guardrail_intervened", "blocked_completion"),
    ],
)
def test_a_guardrails_trace(
    scenario: str, stop: str, outcome: str, talk: Callable[..., httpx2.Response], row: Callable[[], Any]
) -> None:
    body = talk(scenario).json()
    trace = json.dumps(body["trace"]["guardrail"])

    assert body["stopReason"] == stop
    assert row()["outcome"] == outcome
    assert ('"BLOCKED"' in trace) is outcome.startswith("blocked")
    assert ('"ANONYMIZED"' in trace) is (outcome == "masked")
    assert ('"detected": true' in trace) is (outcome != "clean")
    assert ("outputAssessments" in trace) is (outcome != "blocked_prompt")
    assert body["output"]["message"]["content"][0]["text"]


def test_a_stream_of_binary_frames(talk: Callable[..., httpx2.Response], row: Callable[[], Any]) -> None:
    response = talk("masked", "converse-stream")
    found = messages(response.content)
    kinds = [headers[":event-type"] for headers, _ in found]

    assert response.headers["content-type"] == "application/vnd.amazon.eventstream"
    assert kinds[0] == "messageStart"
    assert kinds[-3:] == ["contentBlockStop", "messageStop", "metadata"]
    assert "".join(value["delta"]["text"] for _, value in found if "delta" in value).startswith("{NAME}")
    assert found[-1][1]["usage"]["totalTokens"] == row()["usage"]["total_tokens"]
    assert "ANONYMIZED" in json.dumps(found[-1][1]["trace"])
    assert (row()["streamed"], row()["outcome"]) == (True, "masked")


def test_a_call_and_an_error_in_a_stream(talk: Callable[..., httpx2.Response], row: Callable[[], Any]) -> None:
    called = messages(talk("tool_call", "converse-stream").content)
    assert json.loads(called[2][1]["delta"]["toolUse"]["input"])["query"]

    headers, error = messages(talk("error_stream", "converse-stream").content)[-1]
    assert headers[":message-type"] == "exception"
    assert headers[":exception-type"] == row()["error"] == "modelStreamErrorException"
    assert error["message"]
