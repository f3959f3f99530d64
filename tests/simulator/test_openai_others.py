from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from audit.simulator.openai_others import form_fields
from tests.simulator.wire import events

IMAGES = "/v1/images/generations"
AZURE_IMAGES = "/openai/deployments/dalle3/images/generations?api-version=2024-02-01"


def test_moderation_has_a_result_for_each_input(client: httpx2.Client, row: Callable[[], Any]) -> None:
    body = client.post("/v1/moderations", json={"input": ["a kind word", "I hate rain"]}).json()
    kind, unkind = body["results"]

    assert (kind["flagged"], unkind["flagged"]) == (False, True)
    assert len(kind["categories"]) == len(kind["category_scores"]) == 13
    assert unkind["categories"]["harassment"]
    assert unkind["category_scores"]["harassment"] > 0.5 > unkind["category_scores"]["sexual/minors"]
    assert unkind["category_applied_input_types"]["violence"] == ["text"]
    assert (row()["outcome"], row()["complete"], set(row()["usage"].values())) == ("annotated", True, {None})
    assert (row()["model_requested"], row()["model_served"]) == (None, "omni-moderation-latest")
    assert row()["response_id"] == body["id"]


def test_moderation_of_text_and_images(client: httpx2.Client, row: Callable[[], Any]) -> None:
    image = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    body = client.post("/v1/moderations", json={"input": [{"type": "text", "text": "hello"}, image]}).json()

    assert body["results"][1]["category_applied_input_types"]["violence"] == ["image"]
    assert row()["outcome"] == "clean"
    assert client.post("/v1/moderations", json={"input": "x", "model": "m+flagged"}).json()["results"][0]["flagged"]


def test_pictures(client: httpx2.Client, row: Callable[[], Any]) -> None:
    body = client.post(IMAGES, json={"model": "gpt-image-1", "prompt": "a red ship", "n": 2}).json()

    assert base64.b64decode(body["data"][0]["b64_json"]).startswith(b"\x89PNG")
    assert body["data"][0] != body["data"][1]
    assert body["usage"]["input_tokens_details"] == {"text_tokens": 3, "image_tokens": 0}
    assert row()["usage"] | {"input_tokens": 3, "output_tokens": 544, "total_tokens": 547} == row()["usage"]


def test_dalle_rewrites_the_prompt_and_tells_no_usage(client: httpx2.Client, row: Callable[[], Any]) -> None:
    body = client.post(IMAGES, json={"model": "dall-e-3", "prompt": "a ship"}).json()

    assert "a ship" in body["data"][0]["revised_prompt"]
    assert "usage" not in body
    assert set(row()["usage"].values()) == {None}


def test_azure_rates_pictures(client: httpx2.Client, row: Callable[[], Any]) -> None:
    image = client.post(AZURE_IMAGES, json={"prompt": "a ship [[sim:annotated]]"}).json()["data"][0]

    assert image["content_filter_results"]["violence"]["severity"] == "low"
    assert image["prompt_filter_results"]["hate"]["severity"] == "low"
    assert (row()["outcome"], row()["model_requested"]) == ("annotated", "dalle3")


@pytest.mark.parametrize(
    ("path", "model", "code"),
    [
        (IMAGES, "gpt-image-1", "moderation_blocked"),
        (IMAGES, "dall-e-3", "content_policy_violation"),
        (AZURE_IMAGES, "dalle3", "content_policy_violation"),
    ],
)
def test_a_refused_picture(path: str, model: str, code: str, client: httpx2.Client, row: Callable[[], Any]) -> None:
    response = client.post(path, json={"model": f"{model}+prompt_blocked=hate", "prompt": "x"})
    error = response.json()["error"]

    assert (response.status_code, error["code"]) == (400, code)
    assert ("inner_error" in error) is (path == AZURE_IMAGES)
    assert row()["outcome"] == "blocked_prompt"


def test_a_picture_comes_in_two_events(client: httpx2.Client, row: Callable[[], Any]) -> None:
    found = events(client.post(IMAGES, json={"model": "gpt-image-1", "prompt": "a ship", "stream": True}))

    assert [name for name, _ in found] == ["image_generation.partial_image", "image_generation.completed"]
    assert json.loads(found[1][1])["usage"]["output_tokens"] == row()["usage"]["output_tokens"] == 272


def test_a_form_is_read(client: httpx2.Client, row: Callable[[], Any]) -> None:
    fields = {"model": "gpt-image-1+cached", "prompt": "a ship", "n": "2"}
    response = client.post("/v1/images/edits", data=fields, files={"image": ("a.png", b"\x89PNG\r\n", "image/png")})

    assert len(response.json()["data"]) == 2
    assert row()["scenario"] == "cached"


def test_a_form_without_a_boundary_has_no_fields() -> None:
    assert form_fields(b"--x\r\n", "multipart/form-data") == {}


def test_a_big_picture(client: httpx2.Client) -> None:
    small, big = (
        client.post(IMAGES, json={"model": f"gpt-image-1{suffix}", "prompt": "x"}).json()["data"][0]["b64_json"]
        for suffix in ("", "+huge")
    )

    assert len(big) > len(small)


def test_models_are_listed_in_three_ways(client: httpx2.Client) -> None:
    openai = client.get("/v1/models").json()
    anthropic = client.get("/v1/models", headers={"anthropic-version": "2023-06-01"}).json()
    gemini = client.get("/v1beta/models").json()

    assert (openai["object"], openai["data"][0]["object"]) == ("list", "model")
    assert (anthropic["data"][0]["type"], anthropic["has_more"]) == ("model", False)
    assert gemini["models"][0]["name"].startswith("models/")
    assert client.get("/v1/models", headers={"x-goog-api-key": "k"}).json() == gemini
    assert client.get("/v1/models/gpt-4o").json()["id"] == "gpt-4o"
    assert client.post("/v1/models", json={}).status_code == 404
