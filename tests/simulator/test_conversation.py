from __future__ import annotations

from typing import Any

import pytest

from audit.simulator.conversation import json_object, said, tools_of, whole


def test_the_last_message_is_the_prompt_and_all_text_counts() -> None:
    given = said(
        [{"role": "user", "content": "one"}, {"role": "assistant", "content": [{"text": "two"}, {"text": "three"}]}],
        "sys",
    )

    assert given.prompt == "two\nthree"
    assert given.text.split() == ["sys", "one", "two", "three"]
    assert (given.messages, given.tokens) == (3, 5 + 3 * 4)


def test_calls_and_results_count_but_are_no_prompt() -> None:
    call = {"role": "assistant", "content": None, "tool_calls": [{"function": {"arguments": "args"}}]}
    result = {"role": "user", "content": [{"toolResult": {"content": [{"text": "rain"}]}}]}

    assert said([call]).text == "args"
    assert (said([result]).prompt, said([result]).text) == ("", "rain")


def test_pictures_cost_tokens() -> None:
    content = [{"type": "image_url"}, {"inlineData": {}}, {"type": "text", "text": "hi"}]

    assert said([{"content": content}]).tokens == 1 + 4 + 2 * 85


@pytest.mark.parametrize("messages", [None, 5, [], [None], [[]], "text", [{}]])
def test_what_is_no_message_does_no_harm(messages: Any) -> None:
    assert said(messages).prompt in ("", "text")


def test_tools_are_found_in_three_spellings() -> None:
    schema = {"type": "object"}
    offered = [
        {"type": "function", "function": {"name": "a", "parameters": schema}},
        {"name": "b", "parameters": schema},
        {"toolSpec": {"name": "c", "parameters": {"json": schema}}},
        {"type": "web_search"},
        "nonsense",
    ]

    tools = tools_of(offered, "parameters")

    assert [tool.name for tool in tools] == ["a", "b", "c"]
    assert all(tool.parameters == schema for tool in tools)
    assert tools_of({"not": "a list"}, "parameters") == ()


def test_values_of_the_wrong_kind_are_none() -> None:
    assert [whole(value) for value in (3, 0, -1, True, "3", None, 1.5)] == [3, 0, None, None, None, None, None]
    assert json_object([1]) == {}
