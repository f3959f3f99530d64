"""Anthropic's figures that stand outside the sums."""

from __future__ import annotations

from typing import Any

import pytest

from audit.dialects._anthropic import read_answer

MESSAGE = {"type": "message", "input_tokens": 10, "output_tokens": 5}
ADVISOR = {"type": "advisor_message", "model": "claude-x", "input_tokens": 2564, "output_tokens": 99}
COMPACTION = {"type": "compaction", "input_tokens": 180_000, "output_tokens": None}


@pytest.mark.parametrize(
    ("iterations", "notes"),
    [
        ([MESSAGE, MESSAGE], ()),
        ([MESSAGE, ADVISOR, MESSAGE], ("usage: advisor_message used 2663 tokens, in usage.iterations",)),
        ([COMPACTION, ADVISOR], ("usage: compaction, advisor_message used 182663 tokens, in usage.iterations",)),
        ([None, {}], ()),
        (None, ()),
    ],
)
def test_other_models_work_on_the_way_is_noted_and_not_added(iterations: Any, notes: tuple[str, ...]) -> None:
    usage = {"input_tokens": 20, "output_tokens": 10, "iterations": iterations}
    answer = read_answer({"type": "message", "content": [], "usage": usage}, None)

    assert answer.notes == notes
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (20, 10)
