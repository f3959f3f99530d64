"""Google's Interactions: in one piece, streamed, in the background."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import Arrival, Ending, Message, Operation, Part, Reading
from audit.dialects._dialect import Fit
from audit.dialects.gemini_interactions import DIALECT
from tests.factories import a_transcript, event_stream

PATH = "/v1beta/interactions"
USAGE = {
    "total_tokens": 229,
    "total_input_tokens": 9,
    "total_output_tokens": 13,
    "total_thought_tokens": 207,
    "total_cached_tokens": 0,
    "total_tool_use_tokens": 0,
}


def read(response: Any = None, *, path: str = PATH, **over: Any) -> Reading:
    return DIALECT.read(a_transcript(path, response=response, **over))


def an_interaction(**over: Any) -> dict[str, Any]:
    plain = {
        "id": "v1_x",
        "object": "interaction",
        "status": "completed",
        "model": "gemini-2.5-flash",
        "created": "2026-05-13T19:57:40Z",
        "usage": USAGE,
        "service_tier": "standard",
    }
    return {**plain, **over}


def test_it_reads_an_answer_in_steps() -> None:
    steps = [
        {"type": "thought", "signature": "AA", "summary": [{"type": "text", "text": "hm"}]},
        {"type": "model_output", "content": [{"type": "text", "text": "Hello"}]},
    ]
    reading = read(an_interaction(steps=steps), request={"model": "gemini-2.5-flash", "input": "Hi"})

    assert (reading.operation, reading.model_served, reading.response_id) == (
        Operation.CHAT,
        "gemini-2.5-flash",
        "v1_x",
    )
    assert (reading.finish_reason, reading.complete) == ("completed", True)
    assert reading.provider_created_at is not None
    assert reading.input == (Message(role="user", parts=(Part(kind="text", text="Hi"),)),)
    assert reading.output[0].parts == (Part(kind="reasoning", text="hm"), Part(kind="text", text="Hello"))
    assert reading.usage is not None
    assert (reading.usage.input_tokens, reading.usage.all_output_tokens, reading.usage.total_tokens) == (9, 220, 229)


@pytest.mark.parametrize(
    ("piece", "part"),
    [
        (
            {"type": "function_call", "name": "f", "arguments": {"a": 1}},
            Part(kind="tool_call", name="f", text='{"a":1}'),
        ),
        ({"type": "google_search_call", "arguments": {}}, Part(kind="tool_call", name="google_search_call", text="{}")),
        ({"type": "function_result", "name": "f", "result": "1"}, Part(kind="tool_result", name="f", text="1")),
        (
            {"type": "image", "mime_type": "image/png", "data": "AAAA"},
            Part(kind="image", media_type="image/png", size=3),
        ),
        ({"type": "document", "uri": "https://e.com/d"}, Part(kind="file", text="https://e.com/d")),
        ("words", Part(kind="text", text="words")),
    ],
)
def test_it_reads_every_kind_of_output(piece: Any, part: Part) -> None:
    assert read(an_interaction(outputs=[piece])).output[0].parts == (part,)


def test_an_input_may_be_a_conversation_or_a_single_piece() -> None:
    turns = [{"role": "user", "content": "a"}, {"role": "model", "content": [{"type": "text", "text": "b"}]}]
    talk = read(request={"system_instruction": "Obey", "input": turns}).input
    piece = read(request={"input": {"type": "text", "text": "c"}}).input

    assert [(message.role, message.text) for message in talk] == [("system", "Obey"), ("user", "a"), ("assistant", "b")]
    assert piece[0].text == "c"


def test_a_run_in_the_background_answers_later_in_another_exchange() -> None:
    begun = read({"id": "v1_x", "status": "in_progress", "agent": "deep-research"}, request={"agent": "deep-research"})
    later = read(an_interaction(), path=f"{PATH}/v1_x", method="GET")

    assert (begun.complete, begun.usage, begun.model_requested, begun.model_served) == (
        False,
        None,
        "deep-research",
        "deep-research",
    )
    assert later.operation is Operation.RETRIEVE


def test_it_puts_a_stream_together() -> None:
    events = [
        {"event_type": "interaction.created", "interaction": {"id": "v1_x", "model": "m", "status": "in_progress"}},
        {"event_type": "step.start", "step": {"type": "model_output"}},
        {"event_type": "step.delta", "delta": {"type": "thought_summary", "content": {"type": "text", "text": "hm"}}},
        {"event_type": "step.delta", "delta": {"type": "text", "text": "Hel"}},
        {"event_type": "step.delta", "delta": {"type": "text", "text": "lo"}},
        {"event_type": "step.start", "step": {"type": "function_call", "name": "f", "arguments": {}}},
        {"event_type": "interaction.completed", "interaction": {"status": "completed", "usage": USAGE}},
    ]
    arrivals = tuple(Arrival(len(event_stream(*events[: number + 1])), number * 1000) for number in range(len(events)))
    reading = read(events=events, arrivals=arrivals)

    assert (reading.streamed, reading.complete, reading.response_id) == (True, True, "v1_x")
    assert reading.output[0].parts == (
        Part(kind="reasoning", text="hm"),
        Part(kind="text", text="Hello"),
        Part(kind="tool_call", name="f", text="{}"),
    )
    assert reading.first_token_us == 2000
    assert reading.usage is not None
    assert read(events=events[:4]).complete is False


@pytest.mark.parametrize(("over", "complete"), [({"ending": Ending.FAILED, "status": None}, False), ({}, None)])
def test_without_a_status_it_does_not_say_whether_it_is_complete(over: dict[str, Any], complete: bool | None) -> None:
    assert read(**over).complete is complete


def test_it_knows_its_path_and_its_object() -> None:
    assert DIALECT.fits(a_transcript(PATH, response=an_interaction())) is Fit.BOTH
    assert DIALECT.fits(a_transcript(f"{PATH}/v1_x", method="GET")) is Fit.PATH
    assert DIALECT.fits(a_transcript("/elsewhere", response=an_interaction())) is Fit.SHAPE
    assert DIALECT.fits(a_transcript("/elsewhere")) is Fit.NO
