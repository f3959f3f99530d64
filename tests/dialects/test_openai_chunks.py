"""The chunks of a stream make up what the same reply in one piece would be."""

from __future__ import annotations

from typing import Any

import pytest

from audit.dialects._openai_chunks import assembled, bears_content
from tests.factories import a_transcript


def the_reply(*chunks: Any) -> dict[str, Any]:
    return assembled(a_transcript(events=chunks).frames or ())


def test_names_that_are_empty_or_null_change_nothing() -> None:
    reply = the_reply(
        {"id": "", "model": "", "created": 0, "choices": []},
        {"id": "c1", "model": "m1", "created": 7, "service_tier": "default"},
        {"id": "c1", "model": "m2", "created": 7, "service_tier": None},
        {"id": "", "model": "", "created": 0},
    )

    assert [reply[name] for name in ("id", "model", "created", "service_tier")] == ["c1", "m2", 7, "default"]


@pytest.mark.parametrize(
    "last",
    [
        {"usage": {"prompt_tokens": 4, "completion_tokens": 2}},
        {"x_groq": {"usage": {"prompt_tokens": 4, "completion_tokens": 2}}, "usage": None},
        {"choices": [{"index": 0, "delta": {}, "usage": {"prompt_tokens": 4, "completion_tokens": 2}}]},
    ],
    ids=["everyone's", "Groq's", "Moonshot's"],
)
def test_the_last_figure_that_is_there_counts_even_when_it_is_smaller(last: dict[str, Any]) -> None:
    reply = the_reply(
        {"usage": {"prompt_tokens": 9, "total_tokens": 10, "completion_tokens": 1}}, last, {"usage": None}
    )

    assert reply["usage"] == {"prompt_tokens": 4, "total_tokens": 10, "completion_tokens": 2}


def test_choices_are_sorted_and_those_without_index_go_by_place() -> None:
    reply = the_reply({"choices": [{"delta": {"content": "a"}}, None, {"index": 1, "text": "b"}]}, {"choices": "none"})

    assert [(one["index"], one["message"]["content"][0]["text"]) for one in reply["choices"]] == [(0, "a"), (1, "b")]


def test_what_is_no_object_is_passed_over() -> None:
    assert the_reply("[DONE]", "not json")["choices"] == []


@pytest.mark.parametrize(
    ("chunk", "expected"),
    [
        ({"choices": [{"text": "a"}]}, True),
        ({"value": "a"}, True),
        ({"choices": [{"message": {"content": "a"}}]}, True),
        ({"choices": [{"text": ""}]}, False),
        ({"choices": [{"index": 0, "finish_reason": "stop"}]}, False),
        ({"choices": []}, False),
        (None, False),
    ],
)
def test_what_bears_content(chunk: Any, expected: bool) -> None:
    assert bears_content(chunk) is expected
