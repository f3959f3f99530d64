from __future__ import annotations

import pytest

from audit.call import ModelMatch
from audit.model_names import bare_name, match_models


@pytest.mark.parametrize(
    ("model", "bare"),
    [
        ("gpt-4o", "gpt-4o"),
        (" GPT-4o ", "gpt-4o"),
        ("openrouter/anthropic/claude-sonnet-4.5", "claude-sonnet-4.5"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5-20250929-v1:0"),
        ("amazon.nova-lite-v1:0", "nova-lite-v1:0"),
        ("deepseek/deepseek-r1:free", "deepseek-r1"),
        ("gpt-5(high)", "gpt-5"),
    ],
)
def test_a_bare_name_has_no_path_region_vendor_or_mode(model: str, bare: str) -> None:
    assert bare_name(model) == bare


@pytest.mark.parametrize(
    ("requested", "served", "match"),
    [
        ("gpt-4o", "gpt-4o", ModelMatch.SAME),
        ("openai/gpt-4o", "gpt-4o", ModelMatch.SAME),
        ("gpt-4o", "gpt-4o-2024-08-06", ModelMatch.ALIAS),
        ("claude-3-7-sonnet@20250219", "claude-3-7-sonnet-20250219", ModelMatch.ALIAS),
        ("gemini-flash-latest", "gemini-3.6-flash", ModelMatch.ALIAS),
        ("gemini-flash-latest", "gemini-3.6-pro", ModelMatch.DIFFERENT),
        ("codex-mini-latest", "o3-pro", ModelMatch.DIFFERENT),
        ("gpt-4o", "gpt-4o-mini", ModelMatch.DIFFERENT),
        (None, "gpt-4o", ModelMatch.UNKNOWN),
        ("gpt-4o", None, ModelMatch.UNKNOWN),
    ],
)
def test_names_tell_whether_the_model_asked_for_served(
    requested: str | None, served: str | None, match: ModelMatch
) -> None:
    assert match_models(requested, served) is match


@pytest.mark.parametrize(
    ("aliases", "match"),
    [
        ({"our-deployment": "gpt-4o-2024-08-06"}, ModelMatch.ALIAS),
        ({"our-*": "gpt-4o*"}, ModelMatch.ALIAS),
        ({"your-*": "gpt-4o*"}, ModelMatch.DIFFERENT),
        ({}, ModelMatch.DIFFERENT),
    ],
)
def test_the_operator_knows_which_names_are_meant(aliases: dict[str, str], match: ModelMatch) -> None:
    assert match_models("our-deployment", "gpt-4o-2024-08-06", aliases) is match
