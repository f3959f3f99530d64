"""Google's generateContent: three ways to stream, enumerations by number, figures that shrink, many candidates."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from audit.call import Arrival, Ending, Finding, Message, Operation, Part, Reading, Source
from audit.dialects._dialect import Fit, Question
from audit.dialects.gemini_generate import DIALECT
from tests.dialects.gemini_replies import (
    PATH,
    REQUEST,
    STREAM,
    VERTEX,
    a_candidate,
    a_reply,
    array_stream,
    crlf_stream,
    read,
)
from tests.factories import a_transcript


def the_finding(reading: Reading) -> Finding:
    assert len(reading.findings) == 1
    return reading.findings[0]


@pytest.mark.parametrize(
    ("path", "model"),
    [
        (PATH, "gemini-2.5-flash"),
        (STREAM + "?alt=sse", "gemini-2.5-flash"),
        ("/gateway/gemini/v1beta/models/google/gemini-x:generateContent", "google/gemini-x"),
        ("/v1beta/tunedModels/mine-1:generateContent", "tunedModels/mine-1"),
        (VERTEX, "gemini-2.5-pro"),
        ("/v1/projects/p/locations/l/endpoints/123:streamGenerateContent", "endpoints/123"),
        ("/v1beta/models/UNKNOWN:generateContent", None),
    ],
)
def test_the_url_names_the_model(path: str, model: str | None) -> None:
    transcript = a_transcript(path, request=REQUEST, response=a_reply(a_candidate({"text": "Hello"})))

    assert DIALECT.fits(transcript) is Fit.BOTH
    assert DIALECT.read(transcript).model_requested == model


def test_a_login_of_gemini_cli_wraps_what_is_asked_and_answered() -> None:
    request = {"model": "gemini-2.5-pro", "project": "p", "request": REQUEST}
    events = [
        {"response": a_reply(a_candidate({"text": "Hel"}, finish=None))},
        {"response": a_reply(a_candidate({"text": "lo"}), usageMetadata={"promptTokenCount": 3}), "traceId": "t"},
    ]
    transcript = a_transcript("/v1internal:streamGenerateContent?alt=sse", request=request, events=events)
    reading = DIALECT.read(transcript)

    assert DIALECT.fits(transcript) is Fit.BOTH
    assert (reading.model_requested, reading.finish_reason, reading.complete) == ("gemini-2.5-pro", "STOP", True)
    assert (reading.input[0].text, reading.output[0].text) == ("Hi", "Hello")
    assert reading.usage is not None
    assert reading.usage.input_tokens == 3


def test_it_leaves_other_methods_alone() -> None:
    assert DIALECT.fits(a_transcript("/v1beta/models/m:countTokens", response={"totalTokens": 3})) is Fit.NO
    assert DIALECT.fits(a_transcript("/v1beta/models")) is Fit.NO


@pytest.mark.parametrize(
    "body",
    [{"candidates": []}, {"promptFeedback": {}}, {"usageMetadata": {}, "modelVersion": "m"}, [{"candidates": []}]],
)
def test_it_knows_a_reply_behind_any_path(body: Any) -> None:
    transcript = a_transcript("/ask", request={"model": "models/gemini-x"}, response=body)

    assert DIALECT.fits(transcript) is Fit.SHAPE
    assert DIALECT.read(transcript).model_requested == "models/gemini-x"


def test_it_reads_a_reply() -> None:
    created = {"createTime": "2026-01-02T03:04:05.678Z", "modelVersion": "models/gemini-2.5-flash-001"}
    reading = read(a_reply(a_candidate({"text": "hm", "thought": True}, {"text": "Hello"}), **created))

    assert reading.operation is Operation.CHAT
    assert (reading.model_served, reading.response_id) == ("models/gemini-2.5-flash-001", "r1")
    assert reading.provider_created_at == datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)
    assert (reading.finish_reason, reading.complete, reading.streamed) == ("STOP", True, False)
    assert reading.input == (Message(role="user", parts=(Part(kind="text", text="Hi"),)),)
    assert reading.output[0] == Message(
        role="assistant", parts=(Part(kind="reasoning", text="hm"), Part(kind="text", text="Hello"))
    )
    assert (reading.findings, reading.block_source, reading.first_token_us) == ((), None, None)


def test_its_thoughts_and_tool_results_stand_apart_from_output_and_input() -> None:
    metadata = {
        "promptTokenCount": 10,
        "candidatesTokenCount": 20,
        "thoughtsTokenCount": 30,
        "toolUsePromptTokenCount": 40,
        "cachedContentTokenCount": 5,
        "totalTokenCount": 100,
        "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 3}, {"modality": "IMAGE", "tokenCount": 4}, "odd"],
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 19}, {"modality": "AUDIO", "tokenCount": 1}],
        "trafficType": "PROVISIONED_THROUGHPUT",
    }
    usage = read(a_reply(usageMetadata=metadata)).usage

    assert usage is not None
    assert (usage.all_input_tokens, usage.all_output_tokens, usage.total_tokens) == (50, 50, 100)
    assert (usage.input_tokens, usage.output_tokens, usage.reasoning_tokens) == (10, 20, 30)
    assert (usage.cached_input_tokens, usage.tool_use_input_tokens) == (5, 40)
    assert (usage.input_audio_tokens, usage.input_image_tokens) == (3, 4)
    assert (usage.output_audio_tokens, usage.output_image_tokens) == (1, 19)
    assert usage.service_tier == "PROVISIONED_THROUGHPUT"


@pytest.mark.parametrize("metadata", [None, {}, {"trafficType": "ON_DEMAND"}, {"promptTokenCount": None}])
def test_metadata_without_counts_is_no_usage(metadata: Any) -> None:
    assert read(a_reply(usageMetadata=metadata)).usage is None


def test_ordinary_traffic_is_no_tier() -> None:
    usage = read(a_reply(usageMetadata={"promptTokenCount": 1, "trafficType": "ON_DEMAND"})).usage
    tier = read(a_reply(usageMetadata={"promptTokenCount": 1, "serviceTier": "flex"})).usage

    assert usage is not None
    assert usage.service_tier is None
    assert tier is not None
    assert tier.service_tier == "flex"


def test_each_figure_of_a_stream_counts_as_it_was_told_last() -> None:
    first = {"promptTokenCount": 169, "candidatesTokenCount": 3, "totalTokenCount": 172}
    reading = read(
        path=STREAM + "?alt=sse",
        **crlf_stream(
            a_reply(a_candidate({"text": "Hel"}, finish=None), usageMetadata=first),
            a_reply(a_candidate({"text": "lo"}, finish=None), usageMetadata={"promptTokenCount": 79}),
            a_reply(a_candidate(finish="STOP"), usageMetadata={"promptTokenCount": 79, "totalTokenCount": 82}),
        ),
    )

    assert reading.usage is not None
    assert (reading.usage.input_tokens, reading.usage.output_tokens, reading.usage.total_tokens) == (79, 3, 82)
    assert (reading.streamed, reading.complete, reading.usage.partial) == (True, True, False)
    assert reading.output == (Message(role="assistant", parts=(Part(kind="text", text="Hello"),)),)


def test_a_stream_may_come_as_one_json_array() -> None:
    body = array_stream(a_reply(a_candidate({"text": "Hel"}, finish=None)), a_reply(a_candidate({"text": "lo"})))
    reading = read(body, path=STREAM)

    assert (reading.streamed, reading.complete, reading.finish_reason) == (True, True, "STOP")
    assert reading.output[0].parts == (Part(kind="text", text="Hello"),)


def test_an_array_cut_short_is_read_as_far_as_it_goes() -> None:
    whole = a_reply(a_candidate({"text": "Hel"}, finish=None), usageMetadata={"promptTokenCount": 5})
    reading = read(array_stream(whole, whole, end="")[:-30], path=STREAM, ending=Ending.FAILED)

    assert (reading.streamed, reading.complete) == (True, False)
    assert reading.output[0].text == "Hel"
    assert reading.usage is not None
    assert (reading.usage.input_tokens, reading.usage.partial) == (5, True)


def test_an_error_in_an_array_is_an_error() -> None:
    error = {"error": {"code": 429, "message": "Quota", "status": "RESOURCE_EXHAUSTED"}}
    reading = read([error], path=STREAM, status=429)

    assert reading.error is not None
    assert (reading.error.code, reading.error.message) == ("RESOURCE_EXHAUSTED", "Quota")


def test_an_error_in_mid_stream_is_an_error_under_status_200() -> None:
    error = {"error": {"code": 503, "message": "Overloaded", "status": "UNAVAILABLE"}}
    reading = read(path=STREAM, **crlf_stream(a_reply(a_candidate({"text": "He"}, finish=None)), error))

    assert reading.error is not None
    assert (reading.error.code, reading.complete) == ("UNAVAILABLE", False)


def test_enumerations_may_come_as_numbers_that_depend_on_the_api() -> None:
    """7 is prohibited content for Vertex and a blocklist for Gemini, category 1 hate speech or derogatory."""
    candidate = a_candidate(finish=7, safetyRatings=[{"category": 1, "probability": 4, "severity": 3}])
    details = [{"modality": 2, "tokenCount": 516}]
    usage = {"promptTokenCount": 521, "promptTokensDetails": details, "trafficType": 1}
    vertex = read(a_reply(candidate, usageMetadata=usage), path=VERTEX + "?%24alt=json%3Benum-encoding%3Dint")
    gemini = read(a_reply(candidate))

    assert (vertex.finish_reason, gemini.finish_reason) == ("PROHIBITED_CONTENT", "BLOCKLIST")
    assert the_finding(vertex).category == "HARM_CATEGORY_HATE_SPEECH"
    assert the_finding(vertex).severity == "HARM_SEVERITY_MEDIUM"
    assert (the_finding(gemini).category, the_finding(gemini).probability) == ("HARM_CATEGORY_DEROGATORY", "HIGH")
    assert vertex.usage is not None
    assert (vertex.usage.input_image_tokens, vertex.usage.service_tier) == (516, None)


def test_an_unknown_word_or_number_passes_through() -> None:
    assert read(a_reply(a_candidate(finish="NEW_REASON"))).finish_reason == "NEW_REASON"
    assert read(a_reply(a_candidate(finish=99))).finish_reason == "99"


def test_every_candidate_is_read_by_its_index() -> None:
    chunks = [
        a_reply(a_candidate({"text": "a"}, finish=None), a_candidate({"text": "b"}, finish=None, index=1)),
        a_reply(a_candidate(finish="MAX_TOKENS", index=1)),
        a_reply(a_candidate({"text": "A"}, index=0)),
    ]
    reading = read(path=STREAM, **crlf_stream(*chunks))

    assert reading.finish_reasons == ("STOP", "MAX_TOKENS")
    assert [message.text for message in reading.output] == ["aA", "b"]
    assert reading.complete is True
    assert read(path=STREAM, **crlf_stream(*chunks[:2])).complete is False


@pytest.mark.parametrize(
    ("part", "config", "operation"),
    [
        ({"text": "x"}, {"responseModalities": ["TEXT"]}, Operation.CHAT),
        ({"text": "x"}, {"responseModalities": ["TEXT", "IMAGE"]}, Operation.IMAGE_GENERATION),
        ({"inlineData": {"mimeType": "image/png", "data": "AAAA"}}, {}, Operation.IMAGE_GENERATION),
        (
            {"inlineData": {"mimeType": "audio/L16", "data": "AAAA"}},
            {"responseModalities": ["AUDIO"]},
            Operation.SPEECH,
        ),
    ],
)
def test_images_and_speech_are_told_apart(part: dict[str, Any], config: Any, operation: Operation) -> None:
    request = {**REQUEST, "generationConfig": config}

    assert read(a_reply(a_candidate(part)), request=request).operation is operation


def test_an_image_that_was_refused_is_an_image_asked_for() -> None:
    reading = read(a_reply(a_candidate(finish="IMAGE_PROHIBITED_CONTENT")))

    assert (reading.operation, reading.block_source) == (Operation.IMAGE_GENERATION, Source.COMPLETION)


def test_the_first_token_is_the_first_chunk_with_content() -> None:
    chunks = [a_reply(), a_reply(a_candidate(finish=None)), a_reply(a_candidate({"text": "x"}))]
    ends = [len(array_stream(*chunks[: number + 1], end="")) for number in range(3)]
    arrivals = tuple(Arrival(end, 1000 * number) for number, end in enumerate(ends))

    assert read(array_stream(*chunks), path=STREAM, arrivals=arrivals).first_token_us == 2000
    assert read(array_stream(*chunks[:2]), path=STREAM, arrivals=arrivals).first_token_us is None


def test_what_is_no_reply_at_all_is_read_without_claims() -> None:
    reading = read({"this": [{"is": {"not": "valid"}}]})

    assert (reading.usage, reading.output, reading.finish_reason, reading.complete) == (None, (), None, None)
    assert read(b"", ending=Ending.FAILED, status=None).complete is False


def test_a_question_becomes_a_request_to_gemini() -> None:
    assert DIALECT.ask is not None
    enquiry = DIALECT.ask(
        Question(
            model="gemini-2.5-flash",
            prompt="Say OK",
            system="Obey",
            max_output_tokens=5,
            temperature=0,
            parameters={"generationConfig": {"thinkingConfig": {"thinkingBudget": 0}}},
        )
    )

    assert (enquiry.path, enquiry.key_header) == (PATH, "x-goog-api-key")
    assert enquiry.body == {
        "contents": [{"role": "user", "parts": [{"text": "Say OK"}]}],
        "systemInstruction": {"parts": [{"text": "Obey"}]},
        "generationConfig": {"maxOutputTokens": 5, "temperature": 0, "thinkingConfig": {"thinkingBudget": 0}},
    }


@pytest.mark.parametrize(
    ("model", "path", "key_header"),
    [
        ("m", "/v1beta/models/m:streamGenerateContent?alt=sse", "x-goog-api-key"),
        ("tunedModels/t", "/v1beta/tunedModels/t:streamGenerateContent?alt=sse", "x-goog-api-key"),
        (
            "projects/p/locations/l/endpoints/1",
            "/v1/projects/p/locations/l/endpoints/1:streamGenerateContent?alt=sse",
            "authorization",
        ),
    ],
)
def test_a_streamed_question_asks_for_events(model: str, path: str, key_header: str) -> None:
    assert DIALECT.ask is not None
    enquiry = DIALECT.ask(Question(model=model, prompt="p", stream=True))

    assert (enquiry.path, enquiry.key_header) == (path, key_header)
    assert "generationConfig" not in enquiry.body
