"""Chat completions are read as OpenAI, Azure and those who took the format over send them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from audit.call import Arrival, Ending, ErrorInfo, Message, Operation, Part, Source
from audit.dialects import Fit, Question
from audit.dialects.openai_chat import DIALECT
from tests.factories import a_transcript, event_stream

REQUEST = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}
USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
SAFE = {"hate": {"filtered": False, "severity": "safe"}}
ANNOTATION = {"id": "", "object": "", "created": 0, "model": ""}


def a_reply(**over: Any) -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello"}}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000, "model": "gpt-4o-2024-08-06"}
    return {**head, "choices": [choice], "usage": USAGE, **over}


def a_chunk(delta: Any = None, finish: str | None = None, index: int = 0, **over: Any) -> dict[str, Any]:
    head = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": "gpt-4o-2024-08-06",
    }
    return {**head, "choices": [{"index": index, "delta": delta or {}, "finish_reason": finish}], **over}


def said(*texts: str) -> tuple[Message, ...]:
    return tuple(Message(role="assistant", parts=(Part(kind="text", text=text),)) for text in texts)


def test_a_reply_in_one_piece() -> None:
    reading = DIALECT.read(a_transcript(request=REQUEST, response=a_reply(service_tier="default")))

    assert (reading.dialect, reading.provider, reading.operation) == ("openai_chat", "", Operation.CHAT)
    assert (reading.model_requested, reading.model_served) == ("gpt-4o", "gpt-4o-2024-08-06")
    assert (reading.response_id, reading.finish_reason, reading.finish_reasons) == ("chatcmpl-1", "stop", ("stop",))
    assert (reading.complete, reading.streamed, reading.refusal, reading.error) == (True, False, False, None)
    assert reading.provider_created_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert reading.usage is not None
    assert (reading.usage.input_tokens, reading.usage.service_tier, reading.usage.partial) == (3, "default", False)
    assert reading.input == (Message(role="user", parts=(Part(kind="text", text="Hi"),)),)
    assert reading.output == said("Hello")


def test_a_stream_counts_its_last_figures_and_joins_its_texts() -> None:
    """Usage is in an extra chunk without choices; the chunk with the role alone is no first token."""
    events: list[Any] = [
        a_chunk({"role": "assistant", "content": ""}, usage=None),
        a_chunk({"content": "Hel"}, usage={"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}),
        a_chunk({"content": "lo"}, "stop", usage=None),
        {**a_chunk(), "choices": [], "usage": {**USAGE, "completion_tokens_details": {"reasoning_tokens": None}}},
        a_chunk(moderation={"input": {"type": "error", "code": "timeout"}}, usage=None, choices=[]),
        "[DONE]",
    ]
    arrivals = tuple(Arrival(len(event_stream(*events[:n])), n * 1000) for n in range(1, 7))
    reading = DIALECT.read(a_transcript(request=REQUEST, events=events, arrivals=arrivals))

    assert reading.output == said("Hello")
    assert reading.usage is not None
    assert (reading.usage.input_tokens, reading.usage.total_tokens, reading.usage.reasoning_tokens) == (3, 5, None)
    assert (reading.finish_reason, reading.complete, reading.first_token_us) == ("stop", True, 2000)
    assert [(one.error, one.place) for one in reading.findings] == [("timeout", "events[4].moderation.input")]


def test_choices_come_interleaved_by_index() -> None:
    events = [
        a_chunk({"content": "b1"}, index=1),
        a_chunk({"content": "a1"}, index=0),
        a_chunk({"content": "b2"}, "length", index=1),
        a_chunk({"content": "a2"}, "stop", index=0),
    ]
    reading = DIALECT.read(a_transcript(request=REQUEST, events=events))

    assert reading.output == said("a1a2", "b1b2")
    assert (reading.finish_reason, reading.finish_reasons) == ("stop", ("stop", "length"))
    assert reading.complete is True


@pytest.mark.parametrize(
    ("events", "complete"),
    [
        ([a_chunk({"content": "Hi"}), "[DONE]"], True),
        ([a_chunk({"content": "Hi"}), a_chunk(finish="content_filter")], True),
        ([a_chunk({"content": "Hi"})], False),
        ([a_chunk({"content": "Hi"}, "stop"), a_chunk({"content": "Ho"}, index=1)], False),
        ([], False),
    ],
)
def test_a_stream_is_complete_at_its_own_end(events: list[Any], complete: bool) -> None:
    """OpenAI's SDK closes at `[DONE]`, before the end of the bytes: how these ended says nothing."""
    reading = DIALECT.read(a_transcript(request=REQUEST, events=events, ending=Ending.CLOSED))

    assert reading.complete is complete


