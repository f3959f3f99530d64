"""Google's ratings, and what is withheld on either side."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import Finding, Part, Reading, Source
from tests.dialects.gemini_replies import (
    STREAM,
    VERTEX,
    a_candidate,
    a_reply,
    crlf_stream,
    read,
)

NEGLIGIBLE = {"category": "HARM_CATEGORY_HARASSMENT", "probability": "NEGLIGIBLE"}


def the_finding(reading: Reading) -> Finding:
    assert len(reading.findings) == 1
    return reading.findings[0]


@pytest.mark.parametrize(
    "finish",
    ["SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "MODEL_ARMOR", "ESCALATION"],
)
def test_a_safety_finish_is_a_block_of_the_completion(finish: str) -> None:
    reading = read(a_reply(a_candidate(finish=finish, finishMessage="Withheld.")))

    assert reading.block_source is Source.COMPLETION
    assert reading.block_reasons == (f"candidates[0].finishReason={finish}",)
    assert reading.output[-1].parts == (Part(kind="refusal", text="Withheld."),)


@pytest.mark.parametrize("finish", ["STOP", "MAX_TOKENS", "OTHER", "LANGUAGE", "NO_IMAGE", "MALFORMED_FUNCTION_CALL"])
def test_any_other_finish_is_none(finish: str) -> None:
    reading = read(a_reply(a_candidate(finish=finish, finishMessage="Done.")))

    assert (reading.block_source, reading.block_reasons, reading.output) == (None, (), ())


@pytest.mark.parametrize("reason", ["SAFETY", "OTHER", "MODEL_ARMOR", "JAILBREAK", "SOMETHING_NEW"])
def test_a_blocked_prompt_has_no_candidates_and_is_complete(reason: str) -> None:
    feedback = {"blockReason": reason, "blockReasonMessage": "Not this."}
    reading = read({"promptFeedback": feedback, "usageMetadata": {"trafficType": "ON_DEMAND"}})

    assert reading.block_source is Source.PROMPT
    assert reading.block_reasons == (f"promptFeedback.blockReason={reason}",)
    assert (reading.complete, reading.finish_reason, reading.usage) == (True, None, None)
    assert reading.output[0].parts == (Part(kind="refusal", text="Not this."),)


def test_a_block_reason_by_number_is_named() -> None:
    body = {"promptFeedback": {"blockReason": 5}}

    assert read(body, path=VERTEX).block_reasons == ("promptFeedback.blockReason=MODEL_ARMOR",)
    assert read({"promptFeedback": {"blockReason": 0}}).block_source is None


@pytest.mark.parametrize("feedback", [{}, {"safetyRatings": [NEGLIGIBLE]}, {"blockReasonMessage": "?"}])
def test_feedback_without_a_reason_is_no_block(feedback: dict[str, Any]) -> None:
    reading = read({"candidates": [], "promptFeedback": feedback})

    assert (reading.block_source, reading.complete) == (None, None)


def test_ratings_say_what_and_how_likely_and_how_grave() -> None:
    rating = {
        "category": "HARM_CATEGORY_HARASSMENT",
        "probability": "LOW",
        "probabilityScore": 0.25,
        "severity": "HARM_SEVERITY_MEDIUM",
        "severityScore": 0.5,
        "overwrittenThreshold": "BLOCK_ONLY_HIGH",
        "blocked": True,
    }
    reading = read(a_reply(a_candidate(finish="SAFETY", safetyRatings=[NEGLIGIBLE | {"category": "X"}, rating])))

    assert reading.findings[1] == Finding(
        source=Source.COMPLETION,
        category="HARM_CATEGORY_HARASSMENT",
        severity="HARM_SEVERITY_MEDIUM",
        probability="LOW",
        score=0.25,
        filtered=True,
        choice=0,
        details={"severityScore": 0.5, "overwrittenThreshold": "BLOCK_ONLY_HIGH"},
        place="candidates[0].safetyRatings[1]",
    )
    assert reading.findings[0].filtered is None
    assert reading.block_reasons == (
        "candidates[0].finishReason=SAFETY",
        "completion.HARM_CATEGORY_HARASSMENT.blocked",
    )


def test_ratings_of_a_stream_are_told_once_at_their_worst() -> None:
    graver = {**NEGLIGIBLE, "probability": "MEDIUM"}
    feedback = {"promptFeedback": {"safetyRatings": [NEGLIGIBLE]}}
    reading = read(
        path=STREAM,
        **crlf_stream(
            a_reply(a_candidate({"text": "a"}, finish=None, safetyRatings=[NEGLIGIBLE]), **feedback),
            a_reply(a_candidate({"text": "b"}, finish=None, safetyRatings=[graver])),
            a_reply(a_candidate(safetyRatings=[{**NEGLIGIBLE, "probability": "NEW_WORD"}])),
        ),
    )
    prompt, completion = reading.findings

    assert (prompt.source, prompt.choice, prompt.place) == (
        Source.PROMPT,
        None,
        "events[0].promptFeedback.safetyRatings[0]",
    )
    assert (completion.probability, completion.place) == ("MEDIUM", "events[1].candidates[0].safetyRatings[0]")


def test_a_rating_that_says_nothing_is_kept_without_a_category() -> None:
    finding = the_finding(read(a_reply(a_candidate(safetyRatings=[{}, {}, "odd"]))))

    assert (finding.category, finding.probability, finding.alarming) == ("", None, False)
