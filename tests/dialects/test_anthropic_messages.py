"""Anthropic messages: figures that replace each other, refusals, streams that break off, every kind of block."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import Arrival, Ending, Finding, Message, Operation, Part, Reading, Source
from audit.dialects._dialect import Fit, Question
from audit.dialects.anthropic_messages import DIALECT
from tests.factories import a_transcript, event_stream

REQUEST = {"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}


START = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5-20250929",
        "content": [],
        "usage": {
            "input_tokens": 7,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 5,
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
            "output_tokens": 1,
            "service_tier": "standard",
        },
    },
}


STOP = {"type": "message_stop"}


def a_message(**over: Any) -> dict[str, Any]:
    plain = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5-20250929",
        "content": [{"type": "text", "text": "Hello"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 7, "output_tokens": 2},
    }
    return {**plain, **over}


def read(response: Any = None, *, events: list[Any] | None = None, request: Any = REQUEST, **over: Any) -> Reading:
    return DIALECT.read(a_transcript("/v1/messages", request=request, response=response, events=events, **over))


def started(index: int, **block: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def grown(index: int, **delta: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": delta}


def ended(stop_reason: str = "end_turn", **usage: Any) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": stop_reason}, "usage": usage}


@pytest.mark.parametrize(
    "path",
    ["/v1/messages", "/v1/messages?beta=true", "/anthropic/v1/messages/", "/messages", "//v1//messages"],
)
def test_it_knows_its_paths(path: str) -> None:
    assert DIALECT.fits(a_transcript(path, request=REQUEST, response=a_message())) is Fit.BOTH


def test_it_knows_vertex_and_its_model_in_the_url() -> None:
    path = "/v1/projects/p/locations/l/publishers/anthropic/models/claude-3-7-sonnet@20250219:streamRawPredict"
    transcript = a_transcript(path, request={"messages": []}, events=[START, STOP])

    assert DIALECT.fits(transcript) is Fit.BOTH
    assert DIALECT.read(transcript).model_requested == "claude-3-7-sonnet@20250219"


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/v1/threads/t/messages", "POST"),
        ("/v1/messages", "GET"),
        ("/v1/messages/batches", "POST"),
        ("/v1/projects/p/publishers/anthropic/models/count-tokens:rawPredict", "POST"),
    ],
)
def test_it_leaves_other_paths_alone(path: str, method: str) -> None:
    assert DIALECT.fits(a_transcript(path, method=method)) is Fit.NO


def test_it_knows_a_message_behind_any_path() -> None:
    assert DIALECT.fits(a_transcript("/ask", response=a_message())) is Fit.SHAPE
    assert DIALECT.fits(a_transcript("/ask", events=[START])) is Fit.SHAPE


def test_it_reads_a_message() -> None:
    reading = read(a_message())

    assert reading.operation is Operation.CHAT
    assert (reading.model_requested, reading.model_served) == ("claude-sonnet-4-5", "claude-sonnet-4-5-20250929")
    assert (reading.response_id, reading.finish_reason, reading.finish_reasons) == ("msg_1", "end_turn", ("end_turn",))
    assert (reading.complete, reading.streamed, reading.error) == (True, False, None)
    assert reading.input == (Message(role="user", parts=(Part(kind="text", text="Hi"),)),)
    assert reading.output == (Message(role="assistant", parts=(Part(kind="text", text="Hello"),)),)
    assert reading.first_token_us is None


def test_its_input_leaves_out_what_was_cached() -> None:
    usage = read(
        a_message(
            usage={
                "input_tokens": 3,
                "cache_creation_input_tokens": 30,
                "cache_read_input_tokens": 400,
                "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20},
                "output_tokens": 50,
                "output_tokens_details": {"thinking_tokens": 40},
                "server_tool_use": {"web_search_requests": 2},
                "service_tier": "priority",
            }
        )
    ).usage

    assert usage is not None
    assert (usage.input_tokens, usage.all_input_tokens, usage.all_output_tokens) == (3, 433, 50)
    assert (usage.cache_write_tokens, usage.cache_write_1h_tokens, usage.cached_input_tokens) == (30, 20, 400)
    assert (usage.reasoning_tokens, usage.web_searches, usage.service_tier) == (40, 2, "priority")
    assert usage.total_tokens is None


def test_the_last_figures_of_a_stream_replace_the_first_even_where_they_shrink() -> None:
    events = [START, ended(input_tokens=90, cache_read_input_tokens=0, output_tokens=12), STOP]
    usage = read(events=events).usage

    assert usage is not None
    assert (usage.input_tokens, usage.cached_input_tokens, usage.output_tokens) == (90, 0, 12)
    assert usage.partial is False


def test_figures_that_the_last_event_lacks_stay() -> None:
    usage = read(events=[START, ended(output_tokens=12), STOP]).usage

    assert usage is not None
    assert (usage.input_tokens, usage.cached_input_tokens, usage.output_tokens) == (7, 5, 12)


def test_a_breakdown_of_cache_writes_that_is_out_of_date_is_not_believed() -> None:
    usage = read(events=[START, ended(cache_creation_input_tokens=800, output_tokens=12), STOP]).usage

    assert usage is not None
    assert (usage.cache_write_tokens, usage.cache_write_1h_tokens) == (800, None)


def test_it_puts_a_stream_together() -> None:
    events = [
        START,
        {"type": "ping"},
        started(0, type="thinking", thinking="", signature=""),
        grown(0, type="thinking_delta", thinking="Let me "),
        grown(0, type="thinking_delta", thinking="see"),
        grown(0, type="signature_delta", signature="c2ln"),
        {"type": "content_block_stop", "index": 0},
        started(1, type="text", text=""),
        grown(1, type="text_delta", text="Look"),
        grown(1, type="citations_delta", citation={"url": "https://example.com"}),
        grown(1, type="text_delta", text="ing"),
        started(2, type="tool_use", id="t", name="weather", input={}),
        grown(2, type="input_json_delta", partial_json=""),
        grown(2, type="input_json_delta", partial_json='{"city":'),
        grown(2, type="input_json_delta", partial_json='"Oslo"}'),
        ended("tool_use", output_tokens=12),
        STOP,
    ]
    reading = read(events=events)

    assert (reading.streamed, reading.complete, reading.finish_reason) == (True, True, "tool_use")
    assert reading.output[0].parts == (
        Part(kind="reasoning", text="Let me see"),
        Part(kind="text", text="Looking"),
        Part(kind="tool_call", name="weather", text='{"city":"Oslo"}'),
    )


def test_a_block_whose_start_was_lost_is_still_read() -> None:
    reading = read(events=[grown(3, text="alone"), grown(4, partial_json="{}"), {"type": "content_block_delta"}])

    assert reading.output[0].parts == (Part(kind="text", text="alone"), Part(kind="tool_call", text="{}"))


def test_a_stream_that_breaks_off_tells_its_input_only() -> None:
    reading = read(events=[START, started(0, type="text", text=""), grown(0, text="He")], ending=Ending.CLOSED)

    assert reading.usage is not None
    assert (reading.usage.input_tokens, reading.usage.output_tokens, reading.usage.partial) == (7, 1, True)
    assert (reading.complete, reading.finish_reason, reading.finish_reasons) == (False, None, ())


def test_an_error_in_mid_stream_is_an_error_under_status_200() -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    reading = read(events=[START, error])

    assert reading.error is not None
    assert (reading.error.code, reading.error.message) == ("overloaded_error", "Overloaded")
    assert (reading.complete, reading.block_source) == (False, None)


def test_a_stream_without_any_event_has_no_usage_and_no_end() -> None:
    reading = read(events=[])

    assert (reading.usage, reading.complete, reading.output) == (None, False, ())


def test_an_error_reply_tells_its_code_and_request() -> None:
    body = {"type": "error", "error": {"type": "not_found_error", "message": "model: x"}, "request_id": "req_1"}
    reading = read(body, status=404)

    assert reading.error is not None
    assert (reading.error.code, reading.request_id, reading.usage, reading.complete) == (
        "not_found_error",
        "req_1",
        None,
        None,
    )


@pytest.mark.parametrize(
    ("message", "source"),
    [
        ("Output blocked by content filtering policy", Source.COMPLETION),
        ("Input blocked by the content filtering policy", Source.PROMPT),
    ],
)
def test_a_block_is_known_by_its_message(message: str, source: Source) -> None:
    body = {"type": "error", "error": {"type": "invalid_request_error", "message": message}}
    reading = read(body, status=400)

    assert reading.block_source is source
    assert reading.block_reasons == ("error.message=content filtering policy",)


def test_a_block_in_mid_stream_is_known_too() -> None:
    message = "Output blocked by content filtering policy"
    error = {"type": "error", "error": {"details": None, "type": "invalid_request_error", "message": message}}

    assert read(events=[START, error]).block_source is Source.COMPLETION


def test_a_refusal_is_a_block_not_the_models_words() -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "Not allowed."}
    reading = read(a_message(content=[], stop_reason="refusal", stop_details=details))

    assert (reading.block_source, reading.refusal) == (Source.COMPLETION, False)
    assert reading.block_reasons == ("stop_reason=refusal", "stop_details.category=cyber")
    assert reading.output[0].parts == (Part(kind="refusal", text="Not allowed."),)
    assert reading.findings == ()


def test_a_refusal_without_details_is_a_block_as_well() -> None:
    reading = read(events=[START, ended("refusal", output_tokens=5), STOP])

    assert reading.block_reasons == ("stop_reason=refusal",)
    assert reading.output == ()


def test_a_reply_that_did_not_come_whole_is_not_complete() -> None:
    assert read(b'{"type": "message", "content": [').complete is False
    assert read(None, ending=Ending.FAILED, status=None).complete is False
    assert read(a_message(stop_reason=None)).complete is None


def test_an_error_page_is_an_error() -> None:
    page = read(b"<html>Bad gateway</html>", status=502)
    words = read(b"upstream timed out", status=504)

    assert page.error is not None
    assert (page.error.code, page.error.message) == ("502", "")
    assert words.error is not None
    assert (words.error.code, words.error.message) == ("504", "upstream timed out")


@pytest.mark.parametrize(
    ("events", "token_at"),
    [
        ([started(0, type="text", text=""), grown(0, text=""), grown(0, text="x")], 3),
        ([started(0, type="text", text=""), grown(0, thinking="x")], 2),
        ([started(0, type="tool_use", name="f", input={})], 1),
        ([started(0, type="text", text="x")], 1),
    ],
)
def test_the_first_token_is_the_first_event_with_content(events: list[Any], token_at: int) -> None:
    """Each event arrives 1,000 µs after the one before it."""
    all_events = [START, *events, STOP]
    ends = [len(event_stream(*all_events[: number + 1])) for number in range(len(all_events))]
    arrivals = tuple(Arrival(end, 1000 * number) for number, end in enumerate(ends))

    assert read(events=all_events, arrivals=arrivals).first_token_us == 1000 * token_at


def test_a_question_becomes_a_request() -> None:
    assert DIALECT.ask is not None
    enquiry = DIALECT.ask(
        Question(
            model="claude-haiku-4-5",
            prompt="Say OK",
            system="Obey",
            max_output_tokens=5,
            temperature=0.5,
            stream=True,
            parameters={"metadata": {"user_id": "u"}},
        )
    )

    assert (enquiry.path, enquiry.key_header) == ("/v1/messages", "x-api-key")
    assert enquiry.headers == {"anthropic-version": "2023-06-01"}
    assert enquiry.body == {
        "model": "claude-haiku-4-5",
        "max_tokens": 5,
        "messages": [{"role": "user", "content": "Say OK"}],
        "system": "Obey",
        "temperature": 0.5,
        "stream": True,
        "metadata": {"user_id": "u"},
    }


def test_a_question_without_a_limit_gets_one_for_the_format_demands_it() -> None:
    assert DIALECT.ask is not None
    assert DIALECT.ask(Question(model="m", prompt="p")).body["max_tokens"] == 1024


def test_there_are_no_findings_in_this_format() -> None:
    findings: tuple[Finding, ...] = read(a_message()).findings

    assert findings == ()
