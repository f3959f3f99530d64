from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
import jsonschema
import pytest

from tests.simulator.wire import CHAT, PROMPT, chat


@pytest.fixture
def ask(client: httpx2.Client) -> Callable[..., Any]:
    """Returns a completion's JSON."""

    def asking(model: str = "gpt-4o", prompt: str = PROMPT, path: str = CHAT, **more: Any) -> Any:
        response = client.post(path, json=chat(model, prompt, **more))
        assert response.status_code == 200, response.text
        return response.json()

    return asking


def test_a_normal_completion(ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    body = ask()
    choice, usage = body["choices"][0], body["usage"]

    assert body["object"] == "chat.completion"
    assert body["id"].startswith("chatcmpl-")
    assert (choice["index"], choice["finish_reason"], choice["message"]["role"]) == (0, "stop", "assistant")
    assert choice["message"]["refusal"] is None
    assert len(choice["message"]["content"]) > 20
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["prompt_tokens"] == 13  # Tell me some|thin|g abou|t harb|ours, and four for the message
    assert "content_filter_results" not in choice
    assert row() | {"format": "chat", "outcome": "not_assessed", "complete": True, "refusal": False} == row()


def test_the_ledger_has_the_figures_that_were_told(ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    usage = ask("gpt-4o+cached=5+cache_write=3+reasoning=70")["usage"]

    assert row()["usage"] == {
        "input_tokens": usage["prompt_tokens"],
        "output_tokens": usage["completion_tokens"],
        "total_tokens": usage["total_tokens"],
        "cached_input_tokens": 5,
        "cache_write_tokens": 3,
        "reasoning_tokens": 70,
    }
    assert (
        usage["prompt_tokens_details"] | {"cached_tokens": 5, "cache_write_tokens": 3} == usage["prompt_tokens_details"]
    )
    assert usage["completion_tokens_details"]["reasoning_tokens"] == 70
    assert usage["completion_tokens"] > 70


def test_an_alias_is_served_by_its_snapshot(ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    assert ask("gpt-4o")["model"] == "gpt-4o-2024-08-06"
    assert ask("my-own-model")["model"] == "my-own-model"
    assert ask("openai/gpt-4o", path="/openrouter/api/v1/chat/completions")["model"] == "openai/gpt-4o-2024-08-06"
    assert ask("gpt-4o+substituted")["model"] == "sim-stand-in-1"
    assert ask("gpt-4o+substituted=gpt-3.5-turbo")["model"] == "gpt-3.5-turbo"
    assert (row()["model_requested"], row()["model_served"]) == ("gpt-4o+substituted=gpt-3.5-turbo", "gpt-3.5-turbo")


def test_a_model_that_reasons_does_so_unasked(ask: Callable[..., Any]) -> None:
    assert ask("o3")["usage"]["completion_tokens_details"]["reasoning_tokens"] >= 64
    assert ask("gpt-4o")["usage"]["completion_tokens_details"]["reasoning_tokens"] == 0


def test_no_usage_is_no_figures(ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    assert "usage" not in ask("gpt-4o+no_usage")
    assert set(row()["usage"].values()) == {None}


def test_several_choices_differ(ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    choices = ask(n=3)["choices"]

    assert [choice["index"] for choice in choices] == [0, 1, 2]
    assert len({choice["message"]["content"] for choice in choices}) == 3
    assert row()["finish_reasons"] == {"0": "stop", "1": "stop", "2": "stop"}


def test_sums_are_right_unless_they_are_to_be_wrong(ask: Callable[..., Any]) -> None:
    def said(prompt: str) -> Any:
        return ask(prompt=prompt)["choices"][0]["message"]["content"]

    assert said("What is 17 + 25? Answer with the number only.") == "42"
    assert said("What is 17 + 25? Answer with the number only. [[sim:wrong]]") == "43"


def test_the_answer_stops_at_its_limit(ask: Callable[..., Any]) -> None:
    limited = ask(max_completion_tokens=3)
    old = ask(max_tokens=2)
    half = ask("gpt-4o+length")

    assert limited["usage"]["completion_tokens"] == 3
    assert old["usage"]["completion_tokens"] == 2
    assert {one["choices"][0]["finish_reason"] for one in (limited, old, half)} == {"length"}


def test_a_refusal_in_words_is_no_filter(ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    message = ask("gpt-4o+refusal")["choices"][0]["message"]

    assert message["content"] is None
    assert "can’t help" in message["refusal"]
    assert (row()["refusal"], row()["outcome"], row()["finish_reasons"]) == (True, "not_assessed", {"0": "stop"})


def test_other_kinds_of_text(ask: Callable[..., Any]) -> None:
    def said(prompt: str) -> Any:
        return ask(prompt=prompt)["choices"][0]["message"]["content"]

    assert said("Hello there [[sim:echo]]") == "Hello there"
    assert said("[[sim:empty]]") == ""
    assert "你好" in said("[[sim:unicode]]")
    assert "\x00" in said("[[sim:odd_text]]")
    assert "\ud83d" in said("[[sim:odd_text]]")
    assert 100_000 < len(said("[[sim:huge=100]]").encode()) < 110_000


def test_a_tool_is_called_with_arguments_that_fit(ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tools = [{"type": "function", "function": {"name": "weather", "parameters": schema}}]

    choice = ask("gpt-4o+tool_call", tools=tools)["choices"][0]
    call = choice["message"]["tool_calls"][0]

    assert choice["message"]["content"] is None
    assert (call["type"], call["function"]["name"]) == ("function", "weather")
    jsonschema.validate(json.loads(call["function"]["arguments"]), schema)
    assert row()["finish_reasons"] == {"0": "tool_calls"}
    assert ask("gpt-4o+tool_call")["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "lookup"


def test_a_marker_of_an_earlier_turn_is_over(client: httpx2.Client) -> None:
    messages = [
        {"role": "user", "content": "[[sim:server_error]]"},
        {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "image_url", "image_url": {"url": "x"}}]},
    ]

    assert client.post(CHAT, json={"model": "gpt-4o", "messages": messages}).status_code == 200


@pytest.mark.parametrize("format_", ["json_schema", "json_object"])
def test_json_is_answered_when_asked_for(format_: str, ask: Callable[..., Any]) -> None:
    schema = {"type": "object", "properties": {"answer": {"type": "integer"}}, "required": ["answer"]}
    wanted: dict[str, Any] = {"type": format_, "json_schema": {"name": "x", "schema": schema}}

    answer = json.loads(ask(prompt="What is 17 + 25?", response_format=wanted)["choices"][0]["message"]["content"])

    assert answer == {"answer": 42 if format_ == "json_schema" else "42"}


def test_text_is_answered_when_text_is_asked_for(ask: Callable[..., Any]) -> None:
    assert ask(prompt="What is 1 + 1?", response_format={"type": "text"})["choices"][0]["message"]["content"] == "2"


@pytest.mark.parametrize("name", ["rated", "flagged"])
def test_inline_moderation(name: str, ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    moderation = ask(f"gpt-4o+{name}")["moderation"]

    assert moderation["input"]["type"] == "moderation_results"
    assert moderation["output"]["results"][0]["flagged"] is (name == "flagged")
    assert row()["outcome"] == ("annotated" if name == "flagged" else "clean")


def test_inline_moderation_on_request(ask: Callable[..., Any]) -> None:
    assert ask(moderation={"model": "omni-moderation-2024-09-26"})["moderation"]["input"]["model"].startswith("omni")
    assert "moderation" not in ask()


@pytest.mark.parametrize(("name", "left"), [("completion_blocked", False), ("completion_cut", True)])
def test_openai_ends_a_filtered_answer(name: str, left: bool, ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    choice = ask(f"gpt-4o+{name}")["choices"][0]

    assert choice["finish_reason"] == "content_filter"
    assert bool(choice["message"]["content"]) is left
    assert row()["outcome"] == "blocked_completion"


def test_openai_has_no_blocklists(ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    assert ask("gpt-4o+blocklist")["choices"][0]["finish_reason"] == "stop"
    assert row()["outcome"] == "not_assessed"


def test_openrouter(ask: Callable[..., Any]) -> None:
    body = ask("openai/gpt-4o+reasoning", path="/openrouter/api/v1/chat/completions")

    assert body["provider"] == "Simulated"
    assert body["choices"][0]["native_finish_reason"] == "stop"
    assert body["choices"][0]["message"]["reasoning"]
    assert body["usage"]["cost"] > 0


def test_deepseek(client: httpx2.Client) -> None:
    response = client.post("/deepseek/chat/completions", json=chat("deepseek-reasoner+cached=4"))
    body = response.json()

    assert response.content.startswith(b"\n\n{")
    assert body["model"] == "deepseek-v4-flash"
    assert body["usage"]["prompt_cache_hit_tokens"] == 4
    assert body["usage"]["prompt_cache_miss_tokens"] == body["usage"]["prompt_tokens"] - 4
    assert body["choices"][0]["message"]["reasoning_content"]


def test_groq_and_xai(ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    groq = ask("llama-3", path="/groq/openai/v1/chat/completions")
    assert groq["x_groq"]["id"]
    assert groq["usage"]["queue_time"] > 0

    xai = ask("grok-4+reasoning=500", path="/xai/v1/chat/completions")["usage"]
    assert xai["completion_tokens"] < 500
    assert xai["total_tokens"] == xai["prompt_tokens"] + xai["completion_tokens"] + 500
    assert row()["usage"]["output_tokens"] == xai["completion_tokens"]
