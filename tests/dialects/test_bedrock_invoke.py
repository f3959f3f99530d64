"""Bedrock's InvokeModel: many vendors' bodies, figures in headers and in the last event, guardrails."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import Arrival, Ending, Operation, Part, Reading, Source
from audit.dialects._dialect import Fit
from audit.dialects.bedrock_invoke import DIALECT
from tests.dialects.aws_events import AWS_STREAM, aws_events, invoked
from tests.factories import a_transcript

PATH = "/model/vendor.model-v1%3A0/invoke"
STREAM = PATH + "-with-response-stream"
JSON = ("content-type", "application/json")
COUNTS = (
    ("x-amzn-bedrock-input-token-count", "9"),
    ("x-amzn-bedrock-output-token-count", "112"),
    ("x-amzn-bedrock-cache-read-input-token-count", "3"),
    ("x-amzn-bedrock-invocation-latency", "3357"),
)
METRICS = {
    "amazon-bedrock-invocationMetrics": {
        "inputTokenCount": 30,
        "outputTokenCount": 40,
        "invocationLatency": 900,
        "firstByteLatency": 70,
    }
}


def read(response: Any = None, *, headers: tuple[tuple[str, str], ...] = (), **over: Any) -> Reading:
    return DIALECT.read(a_transcript(PATH, response=response, response_headers=(JSON, *headers), **over))


def streamed(*pieces: Any, **over: Any) -> Reading:
    return DIALECT.read(a_transcript(STREAM, response_body=invoked(*pieces), response_headers=AWS_STREAM, **over))


def words(reading: Reading) -> list[tuple[str, str]]:
    return [(part.kind, part.text) for message in reading.output for part in message.parts]


def figures(reading: Reading) -> tuple[int | None, int | None]:
    assert reading.usage is not None
    return reading.usage.input_tokens, reading.usage.output_tokens


def test_an_anthropic_body_is_read_as_anthropic() -> None:
    body = {
        "type": "message",
        "id": "msg_1",
        "model": "claude-3-5-haiku-20241022",
        "content": [{"type": "text", "text": "Hello"}],
        "stop_reason": "max_tokens",
        "usage": {"input_tokens": 4, "cache_read_input_tokens": 18131, "output_tokens": 50},
    }
    request = {
        "anthropic_version": "bedrock-2023-05-31",
        "system": "Obey",
        "messages": [{"role": "user", "content": "Hi"}],
    }
    reading = read(body, request=request, headers=COUNTS)

    assert reading.operation is Operation.CHAT
    assert (reading.model_requested, reading.model_served) == ("vendor.model-v1:0", "claude-3-5-haiku-20241022")
    assert (reading.finish_reason, reading.complete, reading.response_id) == ("max_tokens", True, "msg_1")
    assert figures(reading) == (4, 50)
    assert reading.usage is not None
    assert reading.usage.all_input_tokens == 18135
    assert reading.provider_duration_us == 3_357_000
    assert [(message.role, message.text) for message in reading.input] == [("system", "Obey"), ("user", "Hi")]


def test_an_anthropic_stream_keeps_its_own_figures() -> None:
    reading = streamed(
        {"type": "message_start", "message": {"model": "claude", "usage": {"input_tokens": 392, "output_tokens": 8}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 133}},
        {"type": "message_stop", **METRICS},
    )

    assert figures(reading) == (392, 133)
    assert (reading.streamed, reading.complete, reading.finish_reason) == (True, True, "tool_use")
    assert (reading.provider_duration_us, reading.provider_first_token_us) == (900_000, 70_000)
    assert words(reading) == [("text", "Hello")]


def test_an_anthropic_refusal_is_a_block() -> None:
    body = {"type": "message", "content": [], "stop_reason": "refusal", "usage": {"output_tokens": 5}}

    assert read(body).block_source is Source.COMPLETION


def test_a_nova_body_is_read_as_converse() -> None:
    message = {"role": "assistant", "content": [{"text": "Hello"}]}
    usage = {"inputTokens": 576, "outputTokens": 57, "totalTokens": 633, "cacheReadInputTokenCount": 5}
    reading = read(
        {"output": {"message": message}, "stopReason": "end_turn", "usage": usage},
        request={"messages": [{"role": "user", "content": [{"text": "Hi"}]}]},
    )

    assert (reading.operation, reading.finish_reason, words(reading)) == (
        Operation.CHAT,
        "end_turn",
        [("text", "Hello")],
    )
    assert figures(reading) == (576, 57)
    assert reading.usage is not None
    assert reading.usage.all_input_tokens == 581
    assert reading.input[0].text == "Hi"


def test_a_nova_stream_is_put_together_although_each_piece_has_its_own_block() -> None:
    reading = streamed(
        {"messageStart": {"role": "assistant"}},
        {"contentBlockDelta": {"delta": {"text": "Hel"}, "contentBlockIndex": 0}},
        {"contentBlockDelta": {"delta": {"text": "lo"}, "contentBlockIndex": 1}},
        {"messageStop": {"stopReason": "max_tokens"}},
        {"metadata": {"usage": {"inputTokens": 25, "outputTokens": 10}}, **METRICS},
    )

    assert (words(reading), reading.finish_reason, reading.complete) == ([("text", "Hello")], "max_tokens", True)
    assert figures(reading) == (25, 10)


@pytest.mark.parametrize(
    ("body", "operation", "finish", "said"),
    [
        ({"generation": "Hi", "stop_reason": "stop"}, Operation.TEXT_COMPLETION, "stop", [("text", "Hi")]),
        (
            {"completion": "Hi", "stop_reason": "stop_sequence"},
            Operation.TEXT_COMPLETION,
            "stop_sequence",
            [("text", "Hi")],
        ),
        (
            {
                "results": [{"tokenCount": 2, "outputText": "Hi", "completionReason": "FINISH"}],
                "inputTextTokenCount": 3,
            },
            Operation.TEXT_COMPLETION,
            "FINISH",
            [("text", "Hi")],
        ),
        ({"outputs": [{"text": "Hi", "stop_reason": "length"}]}, Operation.TEXT_COMPLETION, "length", [("text", "Hi")]),
        (
            {"id": 1, "completions": [{"data": {"text": "Hi"}, "finishReason": {"reason": "endoftext"}}]},
            Operation.TEXT_COMPLETION,
            "endoftext",
            [("text", "Hi")],
        ),
        ({"completions": []}, Operation.TEXT_COMPLETION, None, []),
        (
            {"generations": [{"text": "Hi", "finish_reason": "COMPLETE"}], "id": "i"},
            Operation.TEXT_COMPLETION,
            "COMPLETE",
            [("text", "Hi")],
        ),
        (
            {"text": "Hi", "finish_reason": "COMPLETE", "response_id": "i", "chat_history": []},
            Operation.CHAT,
            "COMPLETE",
            [("text", "Hi")],
        ),
        (
            {
                "choices": [
                    {
                        "message": {
                            "reasoning_content": "hm",
                            "content": "Hi",
                            "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}],
                        },
                        "finish_reason": "stop",
                    }
                ],
                "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
            },
            Operation.CHAT,
            "stop",
            [("reasoning", "hm"), ("text", "Hi"), ("tool_call", "{}")],
        ),
        ({"choices": [{"text": "Hi", "stop_reason": "stop"}]}, Operation.CHAT, "stop", [("text", "Hi")]),
        ({"images": ["AAAA"], "error": None}, Operation.IMAGE_GENERATION, None, [("image", "")]),
        (
            {"artifacts": [{"base64": "AAAA", "finishReason": "CONTENT_FILTERED"}]},
            Operation.IMAGE_GENERATION,
            "CONTENT_FILTERED",
            [("image", "")],
        ),
        ({"embedding": [0.5], "inputTextTokenCount": 3}, Operation.EMBEDDINGS, None, []),
        ({"embeddings": [{"embedding": [0.5]}]}, Operation.EMBEDDINGS, None, []),
        ({"results": [{"index": 0, "relevance_score": 0.5}]}, Operation.RERANK, None, []),
        ({"something": "else"}, Operation.UNKNOWN, None, []),
    ],
)
def test_every_vendors_body_is_read(
    body: dict[str, Any], operation: Operation, finish: str | None, said: list[tuple[str, str]]
) -> None:
    reading = read(body, headers=COUNTS)

    assert (reading.operation, reading.finish_reason, words(reading)) == (operation, finish, said)
    assert reading.complete is True


@pytest.mark.parametrize(
    ("body", "counted"),
    [
        ({"results": [{"tokenCount": 2, "outputText": "Hi"}], "inputTextTokenCount": 3}, (3, 2)),
        ({"generation": "Hi", "prompt_token_count": 3, "generation_token_count": 0}, (3, 0)),
        ({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}, (1, 2)),
        ({"embedding": [], "inputTextTokenCount": 3}, (3, None)),
        ({"outputs": [{"text": "Hi"}]}, (9, 112)),
    ],
)
def test_the_bodys_own_figures_come_before_the_headers(body: dict[str, Any], counted: tuple[int | None, ...]) -> None:
    assert figures(read(body, headers=COUNTS)) == counted


def test_headers_count_what_was_cached_apart() -> None:
    usage = read({"generation": "Hi"}, headers=COUNTS).usage

    assert usage is not None
    assert (usage.cached_input_tokens, usage.all_input_tokens, usage.cache_write_tokens) == (3, 12, None)
    assert read({"generation": "Hi"}, headers=(("x-amzn-bedrock-input-token-count", "many"),)).usage is None


def test_the_pieces_of_a_text_stream_are_joined_and_metered_by_the_last() -> None:
    reading = streamed({"generation": "Hel"}, {"generation": "lo", "stop_reason": "stop", **METRICS})

    assert (words(reading), reading.finish_reason, reading.complete) == ([("text", "Hello")], "stop", True)
    assert figures(reading) == (30, 40)


def test_a_cohere_stream_does_not_say_everything_twice() -> None:
    reading = streamed(
        {"event_type": "text-generation", "is_finished": False, "text": "Hel"},
        {"event_type": "text-generation", "is_finished": False, "text": "lo"},
        {"event_type": "stream-end", "is_finished": True, "finish_reason": "COMPLETE", "response": {"text": "Hello"}},
    )

    assert (words(reading), reading.finish_reason) == ([("text", "Hello")], "COMPLETE")


def test_a_stream_cut_short_is_not_complete() -> None:
    reading = streamed({"generation": "Hel"}, ending=Ending.FAILED)

    assert (reading.complete, reading.usage) == (False, None)


@pytest.mark.parametrize("packed", ["not base64!", "é", 7, "AAAA"])
def test_a_piece_that_cannot_be_unpacked_is_passed_over(packed: Any) -> None:
    body = aws_events(("chunk", {"bytes": packed})) + invoked({"generation": "Hi", "stop_reason": "stop"})
    reading = DIALECT.read(a_transcript(STREAM, response_body=body, response_headers=AWS_STREAM))

    assert words(reading) == [("text", "Hi")]


def test_an_exception_in_mid_stream_is_an_error() -> None:
    body = aws_events(("modelStreamErrorException", {"message": "Broken"}), header=":exception-type")
    reading = DIALECT.read(a_transcript(STREAM, response_body=body, response_headers=AWS_STREAM))

    assert reading.error is not None
    assert (reading.error.code, reading.complete) == ("modelStreamErrorException", False)


def test_an_error_reply_is_told_by_its_header() -> None:
    headers = (("x-amzn-errortype", "ThrottlingException"),)
    reading = read({"message": "Too many requests"}, headers=headers, status=429, request={"prompt": "Hi"})

    assert reading.error is not None
    assert (reading.error.code, reading.complete, reading.usage) == ("ThrottlingException", None, None)
    assert reading.operation is Operation.UNKNOWN
    assert reading.input[0].text == "Hi"


@pytest.mark.parametrize(
    ("request_body", "text"),
    [
        ({"inputText": "a"}, "a"),
        ({"message": "b"}, "b"),
        ({"query": "c", "documents": ["d", {"text": "e"}]}, 'c\nd\n{"text":"e"}'),
        ({"texts": ["f", "g"]}, "f\ng"),
        ({"textToImageParams": {"text": "h"}}, "h"),
        ({"singleEmbeddingParams": {"text": {"value": "i"}}}, "i"),
    ],
)
def test_requests_that_are_no_conversation_are_read(request_body: Any, text: str) -> None:
    assert read(request=request_body).input[0].text == text


def test_a_guardrail_that_masks_is_told() -> None:
    regex = {"name": "Account", "match": "123", "action": "ANONYMIZED"}
    assessment = {"sensitiveInformationPolicy": {"regexes": [regex]}}
    body = {
        "outputs": [{"text": "{Account}"}],
        "amazon-bedrock-trace": {
            "guardrail": {"input": {"g": {"invocationMetrics": {}}}, "outputs": [{"g": assessment}]}
        },
        "amazon-bedrock-guardrailAction": "INTERVENED",
    }
    reading = read(body)

    assert (reading.findings[0].category, reading.findings[0].masked) == ("regex:Account", True)
    assert reading.findings[0].place == (
        '["amazon-bedrock-trace"].guardrail.outputs[0].g.sensitiveInformationPolicy.regexes[0]'
    )
    assert (reading.block_source, reading.block_reasons) == (None, ())


def test_a_guardrail_that_blocks_is_told_in_a_stream() -> None:
    blocked = {"contentPolicy": {"filters": [{"type": "HATE", "confidence": "HIGH", "action": "BLOCKED"}]}}
    reading = streamed(
        {"outputText": "Sorry.", "amazon-bedrock-guardrailAction": "INTERVENED"},
        {"completionReason": "FINISH", "amazon-bedrock-trace": {"guardrail": {"input": {"g": blocked}}}},
    )

    assert reading.block_source is Source.PROMPT
    assert reading.block_reasons == (
        "amazon-bedrock-guardrailAction=INTERVENED",
        "prompt.contentPolicy:HATE.filtered",
    )
    assert reading.findings[0].place.startswith('events[1]["amazon-bedrock-trace"].guardrail.input.g.')


def test_the_first_token_is_the_first_piece_with_words() -> None:
    pieces = [{"generation": ""}, {"generation": "x"}]
    arrivals = tuple(Arrival(len(invoked(*pieces[: number + 1])), 1000 * number) for number in range(2))

    assert streamed(*pieces, arrivals=arrivals).first_token_us == 1000
    assert streamed(pieces[0], arrivals=arrivals).first_token_us is None


@pytest.mark.parametrize(("over", "complete"), [({"response": b'{"gen', "ending": Ending.FAILED}, False), ({}, None)])
def test_it_says_whether_the_reply_came_whole(over: dict[str, Any], complete: bool | None) -> None:
    assert read(**over).complete is complete


@pytest.mark.parametrize(
    ("reply", "reason", "source"),
    [
        (
            {"response": {"inputTextTokenCount": 3, "results": [{"completionReason": "CONTENT_FILTERED"}]}},
            "finish_reason=CONTENT_FILTERED",
            Source.COMPLETION,
        ),
        (
            {"response": {"images": [None], "finish_reasons": ["Filter reason: prompt"]}},
            "finish_reason=Filter reason: prompt",
            Source.COMPLETION,
        ),
        (
            {"response": {"message": "This request has been blocked by our content filters."}, "status": 400},
            "error.message=blocked by our content filters",
            Source.PROMPT,
        ),
    ],
)
def test_a_vendors_own_filter_is_a_block(reply: dict[str, Any], reason: str, source: Source) -> None:
    reading = read(**reply)

    assert (reading.block_reasons, reading.block_source) == ((reason,), source)


def test_an_openai_like_body_tells_what_was_cached_within_its_input() -> None:
    details = {"prompt_tokens_details": {"cached_tokens": 3}}
    usage = read({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2, **details}}).usage

    assert usage is not None
    assert (usage.cached_input_tokens, usage.all_input_tokens) == (3, 9)


def test_images_are_told_by_their_size() -> None:
    assert read({"images": ["AAAA", 7]}).output[0].parts == (Part(kind="image", size=3),)


def test_it_knows_its_paths() -> None:
    assert DIALECT.fits(a_transcript(PATH)) is Fit.PATH
    assert DIALECT.fits(a_transcript(STREAM)) is Fit.PATH
    assert DIALECT.fits(a_transcript("/invoke")) is Fit.NO
    packed = {"response_body": invoked({"text": "t"}), "response_headers": AWS_STREAM}
    assert DIALECT.fits(a_transcript("/llm", **packed)) is Fit.SHAPE
    assert DIALECT.fits(a_transcript("/model/m/converse")) is Fit.NO
