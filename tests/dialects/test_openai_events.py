"""The events of a stream tell a response, whole or as far as they came."""

from __future__ import annotations

from typing import Any

import pytest

from audit.dialects._openai_events import ToldResponse, assembled, bears_content
from tests.factories import a_transcript


def the_response(*events: Any) -> ToldResponse:
    return assembled(a_transcript(events=events).frames or ())


@pytest.mark.parametrize("end", ["completed", "incomplete", "failed", "cancelled", "done"])
def test_the_terminal_event_ends_it(end: str) -> None:
    told = the_response(
        {"type": "response.created", "response": {"id": "r", "model": "m", "status": "in_progress", "usage": None}},
        {"type": f"response.{end}", "response": {"id": "", "model": "", "status": end, "usage": {"total_tokens": 1}}},
    )

    assert told.ended == end
    assert [told.body[name] for name in ("id", "model", "status")] == ["r", "m", end]
    assert told.body["usage"] == {"total_tokens": 1}


def test_a_status_on_the_way_is_no_finish() -> None:
    told = the_response({"type": "response.queued", "response": {"status": "queued"}})

    assert (told.ended, told.body.get("status")) == (None, None)


def test_an_item_that_was_done_replaces_its_pieces() -> None:
    done = {"type": "message", "content": [{"type": "output_text", "text": "Hello!"}]}
    told = the_response(
        {"type": "response.output_text.delta", "output_index": 0, "delta": "Hel"},
        {"type": "response.output_item.done", "output_index": 0, "item": done},
    )

    assert told.body["output"] == [done]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (
            "output_text",
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "ab", "refusal": "ab"}],
            },
        ),
        (
            "refusal",
            {"type": "message", "role": "assistant", "content": [{"type": "refusal", "text": "ab", "refusal": "ab"}]},
        ),
        ("reasoning_text", {"type": "reasoning", "summary": [{"text": "ab"}]}),
        ("custom_tool_call_input", {"type": "function_call", "arguments": "ab"}),
    ],
)
def test_pieces_of_an_item_that_was_never_announced(kind: str, expected: dict[str, Any]) -> None:
    pieces = [{"type": f"response.{kind}.delta", "output_index": 0, "delta": piece} for piece in ("a", None, "b")]

    assert the_response(*pieces).body["output"] == [expected]


def test_events_may_be_anything() -> None:
    assert the_response("x", {"type": 3}, {"type": "response.new_thing"}, {"response": []}).body["output"] == []


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"type": "response.output_text.delta", "delta": "a"}, True),
        ({"type": "response.image_generation_call.partial_image"}, True),
        ({"type": "response.output_text.delta", "delta": ""}, False),
        ({"type": "response.created"}, False),
        (None, False),
    ],
)
def test_what_bears_content(event: Any, expected: bool) -> None:
    assert bears_content(event) is expected
