"""Errors, in each provider's spelling."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from audit.simulator.scenarios import ERRORS
from tests.simulator.wire import AZURE, CHAT, chat, chunks, claude, events, gemini

GEMINI = "/v1beta/models/gemini-2.5-flash:generateContent"
CONVERSE = "/model/amazon.nova/converse"
TALK = {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}
STATUS = {
    "bad_request": 400,
    "context_length": 400,
    "invalid_prompt": 400,
    "invalid_key": 401,
    "forbidden": 403,
    "resource_blocked": 403,
    "not_found": 404,
    "too_large": 413,
    "rate_limit": 429,
    "quota": 429,
    "server_error": 500,
    "empty_error": 500,
    "html_error": 502,
    "unavailable": 503,
    "timeout": 504,
    "overloaded": 503,
    "error_200": 200,
}


def played(name: str, path: str, body: dict[str, Any], client: httpx2.Client) -> httpx2.Response:
    return client.post(path, json=body, headers={"x-sim-scenario": name})


def test_every_error_is_listed_here() -> None:
    assert tuple(STATUS) == ERRORS


@pytest.mark.parametrize(("name", "status"), STATUS.items())
def test_openais_errors(name: str, status: int, client: httpx2.Client, row: Callable[[], Any]) -> None:
    response = played(name, CHAT, chat(), client)

    assert (response.status_code, row()["status"]) == (status, status)
    assert row()["error"]
    if name not in ("empty_error", "html_error"):
        assert set(response.json()["error"]) == {"message", "type", "param", "code"}


def test_the_words_that_clients_look_for(client: httpx2.Client) -> None:
    def code(name: str, path: str = CHAT) -> Any:
        return played(name, path, chat(), client).json()["error"]["code"]

    assert code("invalid_key") == "invalid_api_key"
    assert code("not_found") == "model_not_found"
    assert code("quota") == "insufficient_quota"
    assert code("context_length") == "context_length_exceeded"
    assert code("server_error") is None
    assert code("not_found", AZURE) == "DeploymentNotFound"
    assert code("invalid_key", AZURE) == "401"
    assert code("resource_blocked", AZURE) == "Forbidden"
    assert played("not_found", "/v1/responses", {"model": "x", "input": ""}, client).status_code == 400


def test_an_invalid_prompt_is_a_blocked_one(client: httpx2.Client, row: Callable[[], Any]) -> None:
    played("invalid_prompt", CHAT, chat(), client)

    assert (row()["error"], row()["outcome"]) == ("invalid_prompt", "blocked_prompt")


def test_a_resource_is_blocked_at_azure_alone(client: httpx2.Client, row: Callable[[], Any]) -> None:
    assert "temporarily blocked" in played("resource_blocked", AZURE, chat(), client).json()["error"]["message"]
    assert row()["outcome"] == "blocked_prompt"
    assert "blocked" not in played("resource_blocked", CHAT, chat(), client).text
    assert row()["outcome"] == "not_assessed"


def test_some_errors_have_no_json(client: httpx2.Client) -> None:
    empty = played("empty_error", CHAT, chat(), client)
    page = played("html_error", CHAT, chat(), client)

    assert (empty.content, empty.headers["content-length"]) == (b"", "0")
    assert page.headers["content-type"] == "text/html"
    assert page.text.startswith("<html>")


@pytest.mark.parametrize(
    ("name", "status", "type_"),
    [
        ("bad_request", 400, "invalid_request_error"),
        ("invalid_key", 401, "authentication_error"),
        ("not_found", 404, "not_found_error"),
        ("too_large", 413, "request_too_large"),
        ("rate_limit", 429, "rate_limit_error"),
        ("server_error", 500, "api_error"),
        ("timeout", 504, "timeout_error"),
        ("overloaded", 529, "overloaded_error"),
        ("error_200", 200, "api_error"),
    ],
)
def test_anthropics_errors(name: str, status: int, type_: str, client: httpx2.Client) -> None:
    response = played(name, "/v1/messages", claude(), client)

    assert response.status_code == status
    assert response.json()["type"] == "error"
    assert response.json()["error"]["type"] == type_
    assert response.json()["request_id"].startswith("req_")
    assert response.headers["request-id"].startswith("req_")


@pytest.mark.parametrize(
    ("name", "status", "word"),
    [
        ("invalid_key", 400, "INVALID_ARGUMENT"),
        ("forbidden", 403, "PERMISSION_DENIED"),
        ("rate_limit=34.4", 429, "RESOURCE_EXHAUSTED"),
        ("overloaded", 503, "UNAVAILABLE"),
    ],
)
def test_googles_errors(name: str, status: int, word: str, client: httpx2.Client) -> None:
    response = played(name, GEMINI, gemini(), client)
    error = response.json()["error"]

    assert (response.status_code, error["code"], error["status"]) == (status, status, word)
    assert "retry-after" not in response.headers
    if name == "invalid_key":
        assert error["details"][0]["reason"] == "API_KEY_INVALID"
    if name.startswith("rate_limit"):
        assert error["details"][0]["retryDelay"] == "34.4s"


def test_an_error_in_place_of_an_array_is_in_an_array(client: httpx2.Client) -> None:
    response = played("unavailable", GEMINI.replace("generate", "streamGenerate"), gemini(), client)

    assert response.json()[0]["error"]["code"] == 503


def test_the_spellings_of_others(client: httpx2.Client) -> None:
    openrouter = played("rate_limit", "/openrouter/api/v1/chat/completions", chat(), client).json()
    xai = played("bad_request", "/xai/v1/chat/completions", chat(), client).json()
    bedrock = played("rate_limit", CONVERSE, TALK, client)
    ollama = played("not_found", "/api/chat", chat(), client).json()

    assert openrouter["error"]["code"] == 429
    assert json.loads(openrouter["error"]["metadata"]["raw"])["error"]["code"] == "rate_limit_exceeded"
    assert isinstance(xai["error"], str)
    assert bedrock.headers["x-amzn-errortype"] == "ThrottlingException"
    assert set(bedrock.json()) == {"message"}
    assert isinstance(ollama["error"], str)


def test_a_rate_limit_says_when_to_try_again(client: httpx2.Client) -> None:
    short = played("rate_limit=0.02", CHAT, chat(), client).headers
    usual = played("rate_limit", AZURE, chat(), client).headers
    anthropic = played("rate_limit=2", "/v1/messages", claude(), client).headers

    assert (short["retry-after"], short["retry-after-ms"]) == ("1", "20")
    assert (usual["retry-after"], usual["retry-after-ms"]) == ("1", "1000")
    assert anthropic["retry-after"] == "2"
    assert "retry-after-ms" not in anthropic
    assert "retry-after" not in played("quota", CHAT, chat(), client).headers


def test_an_error_half_way_through_a_stream(client: httpx2.Client, row: Callable[[], Any]) -> None:
    parts = chunks(played("error_stream", CHAT, chat(stream=True), client))
    assert parts[-1]["error"]["type"] == "overloaded_error"
    assert row()["error"] == "overloaded_error"
    assert not row()["complete"]

    name, data = events(played("error_stream", "/v1/messages", claude(stream=True), client))[-1]
    assert (name, json.loads(data)["error"]["type"]) == ("error", "overloaded_error")

    name, _ = events(played("error_stream", "/groq/openai/v1/chat/completions", chat(stream=True), client))[-1]
    assert name == "error"


def test_an_error_after_so_many_tokens(client: httpx2.Client) -> None:
    def texts(count: int) -> int:
        parts = chunks(played(f"error_stream={count}", CHAT, chat(stream=True), client))
        assert "error" in parts[-1]
        return sum(bool(part["choices"][0]["delta"].get("content")) for part in parts[:-1])

    assert [texts(0), texts(3), texts(10)] == [0, 3, 10]


def test_without_a_stream_the_error_is_the_body(client: httpx2.Client) -> None:
    response = played("error_stream", CHAT, chat(), client)

    assert response.status_code == 200
    assert response.json()["error"]["type"] == "server_error"


def test_of_several_errors_the_first_in_the_list_wins(client: httpx2.Client) -> None:
    assert played("unavailable forbidden", CHAT, chat(), client).status_code == 403
