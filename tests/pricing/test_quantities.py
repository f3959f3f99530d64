from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.call import Operation, Usage
from audit.pricing.quantities import quantities_of

OPENAI = {"input_includes_cached": True, "output_includes_reasoning": True}
ANTHROPIC = {"input_includes_cached": False, "output_includes_reasoning": True}
GEMINI = {"input_includes_cached": True, "output_includes_reasoning": False}


@pytest.mark.parametrize(
    ("usage", "units"),
    [
        pytest.param({"input_tokens": 10, "output_tokens": 5}, {"input": 10, "output": 5}, id="plain"),
        pytest.param({"input_tokens": 10}, {"input": 10}, id="nothing generated"),
        pytest.param(
            {
                "input_tokens": 1445,
                "output_tokens": 43,
                "cached_input_tokens": 704,
                "billed_input_tokens": 46,
                "billed_output_tokens": 14,
            },
            {"input": 46, "output": 14},
            id="a bill of its own",
        ),
        pytest.param({"input_tokens": 0, "output_tokens": 0}, {}, id="nothing at all"),
        pytest.param(
            {**OPENAI, "input_tokens": 100, "cached_input_tokens": 60, "cache_write_tokens": 30, "output_tokens": 1},
            {"input": 10, "cache_read": 60, "cache_write": 30, "output": 1},
            id="cached tokens inside the input",
        ),
        pytest.param(
            {**ANTHROPIC, "input_tokens": 100, "cached_input_tokens": 60, "cache_write_tokens": 30},
            {"input": 100, "cache_read": 60, "cache_write": 30},
            id="cached tokens beside the input",
        ),
        pytest.param(
            {**ANTHROPIC, "input_tokens": 5, "cache_write_tokens": 30, "cache_write_1h_tokens": 20},
            {"input": 5, "cache_write": 10, "cache_write_1h": 20},
            id="some written for an hour",
        ),
        pytest.param(
            {**OPENAI, "input_tokens": 24, "cached_input_tokens": 161},
            {"cache_read": 24},
            id="more cached than put in: Grok on Azure",
        ),
        pytest.param(
            {**OPENAI, "input_tokens": 100, "cached_input_tokens": 80, "cache_write_tokens": 50},
            {"cache_read": 80, "cache_write": 20},
            id="more read and written than put in",
        ),
        pytest.param(
            {**OPENAI, "input_tokens": 7, "output_tokens": 100, "reasoning_tokens": 64},
            {"input": 7, "output": 36, "reasoning": 64},
            id="reasoning inside the output",
        ),
        pytest.param(
            {**GEMINI, "input_tokens": 7, "output_tokens": 100, "reasoning_tokens": 640},
            {"input": 7, "output": 100, "reasoning": 640},
            id="reasoning beside the output",
        ),
        pytest.param(
            {**GEMINI, "input_tokens": 7, "tool_use_input_tokens": 50, "output_tokens": 3},
            {"input": 7, "tool_input": 50, "output": 3},
            id="what tools gave back",
        ),
        pytest.param(
            {"input_tokens": 100, "input_audio_tokens": 30, "input_image_tokens": 20},
            {"input": 50, "audio_input": 30, "image_input": 20},
            id="sound and images in",
        ),
        pytest.param(
            {"input_tokens": 100, "cached_input_tokens": 90, "input_audio_tokens": 30, "input_image_tokens": 20},
            {"audio_input": 10, "cache_read": 50, "cache_read_audio": 20, "cache_read_image": 20},
            id="as much sound and images as do not fit beside the cached tokens are cached",
        ),
        pytest.param(
            {"input_tokens": 9, "output_tokens": 248, "total_tokens": 632, "input_audio_tokens": 375},
            {"input": 9, "audio_input": 375, "output": 248},
            id="sound beside the input: Mistral",
        ),
        pytest.param(
            {"input_tokens": 400, "output_tokens": 10, "total_tokens": 410, "input_audio_tokens": 375},
            {"input": 25, "audio_input": 375, "output": 10},
            id="sound inside the input, by the total",
        ),
        pytest.param(
            {"input_tokens": 1, "output_tokens": 100, "output_image_tokens": 60, "output_audio_tokens": 30},
            {"input": 1, "output": 10, "audio_output": 30, "image_output": 60},
            id="sound and images out",
        ),
        pytest.param(
            {"input_tokens": 1, "output_tokens": 50, "output_audio_tokens": 90, "reasoning_tokens": 20},
            {"input": 1, "audio_output": 50},
            id="parts larger than the whole",
        ),
        pytest.param({"input_tokens": 1, "web_searches": 2}, {"input": 1, "web_search": 2}, id="searches"),
        pytest.param({"audio_seconds": Decimal("61.5")}, {"audio_second": Decimal("61.5")}, id="seconds only"),
    ],
)
def test_it_tells_apart_what_has_prices_of_its_own(usage: dict[str, Any], units: dict[str, int]) -> None:
    found = quantities_of(Usage(**usage), Operation.CHAT)
    assert found is not None
    assert found.units == units


