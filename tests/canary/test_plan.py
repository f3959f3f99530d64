from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from audit.canary.plan import DEFAULT_CANARY, plan
from audit.canary.prompt import MOST_OUTPUT_TOKENS, Target, enquire
from audit.errors import PromptError
from audit.settings import Settings
from tests.canary.canaries import NOON

PROVIDERS = {
    "anthropic": {
        "base_url": "https://api.anthropic.com",
        "key_env": "ANTHROPIC_API_KEY",
        "dialect": "anthropic_messages",
    },
    "google": {
        "base_url": "https://generativelanguage.googleapis.com",
        "key_header": "x-goog-api-key",
        "dialect": "gemini_generate",
    },
}
OPUS = {"name": "claude-opus-5", "provider": "anthropic"}
FLASH = {"name": "gemini-3.6-flash", "provider": "google"}


def settings(*models: dict[str, Any], canaries: tuple[dict[str, Any], ...] = (), **over: Any) -> Settings:
    values = {"home": Path("home"), "providers": PROVIDERS, "models": models, "canaries": canaries, **over}
    return Settings.model_validate(values)


def test_nothing_configured_is_nothing_to_do() -> None:
    assert plan(settings()) == ()


def test_each_model_gets_the_default_canary() -> None:
    assignments = plan(settings(OPUS, FLASH, {**FLASH, "name": "gemini-3-pro", "canary": False}))
    assert [one.key for one in assignments] == [
        ("arithmetic", "anthropic", "claude-opus-5"),
        ("arithmetic", "google", "gemini-3.6-flash"),
    ]
    assert {one.canary.max_output_tokens for one in assignments} == {MOST_OUTPUT_TOKENS}


def test_no_model_may_be_left_for_the_default_canary() -> None:
    assert plan(settings({**OPUS, "canary": False})) == ()


def test_the_default_canary_asks_something_new_at_each_slot() -> None:
    (one,) = plan(settings(OPUS))
    bodies = {enquire(one.canary, one.target, NOON + timedelta(minutes=number), None).body for number in range(20)}
    assert len(bodies) >= 19
    assert DEFAULT_CANARY.expect.regex is not None


def test_configured_canaries_go_to_the_models_they_name() -> None:
    canaries = (
        {"name": "all", "prompt": "Hi", "every": "1h", "timeout": "5s", "max_output_tokens": 50},
        {"name": "google", "prompt": "Hi", "models": "gemini-*"},
        {"name": "two", "prompt": "Hi", "models": ["claude-opus-5", "*flash"]},
    )
    assignments = plan(settings(OPUS, {**FLASH, "canary": False}, canaries=canaries))
    assert [one.key[::2] for one in assignments] == [
        ("all", "claude-opus-5"),
        ("all", "gemini-3.6-flash"),
        ("google", "gemini-3.6-flash"),
        ("two", "claude-opus-5"),
        ("two", "gemini-3.6-flash"),
    ]
    first = assignments[0].canary
    assert (first.every, first.timeout, first.max_output_tokens) == (timedelta(hours=1), timedelta(seconds=5), 50)


def test_a_target_has_its_providers_and_its_own_settings() -> None:
    models = (OPUS, {**FLASH, "dialect": "anthropic_messages", "parameters": {"effort": "low"}})
    first, second = (one.target for one in plan(settings(*models)))
    assert first == Target(
        provider="anthropic",
        model="claude-opus-5",
        base_url="https://api.anthropic.com",
        dialect="anthropic_messages",
        key_env="ANTHROPIC_API_KEY",
    )
    assert (second.dialect, second.key_header) == ("anthropic_messages", "x-goog-api-key")
    assert second.parameters == {"effort": "low"}


def test_every_problem_is_told_at_once() -> None:
    canaries = (
        {"name": "fast", "prompt": "Hi", "expect": {"max_first_token": "2s"}},
        {"name": "none", "prompt": "Hi", "models": ["gpt-*", "o3"]},
        {"name": "json", "prompt": "Hi", "expect": {"json_schema": {"type": "objekt"}}},
    )
    models = ({**OPUS, "dialect": "unknown"}, {**FLASH, "parameters": {"x": float("nan")}})
    with pytest.raises(PromptError) as raised:
        plan(settings(*models, canaries=canaries))
    starts = [line[:62] for line in str(raised.value).splitlines()]
    assert starts == [
        "canary 'fast': max_first_token needs stream = true: a reply in",
        "canary 'none': no configured model fits gpt-*, o3; name one th",
        "canary 'json': json_schema: $.type: 'objekt' is not valid unde",
        "model 'claude-opus-5' at 'anthropic': a canary cannot be asked",
        "canary 'fast' for model 'gemini-3.6-flash': the parameters can",
        "canary 'json' for model 'gemini-3.6-flash': the parameters can",
    ]


def test_a_stream_may_be_expected_to_begin_soon() -> None:
    canary = {"name": "fast", "prompt": "Hi", "stream": True, "expect": {"max_first_token": "2s", "json_schema": {}}}
    assert len(plan(settings(OPUS, canaries=(canary,)))) == 1


def test_a_model_that_is_there_twice_at_one_provider_is_refused() -> None:
    with pytest.raises(ValueError, match="models: 'claude-opus-5' at provider 'anthropic' is there twice"):
        settings(OPUS, OPUS)
    assert len(plan(settings(OPUS, {**OPUS, "provider": "google"}))) == 2