def test_a_cut_stream_keeps_what_came() -> None:
    """Databricks and Perplexity tell usage on every chunk."""
    usage = {"prompt_tokens": 35, "completion_tokens": None, "total_tokens": None}
    reading = DIALECT.read(a_transcript(request=REQUEST, events=[a_chunk({"content": "Hel"}, usage=usage)]))

    assert reading.output == said("Hel")
    assert (reading.finish_reason, reading.finish_reasons, reading.error) == (None, (), None)
    assert reading.usage is not None
    assert (reading.usage.input_tokens, reading.usage.output_tokens, reading.usage.partial) == (35, None, True)


def test_a_body_cut_short_is_incomplete() -> None:
    reading = DIALECT.read(a_transcript(request=REQUEST, response=b'{"id": "chatcmpl-1", "choi', ending=Ending.FAILED))

    assert (reading.complete, reading.usage, reading.output) == (False, None, ())


def test_groqs_older_streams_tell_usage_in_x_groq() -> None:
    times = {"queue_time": 0.5, "prompt_time": 0.25, "completion_time": 1}
    last = a_chunk(finish="stop", x_groq={"id": "req_1", "usage": {**USAGE, **times}})
    reading = DIALECT.read(a_transcript(request=REQUEST, events=[a_chunk({"content": "Hi"}), last, "[DONE]"]))

    assert reading.usage is not None
    assert reading.usage.total_tokens == 5
    assert (reading.provider_duration_us, reading.provider_first_token_us) == (1_750_000, 750_000)


@pytest.mark.parametrize(
    ("delta", "first"),
    [
        ({"content": "a"}, True),
        ({"refusal": "no"}, True),
        ({"tool_calls": [{"index": 0}]}, True),
        ({"reasoning_content": "hm"}, True),
        ({"audio": {"data": "AAAA"}}, True),
        ({"role": "assistant", "content": "", "refusal": None}, False),
    ],
)
def test_content_of_any_kind_is_a_first_token(delta: dict[str, Any], first: bool) -> None:
    reading = DIALECT.read(a_transcript(events=[a_chunk(delta)], arrivals=(Arrival(10_000, 5),)))

    assert reading.first_token_us == (5 if first else None)


@pytest.mark.parametrize(
    "body",
    [
        {"response": a_reply(choices=[{"index": 0, "finish_reason": "stop", "message": {"refusal": "I cannot."}}])},
        {"events": [a_chunk({"refusal": "I can"}), a_chunk({"refusal": "not."}), a_chunk(finish="stop"), "[DONE]"]},
    ],
)
def test_a_refusal_in_words_is_no_block(body: Any) -> None:
    reading = DIALECT.read(a_transcript(request=REQUEST, **body))

    assert reading.refusal
    assert reading.block_source is None
    assert reading.output == (Message(role="assistant", parts=(Part(kind="refusal", text="I cannot."),)),)


@pytest.mark.parametrize("choices", [None, [], "none", [None], [{}], [{"index": 0, "message": None}]])
def test_choices_may_be_anything(choices: Any) -> None:
    reading = DIALECT.read(a_transcript(request=REQUEST, response=a_reply(choices=choices)))

    assert (reading.output, reading.finish_reason, reading.refusal) == ((), None, False)


def test_a_streams_choices_may_be_anything() -> None:
    reading = DIALECT.read(a_transcript(events=[{"choices": [None, "x", {"delta": {"content": "Hi"}}]}, "x", "[DONE]"]))

    assert reading.output == said("Hi")


