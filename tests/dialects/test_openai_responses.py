"""Responses are read as OpenAI, Azure, routers and others send them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from audit.call import Arrival, Ending, ErrorInfo, Message, Operation, Part, Source
from audit.dialects import Fit, Question
from audit.dialects.openai_responses import DIALECT
from tests.factories import a_transcript, event_stream

REQUEST = {"model": "codex-mini-latest", "input": "Hi", "instructions": "Be brief."}
SAFE = {"hate": {"filtered": False, "severity": "safe"}}
USAGE = {"input_tokens": 7, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 15, "total_tokens": 22}
TEXT = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hello"}]}


def a_response(**over: Any) -> dict[str, Any]:
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_700_000_000,
        "completed_at": 1_700_000_004,
        "status": "completed",
        "model": "o3-pro",
        "output": [TEXT],
        "usage": USAGE,
        "error": None,
        "incomplete_details": None,
        **over,
    }


def a_stream(*events: Any, end: str | None = "completed", **over: Any) -> list[Any]:
    begun = a_response(status="in_progress", output=[], usage=None, completed_at=None)
    last = [] if end is None else [{"type": f"response.{end}", "response": a_response(**{"status": end, **over})}]
    return [{"type": "response.created", "response": begun}, *events, *last]


def delta(kind: str, piece: str, index: int = 0) -> dict[str, Any]:
    return {"type": f"response.{kind}.delta", "output_index": index, "delta": piece}


def test_a_reply_in_one_piece() -> None:
    reading = DIALECT.read(a_transcript("/v1/responsesd", request=REQUEST, response=a_response(service_tier="flex")))

    assert (reading.dialect, reading.provider, reading.operation) == ("openai_responses", "", Operation.CHAT)
    assert (reading.model_requested, reading.model_served) == ("codex-mini-latest", "o3-pro")
    assert (reading.response_id, reading.finish_reason, reading.finish_reasons) == (
        "resp_1",
        "completed",
        ("completed",),
    )
    assert (reading.complete, reading.streamed, reading.error, reading.refusal) == (True, False, None, False)
    assert reading.provider_created_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert reading.provider_duration_us == 4_000_000
    assert reading.usage is not None
    assert (reading.usage.input_tokens, reading.usage.output_tokens, reading.usage.service_tier) == (7, 15, "flex")
    assert [(message.role, message.text) for message in reading.input] == [("system", "Be brief."), ("user", "Hi")]
    assert reading.output == (Message(role="assistant", parts=(Part(kind="text", text="Hello"),)),)


def test_a_stream_tells_figures_and_verdicts_at_its_end() -> None:
    verdict = {"source_type": "prompt", "blocked": False, "content_filter_results": SAFE}
    events = a_stream(
        {"type": "response.output_item.added", "output_index": 0, "item": {"type": "message", "content": []}},
        delta("output_text", "Hello"),
        content_filters=[verdict],
    )
    arrivals = tuple(Arrival(len(event_stream(*events[:n])), n * 1000) for n in range(1, 5))
    reading = DIALECT.read(a_transcript("/v1/responses", request=REQUEST, events=events, arrivals=arrivals))

    assert (reading.streamed, reading.complete, reading.finish_reason) == (True, True, "completed")
    assert reading.first_token_us == 3000
    assert reading.usage is not None
    assert (reading.usage.total_tokens, reading.usage.partial) == (22, False)
    assert [one.place for one in reading.findings] == [
        "events[3].response.content_filters[0].content_filter_results.hate"
    ]
    assert [message.text for message in reading.output] == ["Hello"]


def test_a_cut_stream_is_put_together_from_its_pieces() -> None:
    added = {"type": "function_call", "name": "add", "arguments": ""}
    events = a_stream(
        delta("reasoning_summary_text", "hm"),
        {"type": "response.output_item.done", "output_index": 1, "item": TEXT},
        {"type": "response.output_item.added", "output_index": 2, "item": added},
        delta("function_call_arguments", '{"a"', 2),
        delta("function_call_arguments", ":1", 2),
        delta("output_text", "Hal", 3),
        delta("output_text", "lo", 3),
        delta("refusal", "no", 4),
        {"type": "response.output_item.added", "output_index": 5, "item": {"type": "web_search_call"}},
        end=None,
    )
    reading = DIALECT.read(a_transcript("/v1/responses", request=REQUEST, events=events, ending=Ending.CLOSED))

    assert (reading.complete, reading.finish_reason, reading.usage, reading.refusal) == (False, None, None, True)
    assert reading.model_served == "o3-pro"
    assert reading.output[0].parts == (
        Part(kind="reasoning", text="hm"),
        Part(kind="text", text="Hello"),
        Part(kind="tool_call", name="add", text='{"a":1'),
        Part(kind="text", text="Hallo"),
        Part(kind="refusal", text="no"),
        Part(kind="tool_call", name="web_search"),
    )


def test_an_end_without_output_does_not_erase_what_came() -> None:
    events = a_stream(delta("output_text", "x"), {"type": "response.output_item.done", "item": TEXT}, output=[])

    assert [message.text for message in DIALECT.read(a_transcript("/v1/responses", events=events)).output] == ["Hello"]


@pytest.mark.parametrize(
    ("over", "finish", "complete"),
    [
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, "max_output_tokens", True),
        ({"status": "incomplete"}, "incomplete", True),
        ({"status": "queued", "usage": None}, "queued", False),
        ({"status": "failed", "error": {"code": "server_error", "message": "broke"}}, "failed", False),
        ({"status": "cancelled"}, "cancelled", False),
        ({"status": "a new word"}, "a new word", False),
    ],
)
def test_how_a_response_ended(over: dict[str, Any], finish: str, complete: bool) -> None:
    reading = DIALECT.read(a_transcript("/v1/responses", request=REQUEST, response=a_response(**over)))

    assert (reading.finish_reason, reading.complete) == (finish, complete)


def test_a_completion_that_azure_blocked() -> None:
    """`blocked` counts on its own: the results may be empty."""
    entry = {"source_type": "completion", "blocked": True, "content_filter_results": {}}
    over = {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}, "content_filters": [entry]}
    reading = DIALECT.read(a_transcript("/openai/v1/responses", response=a_response(**over)))

    assert reading.block_source is Source.COMPLETION
    assert reading.block_reasons == ("content_filters.blocked:completion", "incomplete_details.reason=content_filter")
    assert reading.findings == ()


def test_a_prompt_that_azure_blocked() -> None:
    results = {"jailbreak": {"detected": True, "filtered": True}}
    offsets = {"start_offset": 0, "end_offset": 119, "check_offset": 0}
    entry = {
        "blocked": True,
        "source_type": "prompt",
        "content_filter_results": results,
        "content_filter_offsets": offsets,
    }
    error = {"code": "content_filter", "message": "filtered", "param": "prompt", "content_filters": [entry]}
    reading = DIALECT.read(a_transcript("/openai/v1/responses", request=REQUEST, response={"error": error}, status=400))

    assert reading.block_reasons == ("error.code=content_filter", "prompt.jailbreak.filtered")
    assert (reading.block_source, reading.findings[0].end_offset) == (Source.PROMPT, 119)
    assert (reading.usage, reading.complete, reading.finish_reason) == (None, None, None)


def test_blocked_in_an_error_of_another_name() -> None:
    error = {"code": "bad_request", "content_filters": [{"blocked": True, "source_type": "prompt"}]}
    nested = DIALECT.read(a_transcript("/v1/responses", response={"error": error}, status=400))
    flat = DIALECT.read(a_transcript("/v1/responses", events=[{"type": "error", **error}]))

    assert nested.block_reasons == flat.block_reasons == ("content_filters.blocked:prompt",)


@pytest.mark.parametrize(
    "error",
    [
        {"type": "error", "code": "insufficient_quota", "message": "pay", "param": None},
        {"type": "error", "error": {"type": "insufficient_quota", "code": None, "message": "pay"}},
    ],
)
@pytest.mark.parametrize("end", [None, "failed"])
def test_a_failure_in_mid_stream_has_two_spellings(error: dict[str, Any], end: str | None) -> None:
    told = {"code": "insufficient_quota", "message": "pay"}
    events = a_stream(error, end=end, error=told, usage=None, output=[])
    reading = DIALECT.read(a_transcript("/v1/responses", request=REQUEST, events=events))

    assert reading.error == ErrorInfo(code="insufficient_quota", message="pay")
    assert (reading.complete, reading.usage) == (False, None)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"code": "invalid-argument", "error": "bad key"}, 400, "invalid-argument"),
        (b"<html>", 502, "502"),
        (b"", 500, "500"),
        ({"status": "error", "message": "no"}, 400, "400"),
    ],
)
def test_errors_of_other_shapes(body: Any, status: int, code: str) -> None:
    reading = DIALECT.read(a_transcript("/v1/responses", request=REQUEST, response=body, status=status))

    assert reading.error is not None
    assert (reading.error.code, reading.complete, reading.finish_reason) == (code, None, None)


def test_a_body_cut_short_is_incomplete() -> None:
    reading = DIALECT.read(a_transcript("/v1/responses", response=b'{"id": "resp', ending=Ending.FAILED))

    assert reading.complete is False


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("POST", "/v1/responses", Operation.CHAT),
        ("POST", "/v1/responses/compact", Operation.CHAT),
        ("POST", "/v1/responses/input_tokens", Operation.COUNT_TOKENS),
        ("GET", "/v1/responses/resp_1?stream=false", Operation.RETRIEVE),
        ("POST", "/v1/responses/resp_1/cancel", Operation.RETRIEVE),
        ("GET", "/v1/responses/resp_1/input_items", Operation.RETRIEVE),
        ("POST", "/odd/route", Operation.CHAT),
    ],
)
def test_what_is_asked(method: str, path: str, operation: Operation) -> None:
    reading = DIALECT.read(a_transcript(path, request=REQUEST, response=a_response(), method=method))

    assert reading.operation is operation


def test_counting_tokens_uses_none() -> None:
    counted = {"object": "response.input_tokens", "input_tokens": 11}
    reading = DIALECT.read(a_transcript("/v1/responses/input_tokens", request=REQUEST, response=counted))

    assert (reading.usage, reading.complete) == (None, None)
    assert DIALECT.read(a_transcript("/llm", response=counted)).operation is Operation.COUNT_TOKENS


def test_a_compaction_has_neither_status_nor_model() -> None:
    output = [{"type": "message", "role": "user", "content": "Hi"}, {"type": "compaction", "encrypted_content": "x"}]
    body = {"id": "resp_1", "object": "response.compaction", "created_at": 1, "output": output, "usage": USAGE}
    reading = DIALECT.read(a_transcript("/v1/responses/compact", request=REQUEST, response=body))

    assert (reading.complete, reading.finish_reason, reading.model_served) == (True, None, None)
    assert [(message.role, message.parts[0].kind) for message in reading.output] == [
        ("user", "text"),
        ("assistant", "compaction"),
    ]


@pytest.mark.parametrize(
    ("over", "searches"),
    [
        ({"tool_usage": {"web_search": {"num_requests": 2}}}, 2),
        (
            {
                "output": [
                    {"type": "web_search_call", "action": {"type": "search"}},
                    {"type": "web_search_call", "action": {"type": "open_page"}},
                ]
            },
            1,
        ),
        ({"usage": {**USAGE, "server_side_tool_usage_details": {"web_search_calls": 3}}}, 3),
        ({}, None),
    ],
)
def test_web_searches_are_counted(over: dict[str, Any], searches: int | None) -> None:
    usage = DIALECT.read(a_transcript("/v1/responses", response=a_response(**over))).usage

    assert usage is not None
    assert usage.web_searches == searches


def test_images_made_on_the_way_are_noted() -> None:
    body = a_response(tool_usage={"image_gen": {"total_tokens": 1056}})

    assert DIALECT.read(a_transcript("/v1/responses", response=body)).notes == (
        "usage: image generation used 1056 more tokens, in tool_usage.image_gen",
    )


def test_a_stored_prompt_is_told_by_the_reply() -> None:
    request = {"prompt": {"id": "pmpt_1", "variables": {"name": "Ada", "file": {"type": "input_text", "text": "t"}}}}
    instructions = [{"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Greet Ada"}]}]
    reading = DIALECT.read(
        a_transcript("/v1/responses", request=request, response=a_response(instructions=instructions))
    )

    assert reading.model_requested is None
    assert [(message.role, [part.kind for part in message.parts]) for message in reading.input] == [
        ("developer", ["text"]),
        ("user", ["prompt", "text", "text"]),
    ]


@pytest.mark.parametrize(
    ("path", "fit"),
    [
        ("/v1/responses", Fit.PATH),
        ("/v1/responsesd", Fit.PATH),
        ("/openai/responses?api-version=2025-03-01-preview", Fit.PATH),
        ("/proxy/openai/v1/responses/", Fit.PATH),
        ("/responses", Fit.PATH),
        ("/v1/responses/resp_1/input_items", Fit.PATH),
        ("/responses/v1/chat/completions", Fit.NO),
        ("/v1/responsesx", Fit.NO),
    ],
)
def test_the_path_tells(path: str, fit: Fit) -> None:
    assert DIALECT.fits(a_transcript(path, response={"error": "busy"})) is fit


@pytest.mark.parametrize(
    "reply", [{"response": {"object": "response"}}, {"events": ["ping", {"type": "response.created"}]}]
)
def test_a_reply_of_this_shape_is_known_on_any_path(reply: Any) -> None:
    assert DIALECT.fits(a_transcript("/odd", **reply)) is Fit.SHAPE
    assert DIALECT.fits(a_transcript("/v1/responses", **reply)) is Fit.BOTH


def test_a_question_becomes_a_request() -> None:
    question = Question(
        model="m",
        prompt="Hi",
        system="Be brief.",
        max_output_tokens=9,
        temperature=0.0,
        stream=True,
        parameters={"store": False},
    )
    assert DIALECT.ask is not None
    enquiry = DIALECT.ask(question)

    assert enquiry.path == "/v1/responses"
    assert enquiry.body == {
        "model": "m",
        "input": "Hi",
        "instructions": "Be brief.",
        "max_output_tokens": 9,
        "temperature": 0.0,
        "stream": True,
        "store": False,
    }
    assert DIALECT.ask(Question(model="m", prompt="Hi")).body == {"model": "m", "input": "Hi"}
