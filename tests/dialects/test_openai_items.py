"""Items of the Responses API become messages."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import Message, Part
from audit.dialects._openai_items import input_messages, output_messages, refused


def the_part(item: Any) -> Part:
    messages = output_messages([item])
    assert [message.role for message in messages] == ["assistant"]
    assert len(messages[0].parts) == 1
    return messages[0].parts[0]


@pytest.mark.parametrize(
    ("item", "part"),
    [
        ({"type": "function_call", "name": "add", "arguments": "{}"}, Part(kind="tool_call", name="add", text="{}")),
        ({"type": "custom_tool_call", "name": "run", "input": "ls"}, Part(kind="tool_call", name="run", text="ls")),
        (
            {"type": "web_search_call", "action": {"type": "search", "query": "q"}},
            Part(kind="tool_call", name="web_search", text='{"type":"search","query":"q"}'),
        ),
        (
            {"type": "file_search_call", "queries": ["q"], "results": None},
            Part(kind="tool_call", name="file_search", text='["q"]'),
        ),
        ({"type": "code_interpreter_call", "code": "1+1"}, Part(kind="tool_call", name="code_interpreter", text="1+1")),
        ({"type": "reasoning", "summary": [{"text": "hm"}]}, Part(kind="reasoning", text="hm")),
        ({"type": "reasoning", "content": [{"text": "so"}]}, Part(kind="reasoning", text="so")),
        (
            {"type": "image_generation_call", "result": "AAAA", "output_format": "webp"},
            Part(kind="image", media_type="image/webp", size=3),
        ),
        ({"type": "image_generation_call", "revised_prompt": "a cat"}, Part(kind="text", text="a cat")),
        ({"type": "item_of_tomorrow"}, Part(kind="item_of_tomorrow")),
        ({"content": [{"type": "output_text", "text": "Hi"}]}, Part(kind="text", text="Hi")),
    ],
)
def test_what_the_model_did(item: Any, part: Part) -> None:
    assert the_part(item) == part


def test_a_call_that_has_its_result_with_it() -> None:
    item = {"type": "mcp_call", "name": "look", "arguments": "{}", "output": "found"}

    assert output_messages([item])[0].parts == (
        Part(kind="tool_call", name="look", text="{}"),
        Part(kind="tool_result", name="look", text="found"),
    )


def test_all_that_the_model_did_in_a_row_is_one_message() -> None:
    output = [
        {"type": "reasoning", "summary": [{"text": "hm"}]},
        {"type": "message", "role": "assistant", "content": "Hi"},
    ]

    assert output_messages(output) == (
        Message(role="assistant", parts=(Part(kind="reasoning", text="hm"), Part(kind="text", text="Hi"))),
    )


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ("40 C", "40 C"),
        (
            [{"type": "input_text", "text": "a"}, {"type": "input_image", "image_url": "data:image/png;base64,AAAA"}],
            "a\n[image]",
        ),
        ({"a": 1}, '{"a":1}'),
        (None, ""),
    ],
)
def test_a_tools_result_is_text(output: Any, text: str) -> None:
    request = {"input": [{"type": "function_call_output", "output": output}]}

    assert input_messages(request) == (Message(role="tool", parts=(Part(kind="tool_result", text=text),)),)


@pytest.mark.parametrize(
    "request_", [None, {}, {"input": None}, {"input": [None, 3, {"role": "user"}]}, {"instructions": []}]
)
def test_a_request_without_words(request_: Any) -> None:
    assert input_messages(request_) == ()


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ([{"content": [{"type": "refusal", "refusal": "no"}]}], True),
        ([{"content": [{"type": "refusal", "refusal": ""}]}], False),
        ([{"content": [{"type": "output_text", "text": "yes"}]}, None], False),
        (None, False),
    ],
)
def test_a_refusal_is_a_part_of_a_message(output: Any, expected: bool) -> None:
    assert refused(output) is expected
