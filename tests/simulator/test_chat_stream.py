from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.simulator.wire import CHAT, chat, chunks, events, text_of

USAGE = {"stream_options": {"include_usage": True}}


@pytest.fixture
def stream(client: httpx2.Client) -> Callable[..., Any]:
    """Returns a stream's response."""

    def streaming(model: str = "gpt-4o", path: str = CHAT, **more: Any) -> Any:
        return client.post(path, json=chat(model, stream=True, **more))

    return streaming


def test_a_normal_stream(stream: Callable[..., Any], client: httpx2.Client, row: Callable[[], Any]) -> None:
    response = stream()
    parts = chunks(response)
    whole = client.post(CHAT, json=chat()).json()["choices"][0]["message"]["content"]

    assert events(response)[-1] == ("", "[DONE]")
    assert {part["object"] for part in parts} == {"chat.completion.chunk"}
    assert len({part["id"] for part in parts}) == 1
    assert parts[0]["choices"][0]["delta"] == {"role": "assistant", "content": "", "refusal": None}
    assert parts[-1]["choices"][0] | {"delta": {}, "finish_reason": "stop"} == parts[-1]["choices"][0]
    assert text_of(parts) == whole
    assert not any("usage" in part for part in parts)


def test_without_being_asked_no_usage_is_told(stream: Callable[..., Any], row: Callable[[], Any]) -> None:
    stream()

    assert set(row()["usage"].values()) == {None}
    assert row()["complete"]


def test_usage_comes_in_a_chunk_of_its_own(stream: Callable[..., Any], row: Callable[[], Any]) -> None:
    parts = chunks(stream(**USAGE))

    assert parts[-1]["choices"] == []
    assert parts[-1]["usage"]["total_tokens"] == row()["usage"]["total_tokens"]
    assert all(part["usage"] is None for part in parts[:-1])
    assert "usage" not in chunks(stream("gpt-4o+no_usage", **USAGE))[-1]


def test_moderation_comes_after_usage(stream: Callable[..., Any], row: Callable[[], Any]) -> None:
    parts = chunks(stream("gpt-4o+flagged", **USAGE))

    assert parts[-2]["usage"]
    assert parts[-1]["usage"] is None
    assert parts[-1]["moderation"]["output"]["results"][0]["flagged"]
    assert row()["outcome"] == "annotated"


def test_choices_take_turns(stream: Callable[..., Any], row: Callable[[], Any]) -> None:
    order = [part["choices"][0]["index"] for part in chunks(stream(n=2))]

    assert order[:6] == [0, 1, 0, 1, 0, 1]
    assert row()["finish_reasons"] == {"0": "stop", "1": "stop"}


def test_a_refusal_comes_in_pieces(stream: Callable[..., Any], row: Callable[[], Any]) -> None:
    parts = chunks(stream("gpt-4o+refusal"))

    assert "".join(part["choices"][0]["delta"].get("refusal") or "" for part in parts).startswith("I’m sorry")
    assert text_of(parts) == ""
    assert row()["refusal"]


def test_a_tool_call_comes_in_pieces(stream: Callable[..., Any]) -> None:
    calls = [
        call
        for part in chunks(stream("gpt-4o+tool_call"))
        for call in part["choices"][0]["delta"].get("tool_calls", [])
    ]

    assert calls[0]["function"] == {"name": "lookup", "arguments": ""}
    assert calls[0]["id"]
    assert "".join(call["function"]["arguments"] for call in calls).startswith('{"query": ')


def test_no_done_and_no_end(stream: Callable[..., Any], row: Callable[[], Any]) -> None:
    assert ("", "[DONE]") not in events(stream("gpt-4o+no_done"))
    assert row()["complete"]

    parts = chunks(stream("gpt-4o+no_end"))
    assert all(part["choices"][0]["finish_reason"] is None for part in parts)
    assert (row()["complete"], row()["finish_reasons"], row()["ending"]) == (False, {}, "sent")


def test_lines_end_in_crlf_when_asked(stream: Callable[..., Any]) -> None:
    response = stream("gpt-4o+crlf")

    assert response.content.count(b"\n") == response.content.count(b"\r\n")
    assert events(response, "\r\n")[-1] == ("", "[DONE]")


def test_a_huge_answer_comes_in_few_chunks(stream: Callable[..., Any]) -> None:
    parts = chunks(stream("gpt-4o+huge=200"))

    assert len(parts) < 500
    assert len(text_of(parts).encode()) > 200 * 1024


@pytest.mark.parametrize(
    ("path", "name"),
    [("/deepseek/chat/completions", "reasoning_content"), ("/openrouter/api/v1/chat/completions", "reasoning")],
)
def test_some_think_aloud(path: str, name: str, stream: Callable[..., Any], row: Callable[[], Any]) -> None:
    response = stream("m+reasoning=9", path)
    parts = chunks(response)

    assert response.text.startswith(": ")
    assert any(part["choices"][0]["delta"].get(name) for part in parts)
    assert parts[-1]["usage"]["completion_tokens_details"]["reasoning_tokens"] == 9
    assert parts[-1]["choices"][0]["finish_reason"] == "stop"
    assert row()["usage"]["reasoning_tokens"] == 9


def test_groq_repeats_its_usage(stream: Callable[..., Any]) -> None:
    last = chunks(stream("llama", "/groq/openai/v1/chat/completions"))[-1]

    assert last["x_groq"]["usage"] == last["usage"]
