from __future__ import annotations

import json

from audit.demo.acts import Act, azure, bedrock, chat, gemini, messages, ollama, responses


def test_an_act_without_a_body_sends_none() -> None:
    assert Act(provider="openai", path="/v1/models", method="GET").content == b""


def test_a_body_is_sent_as_json() -> None:
    assert json.loads(Act(provider="openai", path="/v1/x", body={"model": "m"}).content) == {"model": "m"}


def test_a_streamed_chat_asks_for_its_usage_unless_it_is_told_not_to() -> None:
    assert "stream_options" not in chat("openai", "m", "Hi").body
    assert chat("openai", "m", "Hi", stream=True).body["stream_options"] == {"include_usage": True}
    told = {"include_usage": False}
    assert chat("openai", "m", "Hi", stream=True, stream_options=told).body["stream_options"] == told


def test_retries_are_the_acts_and_do_not_go_into_the_body() -> None:
    act = chat("openai", "m", "Hi", retries=2)
    assert act.retries == 2
    assert "retries" not in act.body


def test_each_format_has_its_path() -> None:
    paths = {
        chat("groq", "m", "Hi").path,
        azure("gpt-4o", "Hi").path,
        responses("openai", "m", "Hi").path,
        messages("claude", "Hi").path,
        gemini("flash", "Hi").path,
        gemini("flash", "Hi", provider="vertex").path,
        bedrock("Hi").path,
        ollama("chat", "Hi", stream=True).path,
    }
    assert paths == {
        "/v1/chat/completions",
        "/openai/deployments/gpt-4o/chat/completions?api-version=2025-04-01-preview",
        "/v1/responses",
        "/v1/messages",
        "/v1beta/models/flash:generateContent",
        "/v1/projects/demo/locations/europe-west4/publishers/google/models/flash:generateContent",
        "/model/us.amazon.nova-lite-v1%3A0/converse",
        "/api/chat",
    }


def test_ollama_has_two_bodies() -> None:
    assert ollama("chat", "Hi", stream=False).body["messages"] == [{"role": "user", "content": "Hi"}]
    assert ollama("generate", "Hi", stream=True).body["prompt"] == "Hi"
