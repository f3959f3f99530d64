"""Messages are told for display and search, binary content by its size alone."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import Message, Part
from audit.dialects._openai_messages import chat_message, content_parts, prompt_messages, request_messages


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("hello", [Part(kind="text", text="hello")]),
        ("", []),
        (None, []),
        ([{"type": "text", "text": "a"}, "b"], [Part(kind="text", text="a"), Part(kind="text", text="b")]),
        ({"age": 32}, [Part(kind="text", text='{"age":32}')]),
        ({"type": "text", "text": "a"}, [Part(kind="text", text="a")]),
        ([{"type": "refusal", "refusal": "no"}], [Part(kind="refusal", text="no")]),
        (
            [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "reasoning", "text": "so"}],
            [Part(kind="reasoning", text="hm"), Part(kind="reasoning", text="so")],
        ),
        (
            [{"type": "image_url", "image_url": {"url": "https://e.org/a.png"}}],
            [Part(kind="image", text="https://e.org/a.png")],
        ),
        (
            [{"type": "image_url", "image_url": "data:image/png;base64,AAAA"}],
            [Part(kind="image", media_type="image/png", size=3)],
        ),
        ([{"type": "input_image", "image_url": None, "file_id": "file-1"}], [Part(kind="image", text="file-1")]),
        (
            [{"type": "input_audio", "input_audio": {"data": "AAAAAA==", "format": "wav"}}],
            [Part(kind="audio", media_type="audio/wav", size=4)],
        ),
        (
            [{"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"}}],
            [Part(kind="file", media_type="application/pdf", size=3)],
        ),
        ([{"type": "file_url", "file_url": {"url": "A" * 400}}], [Part(kind="file", size=300)]),
        ([{"type": "document_url", "document_url": "https://e.org/a"}], [Part(kind="file", text="https://e.org/a")]),
        ([{"type": "input_file", "filename": "a.pdf"}], [Part(kind="file", text="a.pdf")]),
        ([{"type": "wonder", "text": "new"}], [Part(kind="wonder", text="new")]),
    ],
)
def test_parts_of_a_content(content: Any, parts: list[Part]) -> None:
    assert list(content_parts(content)) == parts


def test_an_assistants_message_has_its_thoughts_first_and_its_calls_last() -> None:
    message = {
        "role": "assistant",
        "content": "Let me see.",
        "reasoning": "hm",
        "reasoning_content": "hm",
        "refusal": "no",
        "tool_calls": [
            {"id": "1", "function": {"name": "add", "arguments": '{"a":1}'}},
            {"id": "2", "custom": {"name": "run", "input": "ls"}},
            {"id": "3", "function": {"name": "mul", "arguments": {"a": 2}}},
        ],
        "function_call": {"name": "old", "arguments": "{}"},
        "audio": {"data": "AAAA", "transcript": "spoken"},
        "images": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}],
    }

    assert chat_message(message) == (
        Message(
            role="assistant",
            parts=(
                Part(kind="reasoning", text="hm"),
                Part(kind="text", text="Let me see."),
                Part(kind="refusal", text="no"),
                Part(kind="tool_call", name="add", text='{"a":1}'),
                Part(kind="tool_call", name="run", text="ls"),
                Part(kind="tool_call", name="mul", text='{"a":2}'),
                Part(kind="tool_call", name="old", text="{}"),
                Part(kind="text", text="spoken"),
                Part(kind="audio", size=3),
                Part(kind="image", media_type="image/png", size=3),
            ),
        ),
    )


def test_reasoning_details_stand_in_for_reasoning() -> None:
    details = [{"type": "reasoning.text", "text": "first, "}, {"type": "reasoning.summary", "summary": "then"}]

    assert chat_message({"reasoning_details": [*details, {"type": "reasoning.encrypted", "data": "x"}]}) == (
        Message(role="user", parts=(Part(kind="reasoning", text="first, then"),)),
    )


def test_empty_calls_that_some_servers_send_are_none() -> None:
    assert (
        chat_message({"role": "assistant", "function_call": {"name": "", "arguments": ""}, "audio": {"data": ""}}) == ()
    )


@pytest.mark.parametrize("role", ["tool", "function"])
def test_a_tools_result_is_one_part(role: str) -> None:
    image = {"type": "image_url", "image_url": "https://e.org/a.png"}
    content = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}, image]

    messages = chat_message({"role": role, "name": "look", "content": content})

    assert messages == (
        Message(
            role="tool",
            parts=(Part(kind="tool_result", name="look", text="a\nb"), Part(kind="image", text="https://e.org/a.png")),
        ),
    )


@pytest.mark.parametrize(
    ("prompt", "texts"),
    [
        ("one", ["one"]),
        (["one", "two"], ["one", "two"]),
        ([1, 2, 3], ["3 tokens"]),
        ([[1, 2], [3]], ["2 tokens", "1 tokens"]),
        ([{"type": "text", "text": "part"}], ["part"]),
    ],
)
def test_prompts_are_texts_parts_or_tokens(prompt: Any, texts: list[str]) -> None:
    assert [part.text for message in prompt_messages({"prompt": prompt}) for part in message.parts] == texts
    assert request_messages({"prompt": prompt}) == prompt_messages({"prompt": prompt})


@pytest.mark.parametrize(
    "request_", [None, {}, {"messages": None}, {"prompt": None}, {"messages": [None, 3]}, {"prompt": []}]
)
def test_a_request_without_words(request_: Any) -> None:
    assert request_messages(request_) == ()
