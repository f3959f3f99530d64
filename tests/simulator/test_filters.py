from __future__ import annotations

import pytest

from audit.simulator.azure_filters import azure_outcome, azure_verdict
from audit.simulator.filters import (
    gemini_block_reason,
    gemini_finish,
    guardrail_outcome,
    moderation_result,
    withholding,
)
from audit.simulator.scenarios import Script


def test_geminis_words_for_our_categories() -> None:
    assert gemini_block_reason(Script({"prompt_blocked": "custom_blocklists"})) == "BLOCKLIST"
    assert gemini_block_reason(Script({"prompt_blocked": "MODEL_ARMOR"})) == "MODEL_ARMOR"
    assert gemini_finish(Script({"completion_cut": "IMAGE_OTHER"}), image=True) == "IMAGE_OTHER"
    assert gemini_finish(Script({"blocklist": ""}), image=True) == "BLOCKLIST"
    assert gemini_finish(Script(), image=False) is None


def test_which_scenario_withholds() -> None:
    assert withholding(Script({"blocklist": "", "completion_cut": ""})) == "completion_cut"
    assert withholding(Script({"annotated": ""})) is None


def test_moderation_scores_agree_with_its_flags() -> None:
    for flagged in (True, False):
        result = moderation_result("text", flagged=flagged)
        assert any(result["categories"].values()) is flagged
        assert all((score > 0.5) is result["categories"][name] for name, score in result["category_scores"].items())


@pytest.mark.parametrize(
    ("scenes", "outcome"), [({}, "not_assessed"), ({"rated": ""}, "clean"), ({"masked": "", "annotated": ""}, "masked")]
)
def test_the_guardrails_word(scenes: dict[str, str], outcome: str) -> None:
    assert guardrail_outcome(Script(scenes)) == outcome


def test_azures_category_names_may_be_capitals() -> None:
    verdict = azure_verdict(Script({"completion_blocked": "HATE"}))

    assert verdict.completion["hate"]["filtered"]
    assert azure_outcome(verdict.completion, "prompt") == "blocked_prompt"