@pytest.mark.parametrize("operation", [Operation.EMBEDDINGS, Operation.RERANK])
def test_a_total_is_all_input_where_nothing_is_generated(operation: Operation) -> None:
    found = quantities_of(Usage(total_tokens=12), operation)
    assert found is not None
    assert found.units == {"input": 12}


@pytest.mark.parametrize("usage", [Usage(), Usage(total_tokens=12), Usage(output_tokens=5)])
def test_without_an_input_figure_there_are_no_quantities(usage: Usage) -> None:
    assert quantities_of(usage, Operation.CHAT) is None


def test_the_whole_request_chooses_the_tier() -> None:
    usage = Usage(
        input_tokens=10,
        cached_input_tokens=200_000,
        cache_write_tokens=5,
        tool_use_input_tokens=3,
        input_includes_cached=False,
    )
    found = quantities_of(usage, Operation.CHAT)
    assert found is not None
    assert found.context_tokens == 200_018


@pytest.mark.parametrize(
    ("usage", "made"),
    [
        ({"output_includes_reasoning": False}, 34),
        ({"output_includes_reasoning": False, "total_tokens": 60}, 6),
        ({"output_includes_reasoning": False, "total_tokens": None}, 6),
        ({"output_includes_reasoning": False, "reasoning_tokens": 5}, 11),
        ({}, 6),
    ],
)
def test_thoughts_that_only_the_total_shows_are_output(usage: dict[str, Any], made: int) -> None:
    """As at Gemini's OpenAI-compatible endpoint: 66 in, 6 out, 100 in all."""
    figures = {"input_tokens": 66, "output_tokens": 6, "total_tokens": 100, **usage}
    found = quantities_of(Usage(**figures), Operation.CHAT)
    assert found is not None
    assert found.units["output"] + found.units.get("reasoning", 0) == made


def test_without_output_the_total_shows_nothing() -> None:
    usage = Usage(input_tokens=66, total_tokens=100, output_includes_reasoning=False)
    found = quantities_of(usage, Operation.CHAT)
    assert found is not None
    assert found.units == {"input": 66}


COUNTS = st.none() | st.integers(min_value=0, max_value=10**9)


@given(
    usage=st.builds(
        Usage,
        input_tokens=st.integers(min_value=0, max_value=10**9),
        output_tokens=COUNTS,
        cached_input_tokens=COUNTS,
        cache_write_tokens=COUNTS,
        cache_write_1h_tokens=COUNTS,
        reasoning_tokens=COUNTS,
        tool_use_input_tokens=COUNTS,
        input_audio_tokens=COUNTS,
        input_image_tokens=COUNTS,
        output_audio_tokens=COUNTS,
        output_image_tokens=COUNTS,
        input_includes_cached=st.booleans(),
        output_includes_reasoning=st.booleans(),
    )
)
def test_every_token_is_charged_once_whatever_the_figures(usage: Usage) -> None:
    found = quantities_of(usage, Operation.CHAT)
    assert found is not None
    out = {"output", "reasoning", "audio_output", "image_output"}
    made = sum(quantity for unit, quantity in found.units.items() if unit in out)
    taken = sum(quantity for unit, quantity in found.units.items() if unit not in out)
    assert min(found.units.values(), default=1) > 0
    assert taken == usage.all_input_tokens == found.context_tokens
    assert made == (usage.all_output_tokens or 0)
