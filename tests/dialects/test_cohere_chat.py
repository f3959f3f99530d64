"""Cohere's Chat in both versions, and its Generate."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import Arrival, Ending, Message, Operation, Part, Reading, Source
from audit.dialects._dialect import Fit, Question
from audit.dialects.cohere_chat import DIALECT
from tests.factories import a_transcript, event_stream

USAGE = {
    "billed_units": {"input_tokens": 46, "output_tokens": 14},
    "tokens": {"input_tokens": 1445, "output_tokens": 43, "reasoning_tokens": 9},
    "cached_tokens": 704,
}


def read(response: Any = None, *, path: str = "/v2/chat", **over: Any) -> Reading:
    return DIALECT.read(a_transcript(path, response=response, **over))


def a_reply(**over: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": [{"type": "text", "text": "Hello"}]}
    return {"id": "c1", "message": message, "finish_reason": "COMPLETE", "usage": USAGE, **over}


def a_delta(kind: str, **message: Any) -> dict[str, Any]:
    return {"type": kind, "index": 0, "delta": {"message": message}}


def a_call(kind: str, **function: Any) -> dict[str, Any]:
    return a_delta(kind, tool_calls={"function": function})


def test_it_reads_a_reply() -> None:
    content = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Hello"}]
    message = {"role": "assistant", "tool_plan": "first", "content": content}
    reading = read(
        a_reply(message=message), request={"model": "command-a", "messages": [{"role": "user", "content": "Hi"}]}
    )

    assert (reading.operation, reading.model_requested, reading.model_served) == (Operation.CHAT, "command-a", None)
    assert (reading.response_id, reading.finish_reason, reading.complete) == ("c1", "COMPLETE", True)
    assert reading.input == (Message(role="user", parts=(Part(kind="text", text="Hi"),)),)
    assert reading.output[0].parts == (
        Part(kind="reasoning", text="first"),
        Part(kind="reasoning", text="hm"),
        Part(kind="text", text="Hello"),
    )


def test_its_figures_are_those_that_were_processed_with_the_bill_beside_them() -> None:
    usage = read(a_reply()).usage

    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.reasoning_tokens) == (1445, 43, 9)
    assert usage.cached_input_tokens == 704
    assert (usage.billed_input_tokens, usage.billed_output_tokens) == (46, 14)


def test_without_the_one_or_the_other_its_figures_are_what_there_is() -> None:
    usage = read(a_reply(usage={"tokens": USAGE["tokens"], "cached_tokens": 704})).usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.billed_input_tokens) == (1445, 43, None)

    usage = read(a_reply(usage={"billed_units": USAGE["billed_units"]})).usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.billed_input_tokens) == (46, 14, 46)
    assert read(a_reply(usage=None)).usage is None


def test_it_puts_a_stream_together() -> None:
    events = [
        {"type": "message-start", "id": "c1", "delta": {"message": {"role": "assistant", "content": []}}},
        a_delta("tool-plan-delta", tool_plan="I "),
        a_delta("tool-plan-delta", tool_plan="plan"),
        a_call("tool-call-start", name="f", arguments=""),
        a_call("tool-call-delta", arguments='{"a":'),
        a_call("tool-call-delta", arguments="1}"),
        {"type": "tool-call-end", "index": 0},
        a_delta("content-start", content={"type": "text", "text": ""}),
        a_delta("content-delta", content={"text": "Hel"}),
        a_delta("content-delta", content={"text": "lo"}),
        {"type": "message-end", "delta": {"finish_reason": "TOOL_CALL", "usage": USAGE}},
        "[DONE]",
    ]
    reading = read(events=events)

    assert (reading.streamed, reading.complete, reading.finish_reason) == (True, True, "TOOL_CALL")
    assert reading.response_id == "c1"
    assert reading.usage is not None
    assert reading.output[0].parts == (
        Part(kind="reasoning", text="I plan"),
        Part(kind="tool_call", name="f", text='{"a":1}'),
        Part(kind="text", text="Hello"),
    )


def test_a_stream_cut_short_keeps_what_came() -> None:
    reading = read(
        events=[a_call("tool-call-start", name="f", arguments="{"), a_call("tool-call-delta", arguments='"a')]
    )

    assert (reading.complete, reading.usage, reading.finish_reason) == (False, None, None)
    assert reading.output[0].parts == (Part(kind="tool_call", name="f", text='{"a'),)


def test_version_1_streams_lines_and_ends_with_the_whole() -> None:
    lines = [
        {"is_finished": False, "event_type": "stream-start", "generation_id": "g1"},
        {"is_finished": False, "event_type": "text-generation", "text": "Hel"},
        {"is_finished": False, "event_type": "text-generation", "text": "lo"},
        {"is_finished": False, "event_type": "tool-calls-generation", "tool_calls": [{"name": "f", "parameters": {}}]},
        {
            "is_finished": True,
            "event_type": "stream-end",
            "finish_reason": "COMPLETE",
            "response": {"response_id": "r1", "text": "Hello", "meta": USAGE},
        },
    ]
    reading = read(events=lines, path="/v1/chat")

    assert (reading.response_id, reading.finish_reason, reading.complete) == ("r1", "COMPLETE", True)
    assert reading.output[0].parts == (Part(kind="text", text="Hello"), Part(kind="tool_call", name="f", text="{}"))
    assert reading.usage is not None
    assert reading.usage.billed_input_tokens == 46


def test_version_1_tells_its_history_apart_from_the_message() -> None:
    request = {
        "preamble": "Obey",
        "chat_history": [{"role": "USER", "message": "a"}, {"role": "CHATBOT", "message": "b"}],
        "message": "c",
        "tool_results": [{"call": {"name": "f"}, "outputs": [{"d": 1}]}],
    }
    reading = read(
        {"text": "Hello", "generation_id": "g1", "finish_reason": "COMPLETE", "meta": USAGE}, request=request
    )

    assert [(message.role, message.text) for message in reading.input] == [
        ("system", "Obey"),
        ("user", "a"),
        ("assistant", "b"),
        ("user", "c"),
        ("tool", '[{"d":1}]'),
    ]
    assert (reading.output[0].text, reading.response_id) == ("Hello", "g1")


def test_generate_is_a_completion() -> None:
    body = {"id": "x", "generations": [{"text": "Hi", "finish_reason": "MAX_TOKENS"}, {"text": "Ho"}], "meta": USAGE}
    reading = read(body, path="/v1/generate", request={"prompt": "Say"})

    assert (reading.operation, reading.finish_reason) == (Operation.TEXT_COMPLETION, "MAX_TOKENS")
    assert [message.text for message in reading.output] == ["Hi", "Ho"]
    assert reading.input[0].text == "Say"


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        (
            {
                "role": "tool",
                "content": [{"type": "text", "text": "18°"}, {"type": "document", "document": {"data": "d"}}],
            },
            (Part(kind="tool_result", text="18°\nd"),),
        ),
        ({"role": "tool", "content": "18°"}, (Part(kind="tool_result", text="18°"),)),
        (
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]},
            (Part(kind="image", media_type="image/png", size=3),),
        ),
        (
            {"role": "user", "content": [{"type": "document", "document": {"data": "d"}}]},
            (Part(kind="file", text='{"data":"d"}'),),
        ),
        (
            {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]},
            (Part(kind="tool_call", name="f", text="{}"),),
        ),
    ],
)
def test_it_reads_every_kind_of_message(message: dict[str, Any], parts: tuple[Part, ...]) -> None:
    assert read(request={"messages": [message]}).input[0].parts == parts


def test_toxic_output_is_a_block() -> None:
    reading = read(a_reply(finish_reason="ERROR_TOXIC"))

    assert (reading.block_reasons, reading.block_source) == (("finish_reason=ERROR_TOXIC",), Source.COMPLETION)
    assert read(a_reply()).block_source is None


def test_an_error_reply_is_an_error() -> None:
    reading = read({"error_type": "TOO_MANY_TOKENS", "id": "c1", "message": "too many tokens"}, status=400)

    assert reading.error is not None
    assert (reading.error.code, reading.error.message, reading.complete) == ("TOO_MANY_TOKENS", "too many tokens", None)


def test_the_first_token_is_the_first_event_with_content() -> None:
    events = [
        a_delta("message-start", content=[]),
        a_delta("content-start", content={"text": ""}),
        a_delta("content-delta", content={"text": "x"}),
    ]
    arrivals = tuple(Arrival(len(event_stream(*events[: number + 1])), 1000 * number) for number in range(3))

    assert read(events=events, arrivals=arrivals).first_token_us == 2000


def test_a_reply_cut_in_two_is_not_complete() -> None:
    assert read(b'{"id": "c', ending=Ending.FAILED).complete is False


def test_it_knows_its_paths_and_its_shape() -> None:
    assert DIALECT.fits(a_transcript("/v2/chat", response=a_reply())) is Fit.BOTH
    assert DIALECT.fits(a_transcript("/v1/chat", events=[{"event_type": "stream-start"}])) is Fit.BOTH
    assert DIALECT.fits(a_transcript("/v1/generate")) is Fit.PATH
    assert DIALECT.fits(a_transcript("/mine", response=a_reply())) is Fit.SHAPE
    assert DIALECT.fits(a_transcript("/v1/chat/completions", response={"usage": {}})) is Fit.NO
    assert DIALECT.fits(a_transcript("/v2/chat", method="GET")) is Fit.NO


def test_a_question_becomes_a_request() -> None:
    assert DIALECT.ask is not None
    enquiry = DIALECT.ask(
        Question(model="command-a", prompt="p", system="s", max_output_tokens=5, temperature=0, parameters={"seed": 1})
    )

    assert (enquiry.path, enquiry.key_header) == ("/v2/chat", "authorization")
    assert enquiry.body == {
        "model": "command-a",
        "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "p"}],
        "stream": False,
        "max_tokens": 5,
        "temperature": 0,
        "seed": 1,
    }
    assert DIALECT.ask(Question(model="m", prompt="p", stream=True)).body == {
        "model": "m",
        "messages": [{"role": "user", "content": "p"}],
        "stream": True,
    }