def test_a_prompt_that_azure_refused() -> None:
    error = {
        "code": "content_filter",
        "param": "prompt",
        "message": "filtered",
        "innererror": {
            "code": "ResponsibleAIPolicyViolation",
            "content_filter_result": {**SAFE, "jailbreak": {"filtered": True, "detected": True}},
        },
    }
    path = "//openai/deployments/my-gpt/chat/completions?api-version=2024-10-21"
    reading = DIALECT.read(a_transcript(path, request={"messages": []}, response={"error": error}, status=400))

    assert (reading.model_requested, reading.model_served, reading.complete) == ("my-gpt", None, None)
    assert reading.error == ErrorInfo(code="content_filter", message="filtered")
    assert reading.block_reasons == ("error.code=content_filter", "prompt.jailbreak.filtered")
    assert reading.block_source is Source.PROMPT
    assert reading.usage is None


def test_azures_first_event_has_empty_names_and_no_choices() -> None:
    first = {
        **ANNOTATION,
        "choices": [],
        "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": SAFE}],
    }
    transcript = a_transcript(
        events=[first, a_chunk({"content": "Hi"}, "stop"), {**ANNOTATION, "choices": []}, "[DONE]"]
    )
    reading = DIALECT.read(transcript)

    assert (reading.response_id, reading.model_served) == ("chatcmpl-1", "gpt-4o-2024-08-06")
    assert [(one.source, one.place) for one in reading.findings] == [
        (Source.PROMPT, "events[0].prompt_filter_results[0].content_filter_results.hate")
    ]


def test_a_verdict_after_the_end_still_counts() -> None:
    """Azure's asynchronous filter speaks up when the text was delivered and had finished with `stop`."""
    hit = {"custom_blocklists": {"filtered": True, "details": [{"id": "fruit", "filtered": True}]}}
    late = {"index": 0, "finish_reason": None, "content_filter_results": hit}
    offsets = {"check_offset": 10, "start_offset": 10, "end_offset": 40}
    events: list[Any] = [
        a_chunk({"content": "Hi"}),
        a_chunk(finish="stop"),
        {**ANNOTATION, "choices": [{**late, "content_filter_offsets": offsets}]},
        "[DONE]",
    ]
    reading = DIALECT.read(a_transcript(request=REQUEST, events=events))

    assert (reading.finish_reason, reading.complete, reading.block_source) == ("stop", True, Source.COMPLETION)
    assert reading.block_reasons == ("completion.custom_blocklists.filtered[0]",)
    assert (reading.findings[0].start_offset, reading.findings[0].end_offset, reading.findings[0].choice) == (10, 40, 0)


def test_a_stream_that_the_filter_cut() -> None:
    cut = {
        "index": 0,
        "finish_reason": "content_filter",
        "content_filter_results": {"protected_material_text": {"detected": True, "filtered": True}},
    }
    reading = DIALECT.read(
        a_transcript(events=[a_chunk({"content": "la"}), {**ANNOTATION, "choices": [cut]}, "[DONE]"])
    )

    assert reading.finish_reason == "content_filter"
    assert reading.block_reasons == (
        "choices[0].finish_reason=content_filter",
        "completion.protected_material_text.filtered[0]",
    )


@pytest.mark.parametrize(
    "events",
    [
        [a_chunk({"content": "Hi"}), {"error": {"code": "server_error", "message": "broke"}}],
        [a_chunk({"content": "Hi"}), {"type": "error", "error": {"code": "server_error", "message": "broke"}}],
        [
            a_chunk({"content": "Hi"}),
            a_chunk(finish="error", choices=[{"index": 0, "error": {"code": "server_error", "message": "broke"}}]),
        ],
    ],
)
def test_a_failure_in_mid_stream_is_an_error_under_status_200(events: list[Any]) -> None:
    reading = DIALECT.read(a_transcript(request=REQUEST, events=events))

    assert reading.error == ErrorInfo(code="server_error", message="broke")
    assert reading.complete is False
    assert reading.output == said("Hi")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"error": {"message": "no", "code": 402}}, 200, "402"),
        ({"code": "invalid-argument", "error": "bad key"}, 400, "invalid-argument"),
        ([{"error": {"code": 400, "status": "INVALID_ARGUMENT"}}], 400, "INVALID_ARGUMENT"),
        (b"<html>Bad gateway</html>", 502, "502"),
        (b"", 500, "500"),
        ({"detail": "Unauthorized"}, 401, "401"),
    ],
)
def test_errors_of_every_shape(body: Any, status: int, code: str) -> None:
    reading = DIALECT.read(a_transcript(request=REQUEST, response=body, status=status))

    assert reading.error is not None
    assert (reading.error.code, reading.complete, reading.usage, reading.block_source) == (code, None, None, None)
    assert reading.model_requested == "gpt-4o"


