"""Formats without a file of their own are read by shared words, so that no answer and no block is lost."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import Operation, Reading, Source, Usage
from audit.dialects import choose
from audit.dialects.undescribed import DIALECT
from tests.factories import a_transcript

ASKED = {"model": "qwen-plus", "input": {"messages": [{"role": "user", "content": "Hi"}]}}
COUNTED = {"input_tokens": 10, "output_tokens": 20, "total_tokens": 30}
Figures = tuple[int | None, int | None, str | None]


def read(path: str, **over: Any) -> Reading:
    transcript = a_transcript(path, **over)
    assert choose(transcript) is DIALECT
    return DIALECT.read(transcript)


def figures(reading: Reading) -> Figures:
    usage = reading.usage or Usage()
    return usage.input_tokens, usage.output_tokens, reading.finish_reason


@pytest.mark.parametrize(
    ("path", "response", "expected"),
    [
        pytest.param(
            "/api/v1/services/aigc/text-generation/generation",
            {"output": {"choices": [{"finish_reason": "stop", "message": {"content": "x"}}]}, "usage": COUNTED},
            (10, 20, "stop"),
            id="dashscope",
        ),
        pytest.param(
            "/ml/v1/text/generation?version=2024-05-01",
            {"model_id": "g", "results": [{"generated_token_count": 7, "input_token_count": 5, "stop_reason": "eos"}]},
            (5, 7, "eos"),
            id="watsonx",
        ),
        pytest.param(
            "/v1/conversations",
            {
                "object": "conversation.response",
                "outputs": [{"model": "m", "content": "x"}],
                "usage": {"prompt_tokens": 1, "completion_tokens": 2},
            },
            (1, 2, None),
            id="mistral conversations",
        ),
        pytest.param(
            "/generate",
            {"generated_text": "y", "details": {"finish_reason": "eos_token", "generated_tokens": 7}},
            (None, 7, "eos_token"),
            id="text generation inference",
        ),
        pytest.param(
            "/completion",
            {"content": "y", "model": "q", "tokens_predicted": 7, "tokens_evaluated": 5, "stop_type": "eos"},
            (5, 7, "eos"),
            id="llama.cpp",
        ),
        pytest.param(
            "/client/v4/accounts/a/ai/run/@cf/meta/llama",
            {"result": {"response": "x", "usage": {"prompt_tokens": 1, "completion_tokens": 2}}, "success": True},
            (1, 2, None),
            id="workers ai",
        ),
        pytest.param(
            "/v1/ai/language-model",
            {"content": [], "finishReason": "stop", "usage": {"inputTokens": 1, "outputTokens": 2}},
            (1, 2, "stop"),
            id="vercel's own",
        ),
    ],
)
def test_an_answer_is_read_whoever_made_the_format(path: str, response: Any, expected: Figures) -> None:
    reading = read(path, request=ASKED, response=response)
    assert reading.operation is Operation.CHAT
    assert reading.model_requested == "qwen-plus"
    assert figures(reading) == expected
    assert reading.complete is (True if expected[2] else None)


def test_what_is_asked_in_the_manner_of_the_responses_is_kept() -> None:
    reading = read("/llm", request={"model": "m", "input": "Hi"}, response={"id": "r1", "stop_reason": "end"})
    assert (reading.input[0].text, reading.response_id) == ("Hi", "r1")


def test_of_a_stream_the_last_event_counts() -> None:
    events = [
        {"output": {"text": "a", "finish_reason": "null"}, "usage": {"input_tokens": 10, "output_tokens": 1}},
        {"output": {"text": "ab", "finish_reason": "length"}, "usage": {"input_tokens": 10, "output_tokens": 2}},
    ]
    reading = read("/api/v1/services/aigc/text-generation/generation", request=ASKED, events=events)
    assert (reading.streamed, figures(reading)) == (True, (10, 2, "length"))


def test_a_filter_is_heard_at_any_path() -> None:
    """A router at an address of its own passes Azure's refusal of a prompt through."""
    verdict = {"violence": {"filtered": True, "severity": "high"}}
    error = {"code": "content_filter", "innererror": {"content_filter_result": verdict}}
    request = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}
    reading = read("/llm", request=request, response={"error": error}, status=400)

    assert (reading.operation, reading.block_source) == (Operation.CHAT, Source.PROMPT)
    assert reading.block_reasons == ("error.code=content_filter", "prompt.violence.filtered")
    assert [(finding.category, finding.filtered) for finding in reading.findings] == [("violence", True)]
    assert reading.input[0].text == "Hi"


@pytest.mark.parametrize(
    ("request_", "response", "status"),
    [
        (ASKED, {"input_tokens": 9}, 200),
        ({"name": "x"}, {"ok": True}, 200),
        ({"name": "x"}, {"error": "no"}, 404),
        ({"model": "m"}, {"error": "no"}, 404),
    ],
)
def test_what_generates_nothing_is_no_answer(request_: Any, response: Any, status: int) -> None:
    reading = read("/somewhere", request=request_, response=response, status=status)
    assert (reading.operation, reading.usage, reading.complete) == (Operation.UNKNOWN, None, None)


@pytest.mark.parametrize("over", [{"method": "GET", "response": {"model": "m"}}, {"response": b"\xff\xf3sound"}])
def test_what_has_no_structure_to_search_stays_unknown(over: dict[str, Any]) -> None:
    transcript = a_transcript("/somewhere", **over)
    reading = choose(transcript).read(transcript)
    assert (reading.dialect, reading.operation, reading.error) == ("unknown", Operation.UNKNOWN, None)
