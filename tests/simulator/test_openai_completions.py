from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2

from tests.simulator.wire import chunks, events

COMPLETIONS = "/v1/completions"
AZURE = "/openai/deployments/gpt-35/completions?api-version=2024-02-01"


def test_each_prompt_has_its_choices(client: httpx2.Client, row: Callable[[], Any]) -> None:
    body = client.post(COMPLETIONS, json={"model": "davinci", "prompt": ["a", "b"], "n": 2}).json()

    assert body["object"] == "text_completion"
    assert [choice["index"] for choice in body["choices"]] == [0, 1, 2, 3]
    assert all(choice["text"] for choice in body["choices"])
    assert row()["finish_reasons"] == {"0": "stop", "1": "stop", "2": "stop", "3": "stop"}
    assert row()["usage"]["total_tokens"] == body["usage"]["total_tokens"]


def test_a_prompt_may_be_tokens_and_figures_may_be_missing(client: httpx2.Client) -> None:
    body = client.post(COMPLETIONS, json={"model": "davinci+no_usage", "prompt": [1, 2], "max_tokens": 2}).json()

    assert [choice["finish_reason"] for choice in body["choices"]] == ["length"]
    assert "usage" not in body


def test_a_stream(client: httpx2.Client, row: Callable[[], Any]) -> None:
    asked = {"model": "davinci", "prompt": "Hi", "stream": True, "stream_options": {"include_usage": True}}
    response = client.post(COMPLETIONS, json=asked)
    *texts, last, usage = chunks(response)

    assert events(response)[-1] == ("", "[DONE]")
    assert all(part["choices"][0]["text"] for part in texts)
    assert last["choices"][0]["finish_reason"] == "stop"
    assert usage["usage"]["completion_tokens"] == len(texts) == row()["usage"]["output_tokens"]
    assert "usage" not in chunks(client.post(COMPLETIONS, json={"model": "x", "prompt": "", "stream": True}))[-1]


def test_azures_verdicts(client: httpx2.Client, row: Callable[[], Any]) -> None:
    body = client.post(AZURE, json={"prompt": ["a", "b [[sim:completion_cut]]"]}).json()

    assert [one["prompt_index"] for one in body["prompt_filter_results"]] == [0, 1]
    assert body["choices"][1]["content_filter_results"]["violence"]["filtered"]
    assert body["choices"][1]["finish_reason"] == "content_filter"
    assert row()["outcome"] == "blocked_completion"


def test_filters_elsewhere(client: httpx2.Client, row: Callable[[], Any]) -> None:
    assert client.post(AZURE, json={"prompt": "[[sim:prompt_blocked]]"}).status_code == 400
    assert row()["outcome"] == "blocked_prompt"
    client.post(COMPLETIONS, json={"model": "x+completion_blocked", "prompt": "a"})
    assert row()["outcome"] == "blocked_completion"
    client.post(COMPLETIONS, json={"model": "x+completion_cut", "prompt": "a", "stream": True})
    assert (row()["outcome"], row()["finish_reasons"]) == ("blocked_completion", {"0": "content_filter"})
