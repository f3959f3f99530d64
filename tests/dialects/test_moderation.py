"""OpenAI's moderation is read wherever it stands; a flag is no block."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import Finding, Source
from audit.dialects._moderation import moderation_statements, result_statements

RESULT = {
    "type": "moderation_result",
    "flagged": True,
    "categories": {"violence/graphic": True},
    "category_scores": {"violence/graphic": 0.75},
    "category_applied_input_types": {"violence/graphic": ["text"]},
}


@pytest.mark.parametrize(
    ("verdict", "where"),
    [
        ({"type": "moderation_results", "results": [RESULT]}, 'results[0].categories["violence/graphic"]'),
        (RESULT, 'categories["violence/graphic"]'),
    ],
)
@pytest.mark.parametrize(("name", "source"), [("input", Source.PROMPT), ("output", Source.COMPLETION)])
def test_inline_moderation_has_two_spellings(verdict: Any, where: str, name: str, source: Source) -> None:
    """Chat completions have a list of results, Responses one."""
    assert list(moderation_statements({"moderation": {name: verdict}})) == [
        Finding(
            source=source,
            category="violence/graphic",
            detected=True,
            score=0.75,
            details={"applied_input_types": ["text"]},
            place=f"moderation.{name}.{where}",
        )
    ]


@pytest.mark.parametrize(
    ("verdict", "word"),
    [
        ({"type": "error", "code": "timeout"}, "timeout"),
        ({"type": "error", "message": "down"}, "down"),
        ({"type": "error"}, "error"),
    ],
)
def test_moderation_that_failed_is_an_error(verdict: Any, word: str) -> None:
    findings = list(moderation_statements({"moderation": {"input": verdict}}))

    assert [(one.category, one.error, one.detected, one.place) for one in findings] == [
        ("error", word, None, "moderation.input")
    ]


def test_moderation_within_a_streams_event_is_found() -> None:
    event = {"type": "response.completed", "response": {"moderation": {"input": RESULT}}}

    places = [one.place for one in moderation_statements(event, "events[3]")]

    assert places == ['events[3].response.moderation.input.categories["violence/graphic"]']


@pytest.mark.parametrize("body", [None, {"moderation": None}, {"moderation": {"input": None, "output": []}}])
def test_no_moderation(body: Any) -> None:
    assert list(moderation_statements(body)) == []


def test_results_without_readable_verdicts_yield_nothing() -> None:
    results = [{"categories": {"hate": None, "violence": "yes"}}, {"categories": None}, None]

    assert list(result_statements(results, Source.PROMPT, "results")) == []


def test_scores_that_are_no_numbers_are_left_out() -> None:
    results = [{"categories": {"hate": False}, "category_scores": {"hate": True}}]

    assert [one.score for one in result_statements(results, Source.PROMPT, "results")] == [None]


@pytest.mark.parametrize(
    ("error", "source", "categories"),
    [
        (
            {
                "message": "no. safety_violations=[sexual].",
                "moderation_details": {"moderation_stage": "output", "categories": ["sexual"]},
            },
            Source.COMPLETION,
            ["sexual"],
        ),
        ({"message": "rejected. safety_violations=[sexual, violence]."}, Source.PROMPT, ["sexual", "violence"]),
        (
            {"code": 403, "message": "flagged", "metadata": {"reasons": ["harassment"], "flagged_input": "…"}},
            Source.PROMPT,
            ["harassment"],
        ),
        ({"message": "something else"}, Source.PROMPT, []),
    ],
)
def test_refused_images_and_prompts_tell_their_categories(error: Any, source: Source, categories: list[str]) -> None:
    findings = list(moderation_statements({"error": error}))

    assert [(one.source, one.category, one.detected, one.filtered) for one in findings] == [
        (source, category, True, True) for category in categories
    ]


def test_an_image_refused_on_the_way_is_found_in_its_item() -> None:
    item = {
        "type": "image_generation_call",
        "error": {"moderation_details": {"moderation_stage": "input", "categories": ["sexual"]}},
    }

    findings = list(moderation_statements({"output": [{"type": "reasoning"}, item]}))

    assert [(one.category, one.place) for one in findings] == [
        ("sexual", "output[1].error.moderation_details.categories")
    ]
