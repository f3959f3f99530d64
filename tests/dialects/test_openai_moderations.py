"""Moderations are verdicts on the prompt, and never blocks."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import Operation, Source
from audit.dialects import Fit, Question
from audit.dialects.openai_moderations import DIALECT
from tests.factories import a_transcript


def a_result(hate: bool, score: float) -> dict[str, Any]:
    return {
        "flagged": hate,
        "categories": {"hate": hate, "self-harm/intent": False},
        "category_scores": {"hate": score, "self-harm/intent": 0.0},
    }


def a_reply(*results: dict[str, Any]) -> dict[str, Any]:
    return {"id": "modr-1", "model": "omni-moderation-2024-09-26", "results": list(results)}


def test_each_category_is_a_finding() -> None:
    request = {"model": "omni-moderation-latest", "input": "I hate it"}
    reading = DIALECT.read(a_transcript("/v1/moderations", request=request, response=a_reply(a_result(True, 0.9))))

    assert (reading.operation, reading.complete) == (Operation.MODERATION, True)
    assert (reading.model_served, reading.response_id) == ("omni-moderation-2024-09-26", "modr-1")
    assert [(one.source, one.category, one.detected, one.filtered, one.score) for one in reading.findings] == [
        (Source.PROMPT, "hate", True, None, 0.9),
        (Source.PROMPT, "self-harm/intent", False, None, 0.0),
    ]
    assert (reading.block_source, reading.block_reasons, reading.usage) == (None, (), None)
    assert reading.input[0].text == "I hate it"


def test_of_several_inputs_the_gravest_counts() -> None:
    reply = a_reply(a_result(False, 0.1), a_result(True, 0.9), a_result(False, 0.2))
    hate = DIALECT.read(a_transcript("/v1/moderations", response=reply)).findings[0]

    assert (hate.detected, hate.score, hate.place) == (True, 0.9, "results[1].categories.hate")


def test_mistral_moderates_whole_chats() -> None:
    request = {"model": "m", "input": None, "messages": [{"role": "user", "content": "Hi"}]}
    reading = DIALECT.read(a_transcript("/v1/chat/moderations", request=request, response=a_reply()))

    assert [message.text for message in reading.input] == ["Hi"]
    assert reading.complete is None


def test_an_error_has_no_findings() -> None:
    reading = DIALECT.read(a_transcript("/v1/moderations", response={"error": {"code": "rate_limit"}}, status=429))

    assert reading.error is not None
    assert (reading.findings, reading.complete) == ((), None)


@pytest.mark.parametrize(
    ("path", "reply", "fit"),
    [
        ("/v1/moderations", a_reply(a_result(False, 0)), Fit.BOTH),
        ("/v1/moderations", None, Fit.PATH),
        ("/odd/route", a_reply(a_result(False, 0)), Fit.SHAPE),
        ("/odd/route", {"results": [{"index": 0, "relevance_score": 1}]}, Fit.NO),
    ],
)
def test_what_fits(path: str, reply: Any, fit: Fit) -> None:
    assert DIALECT.fits(a_transcript(path, response=reply)) is fit


def test_a_question_becomes_a_request() -> None:
    assert DIALECT.ask is not None
    enquiry = DIALECT.ask(Question(model="m", prompt="Hi"))

    assert (enquiry.path, enquiry.body) == ("/v1/moderations", {"model": "m", "input": "Hi"})
