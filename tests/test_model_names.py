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
        ("gpt-4o-2024-05-13", "gpt-4o-2024-08-06", ModelMatch.DIFFERENT),
        ("gpt-4-0613", "gpt-4-0314", ModelMatch.DIFFERENT),
        ("gpt-4o-0806", "gpt-4o-2024-08-06", ModelMatch.ALIAS),
        ("gpt-5.2_2025-12-11", "gpt-5.2-2025-12-11", ModelMatch.ALIAS),
        ("gpt-4-vision-preview", "gpt-4-1106-vision-preview", ModelMatch.ALIAS),
        ("claude-sonnet-4-0", "claude-sonnet-4-20250514", ModelMatch.ALIAS),
        ("anthropic/claude-haiku-4.5", "anthropic/claude-4.5-haiku-20251001", ModelMatch.ALIAS),
        ("databricks-claude-3-7-sonnet", "us.anthropic.claude-3-7-sonnet-20250219-v1:0", ModelMatch.ALIAS),
        ("anthropic.claude-v2", "claude-2.0", ModelMatch.ALIAS),
        ("davinci-002", "davinci:2023-07-21-v2", ModelMatch.ALIAS),
        ("gpt-3.5-turbo-instruct", "gpt-3.5-turbo-instruct:20230824-v2", ModelMatch.ALIAS),
        ("text-embedding-ada-002", "text-embedding-ada-002-v2", ModelMatch.ALIAS),
        ("moonshotai/Kimi-K2-Instruct-0905:groq", "moonshotai/kimi-k2-instruct-0905", ModelMatch.ALIAS),
        ("llama3.3-70b", "llama-3.3-70b", ModelMatch.ALIAS),
        ("Cohere-embed-v3-english", "embed-english-v3.0", ModelMatch.ALIAS),
        ("deepseek-reasoner", "deepseek-v4-flash", ModelMatch.ALIAS),
        ("gemini-3-pro-preview", "gemini-3.1-pro-preview", ModelMatch.DIFFERENT),
        ("Qwen2.5-VL-7B-Instruct", "Qwen2.5-VL-72B-Instruct", ModelMatch.DIFFERENT),
        ("google/gemini-2.0-flash-exp:free", "x-ai/grok-4", ModelMatch.DIFFERENT),
        ("gpt-3.5-turbo", "gpt-3.5-turbo-instruct", ModelMatch.DIFFERENT),
        ("o1", "o1-mini", ModelMatch.DIFFERENT),
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


@pytest.mark.parametrize(
    ("deployment", "match"),
    [
        ("our-assistant", ModelMatch.ALIAS),
        ("model-router", ModelMatch.ALIAS),
        ("gpt-4o-mini-strict-filter", ModelMatch.ALIAS),
        ("gpt-4.1", ModelMatch.DIFFERENT),
        ("gpt-4o", ModelMatch.DIFFERENT),
    ],
)
def test_a_deployment_may_be_called_anything_but_another_model(deployment: str, match: ModelMatch) -> None:
    """The customer has given it that name; one that names another model than the one that serves misleads."""
    assert match_models(deployment, "gpt-4o-mini-2024-07-18", deployment=True) is match
