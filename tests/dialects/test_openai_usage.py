"""One figure per meaning, whichever of its many names it comes under; absent is never zero."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from audit.call import Usage
from audit.dialects._openai_usage import usage_notes, usage_of


def test_chat_figures_with_their_details() -> None:
    usage = usage_of(
        {
            "prompt_tokens": 20,
            "completion_tokens": 30,
            "total_tokens": 50,
            "prompt_tokens_details": {
                "cached_tokens": 8,
                "cache_write_tokens": 4,
                "audio_tokens": 2,
                "image_tokens": 1,
            },
            "completion_tokens_details": {"reasoning_tokens": 10, "audio_tokens": 3, "image_tokens": 5},
        },
        service_tier="flex",
    )

    assert usage == Usage(
        input_tokens=20,
        output_tokens=30,
        total_tokens=50,
        cached_input_tokens=8,
        cache_write_tokens=4,
        reasoning_tokens=10,
        input_audio_tokens=2,
        output_audio_tokens=3,
        input_image_tokens=1,
        output_image_tokens=5,
        service_tier="flex",
    )


def test_responses_figures_have_other_names() -> None:
    usage = usage_of(
        {
            "input_tokens": 7,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 15,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 22,
        }
    )

    assert usage == Usage(input_tokens=7, output_tokens=15, total_tokens=22, cached_input_tokens=0, reasoning_tokens=0)


@pytest.mark.parametrize("usage", [None, {}, [], "none", {"prompt_tokens": None}, {"prompt_tokens": "7"}])
def test_no_figures_are_no_usage(usage: Any) -> None:
    assert usage_of(usage, service_tier="default") is None


@pytest.mark.parametrize(
    "figures",
    [
        {"prompt_cache_hit_tokens": 5, "prompt_cache_miss_tokens": 2},
        {"cached_tokens": 5},
        {"num_cached_tokens": 5},
        {"cache_read_input_tokens": 5},
        {"prompt_tokens_details": {"cached_tokens": None}, "cached_tokens": 5},
        {"input_token_details": {"cached_tokens": 5}},
    ],
)
def test_cached_tokens_have_many_names(figures: dict[str, Any]) -> None:
    usage = usage_of({"prompt_tokens": 7, **figures})

    assert usage is not None
    assert usage.cached_input_tokens == 5


def test_cache_writes_of_gateways_in_front_of_claude() -> None:
    usage = usage_of({"prompt_tokens": 700, "prompt_tokens_details": {}, "cache_creation_input_tokens": 690})

    assert usage is not None
    assert usage.cache_write_tokens == 690


@pytest.mark.parametrize(
    ("figures", "included"),
    [
        ((10, 30, 40, 20), True),
        ((291, 26, 506, 189), False),
        ((9, 2, 11, 25), False),
        ((66, 6, 100, None), False),
        ((66, 6, None, None), True),
        ((66, 40, 109, 38), True),
        ((66, None, 66, 5), True),
    ],
)
def test_the_sums_show_whether_output_includes_reasoning(figures: tuple[Any, ...], included: bool) -> None:
    """xAI leaves it out of output and counts it in the total, Gemini behind gateways is smaller than its reasoning."""
    sent, got, total, reasoning = figures
    usage = usage_of(
        {
            "prompt_tokens": sent,
            "completion_tokens": got,
            "total_tokens": total,
            "completion_tokens_details": {"reasoning_tokens": reasoning},
        }
    )

    assert usage is not None
    assert usage.output_includes_reasoning is included


@pytest.mark.parametrize(
    ("usage", "noted"),
    [
        ({"prompt_tokens": 66, "completion_tokens": 6, "total_tokens": 100}, True),
        ({"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}, False),
        ({"prompt_tokens": 9, "completion_tokens": 2}, False),
        ({"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 9, "reasoning_tokens": 7}, False),
        (None, False),
    ],
)
def test_tokens_that_no_figure_explains_are_noted(usage: Any, noted: bool) -> None:
    assert bool(usage_notes(usage_of(usage))) is noted


def test_mistral_leaves_audio_out_of_the_prompt() -> None:
    usage = usage_of(
        {
            "prompt_tokens": 9,
            "completion_tokens": 248,
            "total_tokens": 632,
            "prompt_tokens_details": {"audio_tokens": 375},
            "prompt_audio_seconds": 30,
        }
    )

    assert usage is not None
    assert usage.output_includes_reasoning
    assert usage.audio_seconds == 30
    assert usage_notes(usage) == ("usage: total_tokens counts 375 more than input and output",)


def test_audio_may_be_counted_in_seconds() -> None:
    assert usage_of({"type": "duration", "seconds": 8.5}) == Usage(audio_seconds=Decimal("8.5"))


@pytest.mark.parametrize(
    ("figures", "cost"),
    [
        ({"cost": 0.00022245}, "0.00022245"),
        ({"cost": {"total_cost": 0.00614}}, "0.00614"),
        ({"cost": 0}, "0"),
        ({"cost": 0.0001, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.002}}, "0.0021"),
        ({"cost": 0.0001, "is_byok": True}, "0.0001"),
        ({"cost_in_usd_ticks": 7909000}, "0.0007909"),
        ({"cost_in_usd_ticks": 0}, None),
        ({}, None),
    ],
)
def test_the_cost_that_a_reply_tells_is_in_dollars(figures: dict[str, Any], cost: str | None) -> None:
    usage = usage_of({"prompt_tokens": 1, **figures})

    assert usage is not None
    assert usage.reported_cost == (None if cost is None else Decimal(cost))


@pytest.mark.parametrize(
    "figures",
    [
        {"server_tool_use_details": {"web_search_requests": 2}},
        {"server_side_tool_usage_details": {"web_search_calls": 2}},
        {"num_search_queries": 2},
    ],
)
def test_web_searches_are_counted_apart(figures: dict[str, Any]) -> None:
    usage = usage_of({"prompt_tokens": 1, **figures})

    assert usage is not None
    assert usage.web_searches == 2
