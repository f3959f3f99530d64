"""Figures, names and finish reasons are found by the words that most formats share."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import Usage
from audit.dialects._gleanings import Gleanings, glean


@pytest.mark.parametrize(
    ("figures", "usage"),
    [
        (
            {"usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}},
            Usage(input_tokens=1, output_tokens=2, total_tokens=3),
        ),
        ({"results": [{"input_token_count": 1, "generated_token_count": 2}]}, Usage(input_tokens=1, output_tokens=2)),
        (
            {"result": {"usage": {"inputTokens": 1, "cachedInputTokens": 0}}},
            Usage(input_tokens=1, cached_input_tokens=0),
        ),
        ({"usage": {"cache_creation_input_tokens": 4}}, Usage(cache_write_tokens=4)),
        ({"usage": {"outputTokens": 9, "reasoningTokens": 4}}, Usage(output_tokens=9, reasoning_tokens=4)),
        (
            {"usage": {"outputTokens": 3, "reasoningTokens": 4}},
            Usage(output_tokens=3, reasoning_tokens=4, output_includes_reasoning=False),
        ),
        ({"usage": {"prompt_tokens": None}}, None),
        ({"content": {"usage": {"prompt_tokens": 1}}}, None),
        ([{"usage": {"prompt_tokens": 1}}], Usage(input_tokens=1)),
        (None, None),
    ],
)
def test_figures_are_found_wherever_they_stand_but_in_what_was_written(figures: Any, usage: Usage | None) -> None:
    assert glean([figures]).usage == usage


def test_of_a_stream_the_last_word_counts() -> None:
    pieces = [
        {"model": "m", "output": {"finish_reason": "null"}, "usage": {"input_tokens": 1, "output_tokens": 9}},
        {"output": {"finish_reason": "stop"}, "usage": {"output_tokens": 4, "input_tokens": None}},
        "noise",
    ]
    assert glean(pieces) == Gleanings(model="m", finish_reason="stop", usage=Usage(input_tokens=1, output_tokens=4))


def test_what_stands_nearer_the_top_counts() -> None:
    reply = {"model": "served", "steps": [{"model": "helper", "stop_reason": "tool"}], "stop_reason": "end"}
    told = glean([reply])
    assert (told.model, told.finish_reason) == ("served", "end")


def test_structures_that_have_no_end_are_left_alone() -> None:
    deep: Any = {"usage": {"prompt_tokens": 1}}
    for _ in range(10_000):
        deep = {"x": deep}
    assert glean([deep]) == Gleanings(model=None, finish_reason=None, usage=None)
