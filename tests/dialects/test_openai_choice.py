"""A streamed choice is put together piece by piece, as servers send them."""

from __future__ import annotations

from typing import Any

import pytest

from audit.dialects._openai_choice import OpenChoice


def the_message(*choices: dict[str, Any]) -> dict[str, Any]:
    choice = OpenChoice(0)
    for piece in choices:
        choice.add(piece)
    message = choice.whole()["message"]
    assert isinstance(message, dict)
    return message


def delta(**members: Any) -> dict[str, Any]:
    return {"index": 0, "delta": members}


def call(index: int | None, name: str | None, arguments: str, key: str | None = None) -> dict[str, Any]:
    return delta(tool_calls=[{"index": index, "id": key, "function": {"name": name, "arguments": arguments}}])


def test_text_comes_in_pieces() -> None:
    message = the_message(delta(role="assistant", content=""), delta(content="Hel"), delta(content="lo"), delta())

    assert (message["role"], message["content"]) == ("assistant", [{"type": "text", "text": "Hello"}])


def test_a_message_repeated_whole_at_the_end_is_not_said_twice() -> None:
    message = the_message(
        delta(content="Hello"), {"index": 0, "message": {"content": "Hello"}, "finish_reason": "stop"}
    )

    assert message["content"] == [{"type": "text", "text": "Hello"}]


def test_a_message_that_comes_whole_alone_is_taken() -> None:
    assert the_message({"message": {"content": "Hello"}})["content"] == [{"type": "text", "text": "Hello"}]


def test_an_annotation_with_neither_delta_nor_message_changes_nothing() -> None:
    choice = OpenChoice(0)
    choice.add({"index": 0, "delta": {"content": "Hi"}, "finish_reason": "stop"})
    choice.add({"index": 0, "finish_reason": None, "content_filter_results": {}})

    assert choice.whole()["finish_reason"] == "stop"


def test_content_may_come_as_parts() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://e.org/a.png"}}
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    message = the_message(delta(content=[thought]), delta(content=[{"type": "text", "text": "Hi"}, image]))

    assert message["reasoning_content"] == "hm"
    assert message["content"] == [{"type": "text", "text": "Hi"}, image]


@pytest.mark.parametrize(
    "pieces",
    [
        [delta(reasoning_content="a"), delta(reasoning_content="b")],
        [delta(reasoning="a", reasoning_details=[{"text": "a"}]), delta(reasoning="b", reasoning_content="b")],
        [delta(reasoning_details=[{"text": "a"}, {"summary": "b"}])],
    ],
)
def test_reasoning_has_several_names_and_is_said_once(pieces: list[dict[str, Any]]) -> None:
    assert the_message(*pieces)["reasoning_content"] == "ab"


@pytest.mark.parametrize(
    "pieces",
    [
        [call(0, "add", "", "k0"), call(0, None, "{}"), call(1, "mul", "", "k1"), call(1, None, "[]")],
        [call(0, "add", "{}", "k0"), call(0, "mul", "[]", "k1")],
        [call(None, "add", "{", "k0"), call(None, None, "}"), call(None, "mul", "[]", "k1")],
        [call(None, "add", "{}"), call(None, "mul", "[]")],
        [call(0, "add", "{", "k0"), call(0, "add", "}", "k0"), call(1, "mul", "[", "k1"), call(1, "mul", "]")],
    ],
    ids=["by index", "same index, ids differ", "no index", "no index, no id", "name repeated"],
)
def test_pieces_of_calls_find_together(pieces: list[dict[str, Any]]) -> None:
    calls = [one["function"] for one in the_message(*pieces)["tool_calls"]]

    assert calls == [{"name": "add", "arguments": "{}"}, {"name": "mul", "arguments": "[]"}]


def test_the_old_function_call_and_arguments_as_an_object() -> None:
    old = the_message(delta(function_call={"name": "add", "arguments": ""}), delta(function_call={"arguments": "{}"}))
    whole = the_message(delta(tool_calls=[{"function": {"name": "add", "arguments": {"a": 1}}}]))

    assert old["tool_calls"] == [{"function": {"name": "add", "arguments": "{}"}}]
    assert whole["tool_calls"] == [{"function": {"name": "add", "arguments": '{"a":1}'}}]


def test_refusals_sound_and_errors() -> None:
    choice = OpenChoice(1)
    choice.add({"delta": {"refusal": "I can"}, "error": {"code": 502}})
    choice.add({"delta": {"refusal": "not", "audio": {"transcript": "la"}, "images": [{"type": "image_url"}]}})
    whole = choice.whole()

    assert (whole["index"], whole["error"], whole["message"]["refusal"]) == (1, {"code": 502}, "I cannot")
    assert whole["message"]["audio"] == {"transcript": "la"}
    assert whole["message"]["content"][1:] == [{"type": "image_url"}]
