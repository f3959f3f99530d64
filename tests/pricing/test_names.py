from __future__ import annotations

import pytest

from audit.pricing.names import Candidate, candidates, is_free


def test_the_exact_name_at_its_own_provider_comes_first() -> None:
    ways = list(candidates(" GPT-4o ", "azure.ai.openai", "openai_chat"))
    assert ways[:2] == [Candidate("azure", "gpt-4o"), Candidate(None, "gpt-4o")]


def test_then_the_wire_format_and_the_usual_providers_are_tried() -> None:
    ways = dict.fromkeys(way.provider for way in candidates("gpt-4o", "router.example", "vertex_predict"))
    usual = ["openai", "anthropic", "zai", "moonshotai", "deepseek", "openrouter"]
    assert list(ways) == ["router.example", None, "google", *usual]


def test_an_unknown_wire_format_hints_at_nothing() -> None:
    ways = list(candidates("x", "router.example", "unknown"))
    assert ways[-7:][0] == Candidate("openai", "x")
    assert len([way for way in ways if way.provider == "openai"]) == 1


def test_behind_a_router_the_one_who_serves_is_tried_too() -> None:
    ways = list(candidates("moonshotai/kimi-k2", "huggingface_groq", "openai_chat"))
    assert ways[:3] == [
        Candidate("huggingface_groq", "moonshotai/kimi-k2"),
        Candidate("groq", "moonshotai/kimi-k2"),
        Candidate("groq", "kimi-k2"),
    ]


@pytest.mark.parametrize(
    ("model", "way"),
    [
        ("anthropic/claude-sonnet-4.5", Candidate("anthropic", "claude-sonnet-4.5")),
        ("openrouter/z-ai/glm-4.6", Candidate("openrouter", "z-ai/glm-4.6")),
        ("openrouter/z-ai/glm-4.6", Candidate("zai", "glm-4.6")),
        ("azure/gpt-4o(high)", Candidate("azure", "gpt-4o")),
        ("gpt-5(high)", Candidate(None, "gpt-5")),
        ("[official]gpt-4o", Candidate(None, "gpt-4o")),
        ("claude-opus-4-6[1m]", Candidate(None, "claude-opus-4-6")),
        ("gemini-2.5-flash-thinking", Candidate(None, "gemini-2.5-flash")),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", Candidate(None, "claude-sonnet-4-5-20250929-v1:0")),
        ("publishers/google/models/gemini-2.5-pro", Candidate("models", "gemini-2.5-pro")),
    ],
)
def test_shorter_spellings_are_tried(model: str, way: Candidate) -> None:
    assert way in list(candidates(model, "router.example", "openai_chat"))


def test_a_name_of_many_segments_is_tried_a_few_times_only() -> None:
    assert len(list(candidates("a/" * 5_000 + "b", "router.example", "openai_chat"))) < 100


@pytest.mark.parametrize(("model", "free"), [("x/y:free", True), ("Y:FREE", True), ("x/free", False)])
def test_a_name_can_say_that_the_model_is_free(model: str, free: bool) -> None:
    assert is_free(model) is free
