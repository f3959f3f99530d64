"""Every dialect is found, and none is led astray by structures that make no sense."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest

from audit.dialects import dialects
from audit.wire.transcript import Transcript
from tests.dialects.aws_events import AWS_STREAM, aws_events, invoked
from tests.factories import a_transcript

NONSENSE: tuple[Any, ...] = (
    None,
    True,
    -1,
    1.5,
    10**400,
    "",
    "a\x00b\ud83d",
    [],
    [None],
    [[{}]],
    {},
    {"\ud83d\x00": [1]},
    [{"type": "\ud83d", "\x00": 2}],
)
SAMPLES: dict[str, tuple[str, Any, Any]] = {
    "anthropic_messages": (
        "/v1/messages",
        {
            "model": "m",
            "system": [{"type": "text", "text": "s"}],
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                        {"type": "tool_result", "content": [{"type": "text", "text": "r"}]},
                        {"type": "web_search_tool_result", "content": [{"title": "t", "url": "u"}]},
                    ],
                }
            ],
        },
        {
            "type": "message",
            "id": "i",
            "model": "m",
            "role": "assistant",
            "content": [{"type": "text", "text": "t"}],
            "stop_reason": "refusal",
            "stop_details": {"category": "c", "explanation": "e"},
            "usage": {
                "input_tokens": 1,
                "cache_creation": {"ephemeral_1h_input_tokens": 1},
                "output_tokens_details": {"thinking_tokens": 1},
            },
        },
    ),
    "anthropic_complete": (
        "/v1/complete",
        {"prompt": "p"},
        {"type": "completion", "completion": "c", "stop_reason": "s"},
    ),
    "gemini_generate": (
        "/v1beta/models/m:generateContent",
        {
            "systemInstruction": {"parts": [{"text": "s"}]},
            "generationConfig": {"responseModalities": ["TEXT"]},
            "contents": [
                {
                    "role": "user",
                    "parts": [
                        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
                        {"functionResponse": {"name": "f", "response": {"a": 1}}},
                    ],
                }
            ],
        },
        {
            "candidates": [
                {
                    "index": 0,
                    "finishReason": "SAFETY",
                    "finishMessage": "f",
                    "content": {"parts": [{"text": "t"}, {"functionCall": {"name": "f", "args": {}}}]},
                    "safetyRatings": [{"category": "c", "probability": "LOW", "severityScore": 0.5}],
                }
            ],
            "promptFeedback": {"blockReason": "SAFETY", "safetyRatings": [{"category": "c"}]},
            "usageMetadata": {"promptTokenCount": 1, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 1}]},
            "modelVersion": "m",
            "createTime": "2026-01-02T03:04:05Z",
        },
    ),
    "gemini_embed": (
        "/v1beta/models/m:batchEmbedContents",
        {"requests": [{"content": {"parts": [{"text": "t"}]}}]},
        {"embeddings": [{"values": [0.5]}], "usageMetadata": {"promptTokenCount": 1}},
    ),
    "gemini_interactions": (
        "/v1beta/interactions",
        {"model": "m", "input": [{"role": "user", "content": [{"type": "text", "text": "t"}]}]},
        {
            "id": "i",
            "object": "interaction",
            "status": "completed",
            "created": "2026-01-02T03:04:05Z",
            "steps": [
                {"type": "thought", "summary": [{"text": "t"}]},
                {"type": "model_output", "content": [{"text": "t"}]},
                {"type": "function_call", "name": "f", "arguments": {}},
            ],
            "usage": {"total_input_tokens": 1},
        },
    ),
    "undescribed": (
        "/llm",
        {"model": "m", "input": [{"role": "user", "content": [{"type": "input_text", "text": "t"}]}]},
        {"id": "i", "output": [{"finish_reason": "stop"}], "usage": {"input_tokens": 1}, "error": {"code": "c"}},
    ),
    "vertex_predict": (
        "/v1/projects/p/publishers/google/models/m:predict",
        {"instances": [{"prompt": "p", "image": {"bytesBase64Encoded": "AAAA"}}]},
        {
            "predictions": [
                {
                    "bytesBase64Encoded": "AAAA",
                    "mimeType": "image/png",
                    "raiFilteredReason": "r",
                    "safetyAttributes": {"categories": ["c"], "scores": [0.5], "blocked": True},
                    "embeddings": {"statistics": {"token_count": 1}},
                }
            ],
            "metadata": {"tokenMetadata": {"inputTokenCount": {"totalTokens": 1}}},
        },
    ),
    "bedrock_converse": (
        "/model/m/converse",
        {
            "system": [{"text": "s"}],
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"toolResult": {"content": [{"text": "t"}]}},
                        {"image": {"format": "png", "source": {"bytes": "AAAA"}}},
                    ],
                }
            ],
        },
        {
            "output": {
                "message": {"role": "assistant", "content": [{"text": "t"}, {"toolUse": {"name": "f", "input": {}}}]}
            },
            "stopReason": "guardrail_intervened",
            "metrics": {"latencyMs": 1},
            "serviceTier": {"type": "t"},
            "usage": {"inputTokens": 1, "cacheDetails": [{"ttl": "1h", "inputTokens": 1}]},
            "trace": {
                "guardrail": {
                    "inputAssessment": {"g": {"topicPolicy": {"topics": [{"name": "n", "action": "BLOCKED"}]}}},
                    "outputAssessments": {"g": [{"wordPolicy": {"customWords": [{"action": "NONE"}]}}]},
                },
                "promptRouter": {"invokedModelId": "m"},
            },
        },
    ),
    "bedrock_invoke": (
        "/model/m/invoke",
        {"inputText": "t", "messages": [{"role": "user", "content": [{"text": "t"}]}]},
        {
            "choices": [
                {
                    "message": {"content": "t", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]},
                    "finish_reason": "stop",
                }
            ],
            "usage": {"prompt_tokens": 1},
            "amazon-bedrock-guardrailAction": "INTERVENED",
            "amazon-bedrock-trace": {
                "guardrail": {"outputs": [{"g": {"contentPolicy": {"filters": [{"type": "t"}]}}}]}
            },
            "amazon-bedrock-invocationMetrics": {"inputTokenCount": 1},
        },
    ),
    "bedrock_guardrail": (
        "/guardrail/g/version/1/apply",
        {"source": "INPUT", "content": [{"text": {"text": "t"}}]},
        {
            "action": "GUARDRAIL_INTERVENED",
            "outputs": [{"text": "t"}],
            "assessments": [
                {"sensitiveInformationPolicy": {"piiEntities": [{"type": "EMAIL", "action": "ANONYMIZED"}]}}
            ],
        },
    ),
    "cohere_chat": (
        "/v2/chat",
        {"model": "m", "messages": [{"role": "tool", "content": [{"text": "t"}]}], "chat_history": [{"message": "h"}]},
        {
            "id": "i",
            "message": {
                "content": [{"type": "text", "text": "t"}],
                "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}],
            },
            "finish_reason": "COMPLETE",
            "generations": [{"text": "t"}],
            "usage": {"billed_units": {"input_tokens": 1}, "tokens": {"input_tokens": 1}},
        },
    ),
    "cohere_embed": (
        "/v2/embed",
        {"texts": ["t"], "images": ["data:image/png;base64,AAAA"], "inputs": [{"content": [{"text": "t"}]}]},
        {"id": "i", "embeddings": {"float": [[0.5]]}, "meta": {"billed_units": {"input_tokens": 1}}},
    ),
    "rerank": (
        "/v1/rerank",
        {"query": "q", "documents": ["d", {"text": "e"}]},
        {"results": [{"index": 0, "relevance_score": 0.5}], "usage": {"total_tokens": 1, "cost": 0.1}},
    ),
    "ollama_chat": (
        "/api/chat",
        {
            "messages": [
                {"role": "user", "content": "c", "images": ["AAAA"], "tool_calls": [{"function": {"name": "f"}}]}
            ]
        },
        {
            "model": "m",
            "created_at": "2026-01-02T03:04:05Z",
            "done": True,
            "message": {"content": "c"},
            "total_duration": 1000,
            "eval_count": 1,
        },
    ),
    "not_generation": ("/v1/files", {"model": "m"}, {"id": "i", "error": {"message": "m"}}),
}
STREAMS: dict[str, tuple[str, list[Any]]] = {
    "anthropic_messages": (
        "/v1/messages",
        [
            {"type": "message_start", "message": {"id": "i", "usage": {"input_tokens": 1}}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "a"}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "b"}},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}},
        ],
    ),
    "gemini_generate": (
        "/v1beta/models/m:streamGenerateContent",
        [
            {"candidates": [{"content": {"parts": [{"functionCall": {"name": "f", "willContinue": True}}]}}]},
            {
                "candidates": [
                    {
                        "content": {
                            "parts": [{"functionCall": {"partialArgs": [{"jsonPath": "$.a", "stringValue": "b"}]}}]
                        },
                        "finishReason": "STOP",
                    }
                ]
            },
        ],
    ),
    "gemini_interactions": (
        "/v1beta/interactions",
        [
            {"event_type": "step.delta", "delta": {"type": "text", "text": "t"}},
            {"event_type": "interaction.completed", "interaction": {"status": "completed"}},
        ],
    ),
    "cohere_chat": (
        "/v2/chat",
        [
            {
                "type": "tool-call-start",
                "delta": {"message": {"tool_calls": {"function": {"name": "f", "arguments": "{"}}}},
            },
            {"type": "content-delta", "delta": {"message": {"content": {"text": "t"}}}},
            {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": {"tokens": {}}}},
            {"event_type": "stream-end", "response": {"meta": {"tokens": {}}}},
        ],
    ),
}


def variants(value: Any) -> Iterator[Any]:
    """Yield the value with each of its parts in turn replaced by each kind of nonsense."""
    yield from NONSENSE
    if isinstance(value, dict):
        for key, part in value.items():
            yield from ({**value, key: other} for other in variants(part))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from ([*value[:number], other, *value[number + 1 :]] for other in variants(part))


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from strings(key)
            yield from strings(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from strings(part)


def check(name: str, transcript: Transcript) -> None:
    """The reading exists, and every text in it can be stored."""
    dialect = dialects()[name]
    dialect.fits(transcript)
    for text in strings(asdict(dialect.read(transcript))):
        assert "\x00" not in text
        text.encode()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_reply_that_makes_no_sense_is_still_read(name: str) -> None:
    path, request, response = SAMPLES[name]
    for variant in variants(response):
        check(name, a_transcript(path, request=request, response=json.dumps(variant).encode()))


@pytest.mark.parametrize("name", SAMPLES)
def test_a_request_that_makes_no_sense_is_still_read(name: str) -> None:
    path, request, response = SAMPLES[name]
    for variant in variants(request):
        check(name, a_transcript(path, request=json.dumps(variant).encode(), response=response))


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_that_makes_no_sense_is_still_read(name: str) -> None:
    path, events = STREAMS[name]
    for variant in variants(events):
        if isinstance(variant, list):
            check(name, a_transcript(path, events=[json.dumps(event) for event in variant]))


def test_an_aws_stream_that_makes_no_sense_is_still_read() -> None:
    events = [
        ("contentBlockStart", {"contentBlockIndex": 0, "start": {"toolUse": {"name": "f"}}}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"toolUse": {"input": "{"}}}),
        ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"text": "t"}}),
        ("metadata", {"usage": {"inputTokens": 1}, "trace": {"guardrail": {"inputAssessment": {"g": {}}}}}),
    ]
    for number, (name, value) in enumerate(events):
        for variant in variants(value):
            body = aws_events(*events[:number], (name, variant), *events[number + 1 :])
            check(
                "bedrock_converse",
                a_transcript("/model/m/converse-stream", response_body=body, response_headers=AWS_STREAM),
            )


def test_an_invoked_stream_that_makes_no_sense_is_still_read() -> None:
    pieces = [
        {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "t"}}},
        {"generation": "g"},
        {"text": "t"},
    ]
    for number, piece in enumerate(pieces):
        for variant in variants(piece):
            body = invoked(*pieces[:number], variant, *pieces[number + 1 :])
            path = "/model/m/invoke-with-response-stream"
            check("bedrock_invoke", a_transcript(path, response_body=body, response_headers=AWS_STREAM))


def test_every_file_of_the_folder_is_found_under_its_name() -> None:
    found = dialects()

    assert set(SAMPLES) <= set(found)
    assert all(name == dialect.name for name, dialect in found.items())
    assert list(found) == sorted(found)