def test_openrouters_refused_prompt() -> None:
    metadata = {"reasons": ["harassment"], "flagged_input": "…", "provider_name": "x"}
    body = {"error": {"code": 403, "message": "flagged", "metadata": metadata}}
    reading = DIALECT.read(a_transcript(request={"models": ["a/b", "c/d"]}, response=body, status=403))

    assert reading.model_requested == "a/b"
    assert reading.block_reasons == ("error.code=403", "prompt.harassment.filtered")


def test_no_response_at_all() -> None:
    reading = DIALECT.read(a_transcript(request=REQUEST, status=None, ending=Ending.FAILED))

    assert (reading.error, reading.complete, reading.model_requested) == (None, False, "gpt-4o")


@pytest.mark.parametrize(
    ("path", "fit"),
    [
        ("/v1/chat/completions", Fit.PATH),
        ("/chat/completions", Fit.PATH),
        ("//openai/deployments/x/chat/completions?api-version=1", Fit.PATH),
        ("/models/chat/completions", Fit.PATH),
        ("/serving-endpoints/chat/completions", Fit.PATH),
        ("/v1/chat/completions/chatcmpl-1", Fit.PATH),
        ("/v1/projects/p/locations/l/publishers/mistralai/models/mistral-large:rawPredict", Fit.PATH),
        ("/v1/projects/p/locations/l/publishers/mistralai/models/codestral@001:streamRawPredict", Fit.PATH),
        ("/v1/projects/p/locations/l/publishers/mistralai/models/mistral-ocr-2505:rawPredict", Fit.NO),
        ("/v1/projects/p/locations/l/publishers/anthropic/models/claude-x:rawPredict", Fit.NO),
        ("/v1/agents/completions", Fit.PATH),
        ("/v1/completions", Fit.NO),
        ("/v1/responses", Fit.NO),
    ],
)
def test_the_path_tells(path: str, fit: Fit) -> None:
    assert DIALECT.fits(a_transcript(path, response={"error": "busy"})) is fit


@pytest.mark.parametrize(
    "reply",
    [
        {"response": {"object": "chat.completion"}},
        {"response": {"choices": [{"message": {"content": "Hi"}}]}},
        {"events": [{**ANNOTATION, "choices": []}, {"choices": [{"delta": {}}]}]},
    ],
)
def test_a_reply_of_this_shape_is_known_on_any_path(reply: Any) -> None:
    assert DIALECT.fits(a_transcript("/odd/route", **reply)) is Fit.SHAPE
    assert DIALECT.fits(a_transcript("/v1/chat/completions", **reply)) is Fit.BOTH


@pytest.mark.parametrize(
    "reply", [{"response": {"choices": [{"text": "Hi"}]}}, {"response": {"object": "response"}}, {"events": ["x"]}]
)
def test_other_replies_are_not(reply: Any) -> None:
    assert DIALECT.fits(a_transcript("/odd/route", **reply)) is Fit.NO


def test_the_deployment_of_databricks_stands_in_its_url() -> None:
    reading = DIALECT.read(a_transcript("/serving-endpoints/my-llama/invocations", response=a_reply()))

    assert reading.model_requested == "my-llama"


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/chat/completions/chatcmpl-1"), ("POST", "/v1/chat/completions/chatcmpl-1")]
)
def test_stored_completions_are_retrieved(method: str, path: str) -> None:
    assert DIALECT.read(a_transcript(path, response=a_reply(), method=method)).operation is Operation.RETRIEVE


def test_a_question_becomes_a_request() -> None:
    question = Question(
        model="m",
        prompt="Hi",
        system="Be brief.",
        max_output_tokens=9,
        temperature=0.0,
        stream=True,
        parameters={"seed": 1, "temperature": 1},
    )
    assert DIALECT.ask is not None
    enquiry = DIALECT.ask(question)

    assert (enquiry.path, enquiry.key_header) == ("/v1/chat/completions", "authorization")
    assert enquiry.body == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
        "max_completion_tokens": 9,
        "temperature": 1,
        "stream": True,
        "stream_options": {"include_usage": True},
        "seed": 1,
    }
    assert DIALECT.ask(Question(model="m", prompt="Hi")).body == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi"}],
    }
