"""ApplyGuardrail, a guardrail without a model."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import Ending, Operation, Source
from audit.dialects._dialect import Fit
from audit.dialects.bedrock_guardrail import DIALECT
from tests.factories import a_transcript

PATH = "/guardrail/g1/version/DRAFT/apply"
EMAIL = {"type": "EMAIL", "action": "BLOCKED", "detected": True}


def a_verdict(action: str = "GUARDRAIL_INTERVENED", **over: Any) -> dict[str, Any]:
    assessment = {"sensitiveInformationPolicy": {"piiEntities": [EMAIL]}, "wordPolicy": None}
    return {"action": action, "assessments": [assessment], "outputs": [{"text": "Sorry."}], **over}


@pytest.mark.parametrize(
    ("side", "source", "role"),
    [("INPUT", Source.PROMPT, "user"), ("OUTPUT", Source.COMPLETION, "assistant")],
)
def test_it_judges_the_side_it_was_asked_about(side: str, source: Source, role: str) -> None:
    request = {"source": side, "content": [{"text": {"text": "Mail me"}}]}
    transcript = a_transcript(PATH, request=request, response=a_verdict())
    reading = DIALECT.read(transcript)

    assert DIALECT.fits(transcript) is Fit.BOTH
    assert (reading.operation, reading.complete, reading.usage) == (Operation.GUARDRAIL, True, None)
    assert (reading.findings[0].source, reading.block_source) == (source, source)
    assert reading.block_reasons == ("action=GUARDRAIL_INTERVENED", f"{source}.pii:EMAIL.filtered")
    assert [(message.role, message.text) for message in reading.input] == [(role, "Mail me")]
    assert [(message.role, message.text) for message in reading.output] == [("guardrail", "Sorry.")]


def test_no_action_is_no_block() -> None:
    reading = DIALECT.read(a_transcript(PATH, response=a_verdict("NONE", assessments=[])))

    assert (reading.block_source, reading.findings) == (None, ())


@pytest.mark.parametrize(
    ("over", "complete"),
    [({"response": b'{"act', "ending": Ending.FAILED}, False), ({"response": {"message": "No"}, "status": 403}, None)],
)
def test_it_says_whether_the_reply_came_whole(over: dict[str, Any], complete: bool | None) -> None:
    assert DIALECT.read(a_transcript(PATH, **over)).complete is complete


def test_it_knows_its_path_and_its_verdict() -> None:
    assert DIALECT.fits(a_transcript(PATH)) is Fit.PATH
    assert DIALECT.fits(a_transcript("/mine", response=a_verdict())) is Fit.SHAPE
    assert DIALECT.fits(a_transcript("/mine", response=["action"])) is Fit.NO
