"""What people and models say to each other in Anthropic's format: every kind of block."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import Message, Part
from audit.dialects.anthropic_messages import DIALECT
from tests.factories import a_transcript


def read(request: Any) -> tuple[Message, ...]:
    """Return what is asked."""
    return DIALECT.read(a_transcript("/v1/messages", request=request)).input


@pytest.mark.parametrize(
    ("block", "parts"),
    [
        ("plain", (Part(kind="text", text="plain"),)),
        ({"text": "untyped"}, (Part(kind="text", text="untyped"),)),
        ({"type": "thinking", "thinking": "hm"}, (Part(kind="reasoning", text="hm"),)),
        ({"type": "redacted_thinking", "data": "AAAA"}, (Part(kind="reasoning", size=3),)),
        (
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAAAAE="}},
            (Part(kind="image", media_type="image/png", size=5),),
        ),
        (
            {"type": "image", "source": {"type": "url", "url": "https://e.com/i.png"}},
            (Part(kind="image", text="https://e.com/i.png"),),
        ),
        ({"type": "document", "source": {"type": "file", "file_id": "f1"}}, (Part(kind="file", text="f1"),)),
        (
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "words"}},
            (Part(kind="file", media_type="text/plain", text="words"),),
        ),
        (
            {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "in"}]}},
            (Part(kind="text", text="in"),),
        ),
        ({"type": "container_upload", "file_id": "f2"}, (Part(kind="file", text="f2"),)),
        (
            {"type": "server_tool_use", "name": "web_search", "input": {"q": "x"}},
            (Part(kind="tool_call", name="web_search", text='{"q":"x"}'),),
        ),
        ({"type": "tool_result", "content": "18°"}, (Part(kind="tool_result", text="18°"),)),
        (
            {
                "type": "tool_result",
                "content": [
                    {"type": "text", "text": "see"},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                ],
            },
            (Part(kind="tool_result", text="see"), Part(kind="image", media_type="image/png", size=3)),
        ),
        (
            {
                "type": "web_search_tool_result",
                "content": [
                    {"type": "web_search_result", "title": "T", "url": "https://e.com", "encrypted_content": "A"}
                ],
            },
            (Part(kind="tool_result", text="T\nhttps://e.com"),),
        ),
        (
            {
                "type": "bash_code_execution_tool_result",
                "content": {"type": "bash_code_execution_result", "stdout": "1", "stderr": "", "return_code": 0},
            },
            (Part(kind="tool_result", text="1"),),
        ),
        ({"type": "compaction", "content": "short"}, (Part(kind="compaction", text="short"),)),
        ({}, (Part(kind="unknown"),)),
        (7, (Part(kind="unknown"),)),
    ],
)
def test_it_reads_every_kind_of_block(block: Any, parts: tuple[Part, ...]) -> None:
    messages = read({"messages": [{"role": "user", "content": [block]}]})

    assert messages == (Message(role="user", parts=parts),)


def test_it_reads_a_system_prompt_of_blocks() -> None:
    request = {"system": [{"type": "text", "text": "Be brief."}], "messages": [{"role": "user", "content": "Hi"}]}

    assert [(message.role, message.text) for message in read(request)] == [
        ("system", "Be brief."),
        ("user", "Hi"),
    ]
