"""Parts of Google's contents, whole and in pieces."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import Message, Part
from tests.dialects.gemini_replies import (
    STREAM,
    a_candidate,
    a_reply,
    crlf_stream,
    read,
)


@pytest.mark.parametrize(
    ("part", "read_as"),
    [
        ("text", Part(kind="text", text="text")),
        ({"inlineData": {"mimeType": "image/png", "data": "AAAA"}}, Part(kind="image", media_type="image/png", size=3)),
        (
            {"inline_data": {"mime_type": "video/mp4", "data": "AA=="}},
            Part(kind="video", media_type="video/mp4", size=1),
        ),
        (
            {"fileData": {"mimeType": "application/pdf", "fileUri": "gs://b/f"}},
            Part(kind="file", media_type="application/pdf", text="gs://b/f"),
        ),
        (
            {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "AA"},
            Part(kind="tool_call", name="f", text='{"a":1}'),
        ),
        (
            {"function_response": {"name": "f", "response": {"output": 1}}},
            Part(kind="tool_result", name="f", text='{"output":1}'),
        ),
        ({"executableCode": {"code": "1+1"}}, Part(kind="tool_call", name="code_execution", text="1+1")),
        (
            {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "2"}},
            Part(kind="tool_result", name="code_execution", text="2"),
        ),
        (
            {"toolCall": {"tool_type": "GOOGLE_SEARCH", "args": {}}},
            Part(kind="tool_call", name="GOOGLE_SEARCH", text="{}"),
        ),
        ({"newThing": [1]}, Part(kind="newThing", text="[1]")),
    ],
)
def test_it_reads_every_kind_of_part(part: Any, read_as: Part) -> None:
    assert read(request={"contents": [{"parts": [part]}]}).input == (Message(role="user", parts=(read_as,)),)


def test_it_reads_a_system_instruction_and_contents_in_short_form() -> None:
    request = {"system_instruction": {"parts": {"text": "Obey"}}, "contents": "Hi"}

    assert [(message.role, message.text) for message in read(request=request).input] == [
        ("system", "Obey"),
        ("user", "Hi"),
    ]


def test_the_arguments_of_a_call_may_come_in_pieces() -> None:
    def piece(**call: Any) -> dict[str, Any]:
        return a_reply(a_candidate({"functionCall": call}, finish=None))

    reading = read(
        path=STREAM,
        **crlf_stream(
            piece(name="cook", willContinue=True),
            piece(partialArgs=[{"jsonPath": "$.dish", "stringValue": "Las", "willContinue": True}]),
            piece(partialArgs=[{"jsonPath": "$.dish", "stringValue": "agne"}, {"jsonPath": "$.for", "numberValue": 2}]),
            piece(),
            piece(name="eat", args={}),
        ),
    )

    assert reading.output[0].parts == (
        Part(kind="tool_call", name="cook", text='{"$.dish":"Lasagne","$.for":2}'),
        Part(kind="tool_call", name="eat", text="{}"),
    )
