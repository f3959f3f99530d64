from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.simulator.wire import chunks, gemini

MODEL = "gemini-2.5-flash"


@pytest.fixture
def ask(client: httpx2.Client) -> Callable[..., Any]:
    """Returns what a method returns."""

    def asking(model: str = MODEL, verb: str = "generateContent", **more: Any) -> Any:
        response = client.post(f"/v1beta/models/{model}:{verb}", json=gemini(**more))
        assert response.status_code == 200, response.text
        return response.json()

    return asking


def test_a_normal_answer(ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    body = ask()
    candidate, usage = body["candidates"][0], body["usageMetadata"]

    assert (candidate["finishReason"], candidate["content"]["role"]) == ("STOP", "model")
    assert "index" not in candidate
    assert "safetyRatings" not in candidate
    assert "promptFeedback" not in body
    assert (body["modelVersion"], row()["model_requested"]) == (MODEL, MODEL)
    assert usage["totalTokenCount"] == usage["promptTokenCount"] + usage["candidatesTokenCount"]
    assert "thoughtsTokenCount" not in usage
    assert row()["usage"] == {
        "input_tokens": usage["promptTokenCount"],
        "output_tokens": usage["candidatesTokenCount"],
        "total_tokens": usage["totalTokenCount"],
        "cached_input_tokens": None,
        "cache_write_tokens": None,
        "reasoning_tokens": None,
    }
    assert (row()["outcome"], row()["response_id"]) == ("not_assessed", body["responseId"])


def test_thoughts_are_apart_from_the_output(ask: Callable[..., Any]) -> None:
    usage = ask(f"{MODEL}+reasoning=30+cached=2")["usageMetadata"]

    assert (usage["thoughtsTokenCount"], usage["cachedContentTokenCount"]) == (30, 2)
    assert usage["totalTokenCount"] == usage["promptTokenCount"] + usage["candidatesTokenCount"] + 30


def test_thoughts_are_shown_on_request(ask: Callable[..., Any], client: httpx2.Client) -> None:
    config = {"thinkingConfig": {"includeThoughts": True}}
    parts = ask(f"{MODEL}+reasoning", generationConfig=config)["candidates"][0]["content"]["parts"]
    assert [bool(part.get("thought")) for part in parts] == [True, False]

    path = f"/v1beta/models/{MODEL}+reasoning:streamGenerateContent?alt=sse"
    first = chunks(client.post(path, json=gemini(generationConfig=config)), "\r\n")[0]
    assert first["candidates"][0]["content"]["parts"][0]["thought"]


def test_without_usage_there_is_no_object(ask: Callable[..., Any]) -> None:
    assert "usageMetadata" not in ask(f"{MODEL}+no_usage")


@pytest.mark.parametrize("model", ["gemini-1.5-flash", f"{MODEL}+rated"])
def test_older_models_rate_every_answer(model: str, ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    body = ask(model)
    ratings = body["candidates"][0]["safetyRatings"]

    assert len(ratings) == 4
    assert {rating["probability"] for rating in ratings} == {"NEGLIGIBLE"}
    assert not any("blocked" in rating for rating in ratings)
    assert body["promptFeedback"]["safetyRatings"] == ratings
    assert row()["outcome"] == "clean"
    assert "safetyRatings" not in ask(f"{model}+unassessed")["candidates"][0]


def test_annotated(ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    ratings = ask(f"{MODEL}+annotated=medium")["candidates"][0]["safetyRatings"]

    assert {"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "MEDIUM"} in ratings
    assert row()["outcome"] == "annotated"


@pytest.mark.parametrize(
    ("asked", "reason"),
    [("", "SAFETY"), ("=PROHIBITED_CONTENT", "PROHIBITED_CONTENT"), ("=jailbreak", "JAILBREAK"), ("=hate", "SAFETY")],
)
def test_a_blocked_prompt(asked: str, reason: str, ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    body = ask(f"{MODEL}+prompt_blocked{asked}")
    feedback = body["promptFeedback"]

    assert "candidates" not in body
    assert feedback["blockReason"] == reason
    if reason == "SAFETY":
        harm = "HARM_CATEGORY_HATE_SPEECH" if asked == "=hate" else "HARM_CATEGORY_DANGEROUS_CONTENT"
        assert {"category": harm, "probability": "HIGH", "blocked": True} in feedback["safetyRatings"]
    assert set(body["usageMetadata"]) == {"promptTokenCount", "totalTokenCount"}
    assert (row()["outcome"], row()["finish_reasons"]) == ("blocked_prompt", {})
    assert "usageMetadata" not in ask(f"{MODEL}+prompt_blocked+no_usage")


@pytest.mark.parametrize(
    ("asked", "reason", "left"),
    [
        ("completion_blocked", "SAFETY", False),
        ("completion_blocked=SPII", "SPII", False),
        ("completion_cut", "SAFETY", True),
        ("completion_cut=self_harm", "PROHIBITED_CONTENT", True),
        ("protected_text", "RECITATION", True),
        ("protected_code", "RECITATION", True),
        ("blocklist", "BLOCKLIST", True),
    ],
)
def test_a_blocked_answer(asked: str, reason: str, left: bool, ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    candidate = ask(f"{MODEL}+{asked}")["candidates"][0]

    assert candidate["finishReason"] == reason
    assert bool(candidate["content"]) is left
    assert ("citationMetadata" in candidate) is (reason == "RECITATION")
    assert any(rating.get("blocked") for rating in candidate.get("safetyRatings", [])) is (reason == "SAFETY")
    assert row()["outcome"] == "blocked_completion"


def test_images_are_made_and_refused(ask: Callable[..., Any], row: Callable[[], Any]) -> None:
    model = "gemini-2.5-flash-image"
    body = ask(model)
    part = body["candidates"][0]["content"]["parts"][-1]
    assert part["inlineData"]["mimeType"] == "image/png"
    assert body["usageMetadata"]["candidatesTokensDetails"] == [{"modality": "IMAGE", "tokenCount": 1290}]

    assert ask(f"{model}+completion_blocked")["candidates"][0]["finishReason"] == "IMAGE_SAFETY"
    assert row()["outcome"] == "blocked_completion"
    assert "inlineData" not in json.dumps(ask(f"{model}+refusal"))


def test_several_candidates_limits_calls_and_json(ask: Callable[..., Any]) -> None:
    assert [one.get("index") for one in ask(generationConfig={"candidateCount": 2})["candidates"]] == [None, 1]
    assert ask(generationConfig={"maxOutputTokens": 2})["candidates"][0]["finishReason"] == "MAX_TOKENS"

    declared = [{"name": "f", "parameters": {"type": "OBJECT", "properties": {"n": {"type": "INTEGER"}}}}]
    called = ask(f"{MODEL}+tool_call", tools=[{"functionDeclarations": declared}])["candidates"][0]
    assert called["finishReason"] == "STOP"
    assert isinstance(called["content"]["parts"][0]["functionCall"]["args"]["n"], int)

    config = {"responseMimeType": "application/json", "responseSchema": declared[0]["parameters"]}
    answered = ask(
        prompt="What is 6 * 7?", generationConfig=config, systemInstruction={"parts": [{"text": "Be brief"}]}
    )
    assert json.loads(answered["candidates"][0]["content"]["parts"][0]["text"]) == {"n": 42}


def test_a_stream_of_events_has_crlf(client: httpx2.Client, ask: Callable[..., Any]) -> None:
    response = client.post(f"/v1beta/models/{MODEL}+rated:streamGenerateContent?alt=sse", json=gemini())
    parts = chunks(response, "\r\n")
    counts = [part["usageMetadata"]["candidatesTokenCount"] for part in parts]
    text = "".join(part["text"] for chunk in parts for part in chunk["candidates"][0]["content"].get("parts", []))

    assert "[DONE]" not in response.text
    assert counts == sorted(counts)
    assert len({part["responseId"] for part in parts}) == 1
    assert [part["candidates"][0].get("finishReason") for part in parts[-2:]] == [None, "STOP"]
    assert text == ask()["candidates"][0]["content"]["parts"][0]["text"]


def test_a_stream_without_alt_is_one_array(client: httpx2.Client, row: Callable[[], Any]) -> None:
    response = client.post(f"/v1beta/models/{MODEL}:streamGenerateContent", json=gemini())

    assert response.headers["content-type"] == "application/json"
    assert response.content.startswith(b"[{")
    assert b"}\n,\r\n{" in response.content
    assert response.content.endswith(b"}\n]")
    assert response.json()[-1]["candidates"][0]["finishReason"] == "STOP"
    assert row()["streamed"]


def test_an_error_in_the_array(client: httpx2.Client, row: Callable[[], Any]) -> None:
    parts = client.post(f"/v1beta/models/{MODEL}+error_stream:streamGenerateContent", json=gemini()).json()

    assert "candidates" in parts[0]
    assert parts[-1]["error"]["status"] == "UNAVAILABLE"
    assert row()["error"] == "UNAVAILABLE"


def test_a_blocked_prompt_is_a_stream_of_one(client: httpx2.Client) -> None:
    path = f"/v1beta/models/{MODEL}+prompt_blocked:streamGenerateContent"

    assert len(chunks(client.post(f"{path}?alt=sse", json=gemini()), "\r\n")) == 1
    assert client.post(path, json=gemini()).json()[0]["promptFeedback"]["blockReason"] == "SAFETY"


def test_input_figures_may_shrink(client: httpx2.Client, row: Callable[[], Any]) -> None:
    path = f"/v1beta/models/{MODEL}+shifting_usage:streamGenerateContent?alt=sse"
    parts = chunks(client.post(path, json=gemini()), "\r\n")
    first, last = (part["usageMetadata"]["promptTokenCount"] for part in (parts[0], parts[-1]))

    assert first == 2 * last
    assert row()["usage"]["input_tokens"] == last


def test_vertex_adds_its_own(client: httpx2.Client, row: Callable[[], Any]) -> None:
    path = f"/v1/projects/p/locations/l/publishers/google/models/{MODEL}:generateContent"
    body = client.post(path, json=gemini()).json()

    assert body["createTime"].endswith("Z")
    assert body["usageMetadata"]["trafficType"] == "ON_DEMAND"
    assert row()["provider"] == "vertex"


def test_counts_and_embeddings(ask: Callable[..., Any], client: httpx2.Client, row: Callable[[], Any]) -> None:
    assert ask(verb="countTokens") == {"totalTokens": ask()["usageMetadata"]["promptTokenCount"]}

    content = gemini()["contents"][0]
    one = client.post("/v1beta/models/e:embedContent", json={"content": content}).json()
    assert len(one["embedding"]["values"]) == 768
    assert row()["usage"]["input_tokens"] == one["usageMetadata"]["promptTokenCount"] == 13

    two = client.post(
        "/v1beta/models/e+no_usage:batchEmbedContents", json={"requests": [{"content": content}] * 2}
    ).json()
    assert len(two["embeddings"]) == 2
    assert "usageMetadata" not in two


def test_imagen(client: httpx2.Client, row: Callable[[], Any]) -> None:
    def predict(scenario: str = "") -> httpx2.Response:
        asked = {"instances": [{"prompt": f"a ship [[sim:{scenario}]]"}]}
        return client.post("/v1beta/models/imagen-4:predict", json=asked)

    assert predict().json()["predictions"][0]["mimeType"] == "image/png"
    assert "raiFilteredReason" in predict("completion_blocked").json()["predictions"][0]
    assert row()["outcome"] == "blocked_completion"
    blocked = predict("prompt_blocked")
    assert (blocked.status_code, blocked.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert row()["outcome"] == "blocked_prompt"


def test_its_headers_tell_the_time(client: httpx2.Client) -> None:
    headers = client.post(f"/v1beta/models/{MODEL}:generateContent", json=gemini()).headers

    assert headers["server-timing"] == "gfet4t7; dur=0"
    assert "x-request-id" not in headers
