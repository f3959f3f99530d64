"""Calls that make no model work, told apart by method, host and path."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import Operation
from audit.dialects import choose
from audit.dialects._dialect import Fit
from audit.dialects.not_generation import DIALECT
from tests.factories import a_transcript

API = "https://api.example.com"


@pytest.mark.parametrize(
    ("method", "url", "operation"),
    [
        ("POST", "/v1/messages/count_tokens?beta=true", Operation.COUNT_TOKENS),
        ("POST", "/v1/responses/input_tokens", Operation.COUNT_TOKENS),
        ("POST", "/v1beta/models/gemini-x:countTokens", Operation.COUNT_TOKENS),
        ("POST", "/v1/publishers/anthropic/models/count-tokens:rawPredict", Operation.COUNT_TOKENS),
        ("POST", "/model/m/count-tokens", Operation.COUNT_TOKENS),
        ("POST", "/v1/messages/batches", Operation.BATCH),
        ("GET", "/v1/messages/batches/b1/results", Operation.BATCH),
        ("POST", "/v1/batches/b1/cancel", Operation.BATCH),
        ("POST", "/v1beta/models/gemini-x:batchGenerateContent", Operation.BATCH),
        ("GET", "/v1beta/models/veo-3/operations/o1", Operation.RETRIEVE),
        ("GET", "/api/v1/generation?id=gen-1", Operation.RETRIEVE),
        ("POST", "/v1/files", Operation.FILES),
        ("GET", "/v1/files/file-1/content", Operation.FILES),
        ("POST", "/upload/v1beta/files?upload_id=x", Operation.FILES),
        ("GET", "/v1/models", Operation.LIST_MODELS),
        ("GET", "/v1beta/models?pageToken=x", Operation.LIST_MODELS),
        ("GET", "/v1/models/meta-llama/Llama-3", Operation.LIST_MODELS),
        ("GET", "/api/tags", Operation.LIST_MODELS),
        ("POST", "/api/show", Operation.LIST_MODELS),
        ("DELETE", "/v1/models/ft:123", Operation.OTHER),
        ("DELETE", "/v1/responses/resp_1", Operation.OTHER),
        ("POST", "/v1/threads/t1/messages", Operation.OTHER),
        ("POST", "/v1/assistants", Operation.OTHER),
        ("POST", "/v1/fine_tuning/jobs", Operation.OTHER),
        ("POST", "/v1/conversations", Operation.OTHER),
        ("GET", "/v1/organization/usage/completions", Operation.OTHER),
        ("POST", "/v1/ocr", Operation.OTHER),
        ("POST", "/v1/agents", Operation.OTHER),
        ("POST", "https://oauth2.googleapis.com/token", Operation.OTHER),
        ("POST", "https://login.microsoftonline.com/t/oauth2/v2.0/token", Operation.OTHER),
        ("GET", "https://api.example.com", Operation.OTHER),
        ("GET", "/health", Operation.OTHER),
        ("HEAD", "/api/hello", Operation.OTHER),
        ("OPTIONS", "/v1/chat/completions", Operation.OTHER),
    ],
)
def test_each_is_told_by_its_method_and_path(method: str, url: str, operation: Operation) -> None:
    transcript = a_transcript(method=method, url=url if url.startswith("https") else API + url)

    assert choose(transcript) is DIALECT
    assert DIALECT.read(transcript).operation is operation


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("POST", "/v1/messages"),
        ("POST", "/v1/chat/completions"),
        ("POST", "/v1beta/models/gemini-x:generateContent"),
        ("POST", "/model/m/converse"),
        ("POST", "/models/meta-llama/Llama-3"),
        ("GET", "/v1/responses/resp_1"),
        ("GET", "/v1/chat"),
    ],
)
def test_what_may_be_a_generation_is_left_alone(method: str, url: str) -> None:
    assert DIALECT.fits(a_transcript(url, method=method)) is Fit.NO


@pytest.mark.parametrize("path", ["/v1/conversations", "/v1/agents/completions"])
def test_mistrals_agents_and_conversations_do_generate(path: str) -> None:
    assert DIALECT.fits(a_transcript(url=f"https://api.mistral.ai{path}")) is Fit.NO


@pytest.mark.parametrize(
    ("method", "path", "request_body", "model"),
    [
        ("POST", "/v1/messages/count_tokens", {"model": "claude-x"}, "claude-x"),
        ("POST", "/v1beta/models/gemini-x:countTokens", {}, "gemini-x"),
        ("POST", "/model/m%3A0/count-tokens", {}, "m:0"),
        ("GET", "/v1/models/gpt-x", None, "gpt-x"),
        ("DELETE", "/v1/models/ft:gpt-x:org:name", None, "ft:gpt-x:org:name"),
        ("GET", "/v1/models", None, None),
        ("POST", "/v1/files", None, None),
    ],
)
def test_the_model_is_named_where_body_or_url_does(
    method: str, path: str, request_body: object, model: str | None
) -> None:
    assert DIALECT.read(a_transcript(path, method=method, request=request_body)).model_requested == model


@pytest.mark.parametrize(
    ("path", "reply"),
    [
        ("/v1/agents/completions", {"response": {"error": "busy"}}),
        ("/v1/conversations", {"response": {"object": "conversation.response"}}),
        ("/v1/conversations", {"events": [{"type": "conversation.response.started"}]}),
        ("/v1/threads/t1/runs", {"events": [{"object": "thread.run", "usage": None}]}),
    ],
)
def test_agents_and_streamed_runs_answer_at_any_host(path: str, reply: dict[str, Any]) -> None:
    assert DIALECT.fits(a_transcript(path, **reply)) is Fit.NO


def test_the_model_that_read_a_document_is_told() -> None:
    reading = DIALECT.read(a_transcript("/v1/ocr", request={"model": "ocr-latest"}, response={"model": "ocr-2505"}))

    assert (reading.model_requested, reading.model_served) == ("ocr-latest", "ocr-2505")


def test_what_was_counted_is_no_usage() -> None:
    reading = DIALECT.read(a_transcript("/v1/messages/count_tokens", response={"input_tokens": 9}))

    assert (reading.usage, reading.output, reading.error) == (None, (), None)


def test_an_error_is_told() -> None:
    body = {"error": {"type": "not_found_error", "message": "No such file"}}
    error = DIALECT.read(a_transcript("/v1/files/x", method="GET", response=body, status=404)).error

    assert error is not None
    assert error.code == "not_found_error"
