"""Azure's verdicts, whole and streamed, as wire-format documents say they look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.simulator.wire import AZURE, chat, chunks, events

SAFE = {"filtered": False, "severity": "safe"}
HARMS = {"hate", "self_harm", "sexual", "violence"}


@pytest.fixture
def whole(client: httpx2.Client) -> Callable[[str], Any]:
    return lambda scenario: client.post(AZURE, json=chat(prompt=f"Hi [[sim:{scenario}]]")).json()


@pytest.fixture
def parts(client: httpx2.Client) -> Callable[..., Any]:
    return lambda scenario, **more: chunks(
        client.post(AZURE, json=chat(prompt=f"Hi [[sim:{scenario}]]", stream=True, **more))
    )


@pytest.fixture
def outcome(row: Callable[[], Any]) -> Callable[[], str]:
    return lambda: row()["outcome"]


def test_all_is_safe(whole: Callable[[str], Any], outcome: Callable[[], str], row: Callable[[], Any]) -> None:
    body = whole("")
    prompt = body["prompt_filter_results"][0]
    completion = body["choices"][0]["content_filter_results"]

    assert prompt["prompt_index"] == 0
    assert set(prompt["content_filter_results"]) == HARMS | {"jailbreak"}
    assert set(completion) == HARMS | {"protected_material_code", "protected_material_text"}
    assert completion["hate"] == SAFE
    assert completion["protected_material_text"] == {"filtered": False, "detected": False}
    assert body["usage"]["latency_checkpoint"] == {
        "engine_ttft_ms": 0,
        "user_visible_ttft_ms": 0,
        "total_duration_ms": 0,
    }
    assert (outcome(), row()["provider"]) == ("clean", "azure")


@pytest.mark.parametrize("level", ["low", "medium", "high"])
def test_annotated(level: str, whole: Callable[[str], Any], outcome: Callable[[], str]) -> None:
    body = whole(f"annotated={level}")

    assert body["choices"][0]["content_filter_results"]["violence"] == {"filtered": False, "severity": level}
    assert body["prompt_filter_results"][0]["content_filter_results"]["hate"] == {"filtered": False, "severity": level}
    assert body["choices"][0]["finish_reason"] == "stop"
    assert outcome() == "annotated"


@pytest.mark.parametrize("name", ["jailbreak", "indirect_attack"])
def test_an_attack_is_only_noted(name: str, whole: Callable[[str], Any], outcome: Callable[[], str]) -> None:
    results = whole(name)["prompt_filter_results"][0]["content_filter_results"]

    assert results[name] == {"filtered": False, "detected": True}
    assert outcome() == "annotated"


@pytest.mark.parametrize(
    ("category", "verdict"),
    [
        ("violence", {"filtered": True, "severity": "medium"}),
        ("jailbreak", {"filtered": True, "detected": True}),
        ("custom_blocklists", {"filtered": True, "details": [{"id": "sim-list", "filtered": True}]}),
    ],
)
def test_a_blocked_prompt(
    category: str, verdict: Any, client: httpx2.Client, outcome: Callable[[], str], row: Callable[[], Any]
) -> None:
    response = client.post(AZURE, json=chat(f"gpt-4o+prompt_blocked={category}", stream=True))
    error = response.json()["error"]

    assert response.status_code == error["status"] == 400
    assert (error["code"], error["param"], error["type"]) == ("content_filter", "prompt", None)
    assert error["innererror"]["code"] == "ResponsibleAIPolicyViolation"
    assert error["innererror"]["content_filter_result"][category] == verdict
    assert (outcome(), row()["error"]) == ("blocked_prompt", "content_filter")
    assert set(row()["usage"].values()) == {None}


def test_a_withheld_completion_has_no_message(whole: Callable[[str], Any], outcome: Callable[[], str]) -> None:
    choice = whole("completion_blocked=sexual")["choices"][0]

    assert "message" not in choice
    assert choice["finish_reason"] == "content_filter"
    assert choice["content_filter_results"]["sexual"] == {"filtered": True, "severity": "high"}
    assert outcome() == "blocked_completion"


@pytest.mark.parametrize(
    ("name", "category"),
    [("completion_cut", "violence"), ("protected_text", "protected_material_text"), ("blocklist", "custom_blocklists")],
)
def test_a_completion_cut(name: str, category: str, whole: Callable[[str], Any], outcome: Callable[[], str]) -> None:
    choice = whole(name)["choices"][0]

    assert choice["message"]["content"]
    assert choice["finish_reason"] == "content_filter"
    assert choice["content_filter_results"][category]["filtered"]
    assert outcome() == "blocked_completion"


def test_protected_code_is_cited(whole: Callable[[str], Any], outcome: Callable[[], str]) -> None:
    choice = whole("protected_code")["choices"][0]
    found = choice["content_filter_results"]["protected_material_code"]

    assert found["citation"]["URL"].startswith("https://")
    assert (found["detected"], found["filtered"], choice["finish_reason"]) == (True, False, "stop")
    assert outcome() == "annotated"


def test_filters_that_did_not_run(whole: Callable[[str], Any], outcome: Callable[[], str]) -> None:
    error = whole("filter_error")["choices"][0]["content_filter_results"]
    assert error == {"error": {"code": "content_filter_error", "message": "The contents are not filtered"}}
    assert outcome() == "filter_error"

    purview = whole("purview_error")["prompt_filter_results"][0]["content_filter_results"]["purview"]
    assert purview | {"detected": False, "filtered": False} == purview
    assert purview["details"]["error"]["code"] == "400"
    assert outcome() == "filter_error"


def test_filters_that_say_nothing(whole: Callable[[str], Any], outcome: Callable[[], str]) -> None:
    body = whole("unassessed")

    assert body["prompt_filter_results"][0]["content_filter_results"] == {}
    assert body["choices"][0]["content_filter_results"] == {}
    assert outcome() == "not_assessed"


def test_a_hit_after_the_stream_is_told_with_stop_when_there_is_no_stream(
    whole: Callable[[str], Any], outcome: Callable[[], str]
) -> None:
    choice = whole("async_hit")["choices"][0]

    assert choice["finish_reason"] == "stop"
    assert choice["content_filter_results"]["custom_blocklists"]["filtered"]
    assert outcome() == "blocked_completion"


def test_a_buffered_stream(parts: Callable[..., Any], outcome: Callable[[], str], row: Callable[[], Any]) -> None:
    first, role, *texts, last = parts("")

    assert first | {"choices": [], "created": 0, "id": "", "model": "", "object": ""} == first
    assert set(first["prompt_filter_results"][0]["content_filter_results"]) == HARMS | {"jailbreak"}
    assert role["choices"][0]["content_filter_results"] == {}
    assert {frozenset(text["choices"][0]["content_filter_results"]) for text in texts[:-1]} == {frozenset(HARMS)}
    assert "protected_material_text" in texts[-1]["choices"][0]["content_filter_results"]
    assert last["choices"][0] | {"finish_reason": "stop", "content_filter_results": {}} == last["choices"][0]
    assert (outcome(), row()["model_served"]) == ("clean", "gpt-4o-2024-08-06")


def test_a_buffered_stream_that_is_cut(parts: Callable[..., Any], outcome: Callable[[], str]) -> None:
    last = parts("completion_cut=hate")[-1]["choices"][0]

    assert last["finish_reason"] == "content_filter"
    assert last["content_filter_results"]["hate"] == {"filtered": True, "severity": "high"}
    assert outcome() == "blocked_completion"


def test_a_stream_whose_filter_did_not_run(parts: Callable[..., Any], outcome: Callable[[], str]) -> None:
    texts = parts("filter_error")[2:-1]

    assert all("error" in text["choices"][0]["content_filter_results"] for text in texts)
    assert outcome() == "filter_error"


def verdicts(parts: list[Any]) -> list[tuple[int, Any]]:
    """The frames with verdicts alone, with their places."""
    return [(place, part["choices"][0]) for place, part in enumerate(parts) if part["choices"] and part["id"] == ""]


def stop(parts: list[Any]) -> int:
    return next(
        place for place, part in enumerate(parts) if part["choices"] and part["choices"][0]["finish_reason"] == "stop"
    )


def test_an_asynchronous_filter(parts: Callable[..., Any], outcome: Callable[[], str]) -> None:
    frames = parts("async_filter", stream_options={"include_usage": True})
    found = verdicts(frames)

    assert all("content_filter_results" not in frame["choices"][0] for frame in frames[1 : found[0][0]])
    assert [place < stop(frames) for place, _ in found] == [True, False]
    for _, choice in found:
        assert "delta" not in choice
        assert set(choice["content_filter_offsets"]) == {"check_offset", "start_offset", "end_offset"}
    assert frames[-1]["usage"]
    assert outcome() == "clean"


def test_an_asynchronous_filter_that_hits_late(parts: Callable[..., Any], outcome: Callable[[], str]) -> None:
    frames = parts("async_hit")
    place, choice = verdicts(frames)[-1]

    assert place > stop(frames)
    assert choice["finish_reason"] is None
    assert choice["content_filter_results"]["custom_blocklists"]["filtered"]
    assert outcome() == "blocked_completion"


def test_an_asynchronous_filter_that_cuts(
    parts: Callable[..., Any], client: httpx2.Client, outcome: Callable[[], str], row: Callable[[], Any]
) -> None:
    frames = parts("async_cut")

    assert frames[-1]["id"] == ""
    assert frames[-1]["choices"][0]["finish_reason"] == "content_filter"
    assert (outcome(), row()["finish_reasons"]) == ("blocked_completion", {"0": "content_filter"})
    response = client.post(AZURE, json=chat("gpt-4o+async_cut", stream=True))
    assert events(response)[-1] == ("", "[DONE]")


def test_azures_headers(client: httpx2.Client) -> None:
    headers = client.post(AZURE, json=chat()).headers

    assert headers["x-ms-served-model"] == "gpt-4o-2024-08-06"
    assert headers["x-ms-deployment-name"] == "gpt-4o"
    assert headers["apim-request-id"] == headers["x-request-id"]


def test_the_deployment_stands_in_for_the_model(client: httpx2.Client, row: Callable[[], Any]) -> None:
    body = chat()
    del body["model"]
    client.post("/openai/deployments/my-team/chat/completions?api-version=1", json=body)

    assert (row()["model_requested"], row()["model_served"]) == ("my-team", "my-team")
