"""Legacy completions are read like chats, but for their texts and prompts."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import Operation, Source
from audit.dialects import Fit, Question
from audit.dialects.openai_completions import DIALECT
from tests.factories import a_transcript

SAFE = {"hate": {"filtered": False, "severity": "safe"}}


def a_choice(text: str, index: int = 0, finish: str | None = "stop", **over: Any) -> dict[str, Any]:
    return {"text": text, "index": index, "finish_reason": finish, "logprobs": None, **over}


def test_several_prompts_give_several_choices() -> None:
    body = {
        "id": "cmpl-1",
        "object": "text_completion",
        "model": "babbage:2023-07-21-v2",
        "choices": [a_choice("b", 1, "length"), a_choice("a", 0, content_filter_results=SAFE)],
        "prompt_annotations": [{"prompt_index": index, "content_filter_results": SAFE} for index in (0, 1)],
        "usage": {"prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6},
    }
    request = {"model": "babbage-002", "prompt": ["one", [1, 2]]}
    reading = DIALECT.read(a_transcript("/v1/completions", request=request, response=body))

    assert reading.operation is Operation.TEXT_COMPLETION
    assert (reading.finish_reason, reading.finish_reasons, reading.complete) == ("stop", ("stop", "length"), True)
    assert [message.text for message in reading.output] == ["a", "b"]
    assert [part.text for part in reading.input[0].parts] == ["one", "2 tokens"]
    assert {(one.source, one.choice) for one in reading.findings} == {(Source.PROMPT, None), (Source.COMPLETION, 0)}


def test_a_stream_joins_its_texts() -> None:
    events: list[Any] = [{"choices": [a_choice("Hel", finish=None)]}, {"choices": [a_choice("lo")]}, "[DONE]"]
    reading = DIALECT.read(a_transcript("/v1/completions", events=events))

    assert [message.text for message in reading.output] == ["Hello"]
    assert (reading.complete, reading.finish_reason) == (True, "stop")


def test_writers_stream_has_values_and_no_end() -> None:
    reading = DIALECT.read(a_transcript("/v1/completions", events=[{"value": "Hel"}, {"value": "lo"}]))

    assert [message.text for message in reading.output] == ["Hello"]
    assert (reading.complete, reading.usage) == (None, None)


@pytest.mark.parametrize(
    ("path", "reply", "fit"),
    [
        ("/v1/completions", {"response": {"object": "text_completion"}}, Fit.BOTH),
        ("/v1/completions", {"response": {"error": "busy"}}, Fit.PATH),
        ("/v1/engines/ada/completions", {"response": {"choices": [{"text": "a"}]}}, Fit.BOTH),
        ("/odd/route", {"events": [{"choices": [{"text": "a"}]}]}, Fit.SHAPE),
        ("/v1/prompts/x/completions", {"response": {"object": "chat.completion"}}, Fit.NO),
        ("/v1/chat/completions", {"response": {"error": "busy"}}, Fit.NO),
        ("/v1/responses", {"response": {"object": "response"}}, Fit.NO),
    ],
)
def test_what_fits(path: str, reply: Any, fit: Fit) -> None:
    assert DIALECT.fits(a_transcript(path, **reply)) is fit


def test_a_question_becomes_a_request() -> None:
    assert DIALECT.ask is not None
    question = Question(model="m", prompt="Hi", system="Be brief.", max_output_tokens=9, temperature=0.0, stream=True)

    assert DIALECT.ask(question).body == {
        "model": "m",
        "prompt": "Be brief.\n\nHi",
        "max_tokens": 9,
        "temperature": 0.0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert DIALECT.ask(Question(model="m", prompt="Hi", parameters={"n": 2})).body == {
        "model": "m",
        "prompt": "Hi",
        "n": 2,
    }
