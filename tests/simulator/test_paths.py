from __future__ import annotations

import pytest

from audit.simulator.paths import target


@pytest.mark.parametrize(
    ("path", "provider", "format_"),
    [
        ("/v1/chat/completions", "openai", "chat"),
        ("/chat/completions", "openai", "chat"),
        ("/openai/v1/chat/completions", "openai", "chat"),
        ("//v1//chat/completions/", "openai", "chat"),
        ("/openai/deployments/d/chat/completions", "azure", "chat"),
        ("//openai/deployments/d/completions", "azure", "completions"),
        ("/azure/openai/deployments/d/embeddings", "azure", "embeddings"),
        ("/azure/openai/v1/responses", "azure", "responses"),
        ("/azure/v1/chat/completions", "azure", "chat"),
        ("/models/chat/completions", "azure", "chat"),
        ("/v1/responses", "openai", "responses"),
        ("/v1/responsesd", "router", "responses"),
        ("/router/v1/responses", "router", "responses"),
        ("/v1/responses/input_tokens", "openai", "input_tokens"),
        ("/v1/responses/resp_1", "openai", "stored_response"),
        ("/v1/responses/resp_1/cancel", "openai", "stored_response"),
        ("/openrouter/api/v1/chat/completions", "openrouter", "chat"),
        ("/groq/openai/v1/chat/completions", "groq", "chat"),
        ("/deepseek/chat/completions", "deepseek", "chat"),
        ("/ollama/v1/chat/completions", "ollama", "chat"),
        ("/v1/images/generations", "openai", "images"),
        ("/v1/moderations", "openai", "moderations"),
        ("/v1/messages", "anthropic", "messages"),
        ("/messages", "anthropic", "messages"),
        ("/anthropic/v1/messages/count_tokens", "anthropic", "count_messages"),
        ("/api/hello", "anthropic", "hello"),
        ("/v1beta/models/g:generateContent", "gemini", "gemini"),
        ("/gemini/v1/models/g:countTokens", "gemini", "gemini"),
        ("/v1beta/tunedModels/g:generateContent", "gemini", "gemini"),
        ("/v1/projects/p/locations/l/publishers/google/models/g:predict", "vertex", "gemini"),
        ("/v1beta1/publishers/google/models/g:generateContent", "vertex", "gemini"),
        ("/v1beta/models", "gemini", "models"),
        ("/v1/models", "openai", "models"),
        ("/v1/models/gpt-4o", "openai", "models"),
        ("/model/anthropic.claude-v1:0/converse", "bedrock", "converse"),
        ("/api/chat", "ollama", "ollama"),
        ("/", "openai", "unknown"),
        ("/anthropic/nonsense", "anthropic", "unknown"),
        ("/nonsense/v1/chat/completions", "openai", "unknown"),
        ("/openai", "openai", "unknown"),
    ],
)
def test_a_path_tells_provider_and_format(path: str, provider: str, format_: str) -> None:
    meant = target(path, {})

    assert (meant.provider, meant.format) == (provider, format_)


def test_a_version_in_the_query_means_azure() -> None:
    assert target("/openai/responses", {"api-version": "2025-04-01"}).provider == "azure"
    assert target("/v1/chat/completions", {"api-version": "2025-04-01"}).provider == "azure"
    assert target("/router/v1/responses", {"api-version": "2025-04-01"}).provider == "router"
    assert target("/v1/messages", {"api-version": "2025-04-01"}).provider == "anthropic"


def test_models_verbs_and_ids_are_read_from_the_path() -> None:
    assert target("/openai/deployments/my-gpt/chat/completions", {}).model == "my-gpt"
    assert target("/model/us.anthropic.claude-v1:0/converse-stream", {}).verb == "-stream"
    assert target("/model/arn:aws:x/y/converse", {}).model == "arn:aws:x/y"
    assert target("/v1/responses/resp_1", {}).item == "resp_1"
    stream = target("/v1beta/models/gemini-2.5-flash+cut:streamGenerateContent", {"alt": "sse"})
    assert (stream.model, stream.verb, stream.events) == ("gemini-2.5-flash+cut", "streamGenerateContent", True)
