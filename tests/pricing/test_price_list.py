from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product

import genai_prices
import pytest
from genai_prices.data import providers
from genai_prices.data_snapshot import DataSnapshot, set_custom_snapshot
from genai_prices.types import ModelInfo, Provider

from audit.call import Operation, Usage
from audit.pricing.price_list import SOURCE, Entry, find, is_listed_provider, rates_of
from audit.pricing.quantities import Quantities, quantities_of
from audit.pricing.working import UnitPrice, work_out

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ROUTER, CHAT = "router.example", "openai_chat"


@pytest.mark.parametrize(
    ("model", "entry"),
    [
        # OpenAI
        ("o3-pro", "openai:o3-pro"),
        ("o3-pro-2025-06-10", "openai:o3-pro"),
        ("gpt-4o", "openai:gpt-4o"),
        ("gpt-4o-2024-08-06", "openai:gpt-4o"),
        ("gpt-4o-mini", "openai:gpt-4o-mini"),
        ("gpt-4.1-nano", "openai:gpt-4.1-nano"),
        ("gpt-5", "openai:gpt-5"),
        ("gpt-5-codex", "openai:gpt-5"),
        ("gpt-5.1", "openai:gpt-5.1"),
        ("gpt-5.1-codex-max", "openai:gpt-5.1"),
        ("gpt-5.5", "openai:gpt-5.5"),
        ("gpt-5.6", "openai:gpt-5.6-sol"),
        ("o4-mini-deep-research", "openai:o4-mini-deep-research"),
        ("gpt-image-1", "openai:gpt-image-1"),
        ("whisper-1", "openai:whisper-1"),
        ("codex-mini-latest", "openai:codex-mini"),
        ("text-embedding-3-small", "openai:text-embedding-3-small"),
        # Anthropic
        ("claude-sonnet-4-5", "anthropic:claude-sonnet-4-5"),
        ("claude-sonnet-4-5-20250929", "anthropic:claude-sonnet-4-5"),
        ("claude-sonnet-4-5-thinking", "anthropic:claude-sonnet-4-5"),
        ("claude-opus-4-1", "anthropic:claude-opus-4-1"),
        ("claude-opus-4-5", "anthropic:claude-opus-4-5"),
        ("claude-haiku-4-5", "anthropic:claude-haiku-4-5"),
        ("claude-fable-5-2", "anthropic:claude-fable-5-2"),
        # Google
        ("gemini-2.5-flash-image", "google:gemini-2.5-flash-image"),
        ("gemini-2.5-pro", "google:gemini-2.5-pro"),
        ("gemini-3-pro-preview", "google:gemini-3-pro-preview"),
        ("gemini-embedding-001", "google:gemini-embedding-001"),
        ("models/gemini-2.5-flash", "google:gemini-2.5-flash"),
        # others
        ("deepseek-chat", "deepseek:deepseek-chat"),
        ("deepseek-r1", "deepseek:deepseek-reasoner"),
        ("moonshot-v1-8k", "moonshotai:moonshot-v1-8k"),
        ("glm-4.6", "zai:GLM-4.6"),
        ("grok-4", "x-ai:grok-4-0709"),
        ("mistral-large-latest", "mistral:mistral-large"),
        ("MiniMax-M2", "minimax:MiniMax-M2"),
        # as routers write them
        ("anthropic/claude-sonnet-4.5", "anthropic:claude-sonnet-4-5"),
        ("openai/gpt-5", "openai:gpt-5"),
        ("openrouter/anthropic/claude-sonnet-4.5", "openrouter:anthropic/claude-sonnet-4.5"),
        ("z-ai/glm-4.6", "zai:GLM-4.6"),
        ("qwen/qwen3-max", "openrouter:qwen/qwen3-max"),
        ("gpt-5(high)", "openai:gpt-5"),
        ("[official]gpt-4o", "openai:gpt-4o"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic:claude-sonnet-4-5"),
        ("deepseek/deepseek-r1:free", "openrouter:deepseek/deepseek-r1:free"),
        # what nobody knows
        ("dall-e-3", None),
        ("qwen3-max", None),
        ("qwen-plus", None),
        ("qwen3-coder-plus", None),
        ("doubao-1.5-pro-32k", None),
        ("ernie-4.5-turbo-128k", None),
        ("hunyuan-turbos", None),
        ("llama-3.3-70b-instruct", None),
        ("deepseek-r1-of-our-own:free", None),
        ("our-private-model", None),
        ("", None),
    ],
)
def test_a_model_of_an_unknown_router_is_found_by_its_name(model: str, entry: str | None) -> None:
    found = find(model, ROUTER, CHAT)
    assert (found.name if found else None) == entry


@pytest.mark.parametrize(
    ("provider", "model", "entry"),
    [
        ("azure.ai.openai", "gpt-35-turbo", "azure:gpt-3.5-turbo"),
        ("azure.ai.inference", "grok-4-1-fast-non-reasoning", "azure:grok-4-1-fast-non-reasoning"),
        ("gcp.vertex_ai", "claude-sonnet-4-5@20250929", "google:claude-sonnet-4-5"),
        (
            "aws.bedrock",
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "aws:regional.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ),
        ("mistral_ai", "mistral-embed", "mistral:mistral-embed"),
        ("x_ai", "grok-4-fast-reasoning", "x-ai:grok-4-fast-reasoning"),
        ("zai", "glm-4.7", "zai:GLM-4.7"),
        ("groq", "llama3-8b-8192", "groq:llama3-8b-8192"),
        ("openrouter", "anthropic/claude-sonnet-4.5", "openrouter:anthropic/claude-sonnet-4.5"),
        ("voyage", "voyage-3.5", "voyageai:voyage-3.5"),
    ],
)
def test_a_known_provider_has_its_own_prices(provider: str, model: str, entry: str) -> None:
    found = find(model, provider, CHAT)
    assert found is not None
    assert found.name == entry


def test_the_wire_format_hints_at_the_provider() -> None:
    found = find("command-light", ROUTER, "cohere_chat")
    assert found is not None
    assert found.provider.id == "cohere"


@pytest.mark.parametrize(("provider", "listed"), [("azure.ai.openai", True), ("groq", True), ("router.example", False)])
def test_it_knows_providers_by_their_usual_names(provider: str, listed: bool) -> None:
    assert is_listed_provider(provider) is listed


@pytest.mark.parametrize(
    ("model", "at", "price"),
    [
        ("o3", datetime(2025, 5, 1, tzinfo=UTC), ("10", "40")),
        ("o3", datetime(2025, 6, 9, 23, 59, 59, tzinfo=UTC), ("10", "40")),
        ("o3", datetime(2025, 6, 10, tzinfo=UTC), ("2", "8")),
        ("o3", datetime(2025, 7, 1, tzinfo=UTC), ("2", "8")),
        ("o3-pro", datetime(2025, 7, 23, tzinfo=UTC), ("20", "80")),
        ("deepseek-chat", datetime(2025, 7, 1, 0, 29, 59, tzinfo=UTC), ("0.135", "0.55")),
        ("deepseek-chat", datetime(2025, 7, 1, 0, 30, tzinfo=UTC), ("0.27", "1.1")),
    ],
)
def test_prices_are_those_of_the_moment(model: str, at: datetime, price: tuple[str, str]) -> None:
    units = rates(model, at)
    assert (units["input"].base, units["output"].base) == (Decimal(price[0]), Decimal(price[1]))


@pytest.mark.parametrize(
    ("model", "tier", "price", "remark"),
    [
        ("gpt-5", None, "1.25", None),
        ("gpt-5", "default", "1.25", None),
        ("gpt-5", "flex", "0.625", None),
        ("gpt-5", "priority", "2.5", None),
        ("gpt-5", "batch", "0.625", None),
        ("gemini-3.8-flash-tts", "ON_DEMAND_FLEX", "0.25", None),
        ("claude-sonnet-4-5", "standard", "3", None),
        ("claude-sonnet-4-5", "batch", "1.5", None),
        ("claude-sonnet-4-5", "priority", "3", "at the standard tier"),
        ("claude-opus-4-8", "fast", "10", None),
    ],
)
def test_a_service_tier_has_its_price_or_is_said_to_be_left_out(
    model: str, tier: str | None, price: str, remark: str | None
) -> None:
    entry = find(model, ROUTER, CHAT)
    assert entry is not None
    found = rates_of(entry, NOW, tier)
    assert found is not None
    assert (found.units["input"].base, found.remark) == (Decimal(price), remark)


def test_a_lent_price_knows_no_tiers() -> None:
    lent = find("gpt-5.2", "azure.ai.openai", CHAT)
    assert lent is not None
    assert lent.model not in lent.provider.models
    found = rates_of(lent, NOW, "flex")
    assert found is not None
    assert found.remark == "at the standard tier"


def test_an_entry_without_prices_is_free_only_if_its_name_says_so() -> None:
    free = find("deepseek/deepseek-r1:free", "openrouter", CHAT)
    assert free is not None
    assert rates_of(free, NOW, None) is not None
    silent = find("gemma-4-31b-it", "gcp.gemini", CHAT)
    assert silent is not None
    assert rates_of(silent, NOW, None) is None


def test_image_and_sound_have_prices_of_their_own() -> None:
    assert rates("gemini-2.5-flash-image")["image_output"].base == 30
    assert rates("gemini-2.5-flash")["audio_input"].base == 1
    assert rates("claude-sonnet-4-5")["cache_write_1h"].base == 6
    assert rates("gpt-4o")["cache_write"].base == rates("gpt-4o")["input"].base


@pytest.mark.parametrize(("seconds", "charged"), [(3, 10), (10, 10), (11, 11)])
def test_groq_charges_for_ten_seconds_at_least(seconds: int, charged: int) -> None:
    entry = find("whisper-large-v3", "groq", CHAT)
    assert entry is not None
    found = rates_of(entry, NOW, None)
    assert found is not None
    usage = Usage(audio_seconds=Decimal(seconds))
    quantities = quantities_of(usage, Operation.TRANSCRIPTION)
    assert quantities is not None
    working = work_out(quantities, found)
    assert working.parts[0].quantity == charged
    assert working.amount == listed_total(entry.model, entry.provider, usage, quantities, None)


USAGES = {
    "plain": Usage(input_tokens=1_234, output_tokens=567),
    "cached": Usage(
        input_tokens=50_000,
        cached_input_tokens=40_001,
        cache_write_tokens=3_000,
        cache_write_1h_tokens=1_000,
        output_tokens=999,
        reasoning_tokens=700,
        input_includes_cached=True,
    ),
    "cached, large": Usage(
        input_tokens=17,
        cached_input_tokens=290_001,
        cache_write_tokens=12_345,
        cache_write_1h_tokens=345,
        output_tokens=4_321,
        web_searches=3,
        input_includes_cached=False,
    ),
    "sound and images": Usage(
        input_tokens=5_000,
        cached_input_tokens=4_500,
        input_audio_tokens=600,
        input_image_tokens=300,
        tool_use_input_tokens=77,
        output_tokens=2_000,
        output_audio_tokens=300,
        output_image_tokens=1_290,
        reasoning_tokens=44,
        output_includes_reasoning=False,
    ),
    "seconds": Usage(audio_seconds=Decimal("61.25")),
}


@pytest.mark.parametrize("usage", [pytest.param(usage, id=name) for name, usage in USAGES.items()])
def test_every_model_of_the_list_costs_what_the_library_says(usage: Usage) -> None:
    quantities = quantities_of(usage, Operation.CHAT)
    assert quantities is not None
    compared = 0
    for provider, model in every_model():
        found = rates_of(Entry(provider, model), NOW, None)
        working = work_out(quantities, found) if found else None
        if working is not None and working.unknown is None:
            assert working.amount == listed_total(model, provider, usage, quantities, None), (provider.id, model.id)
            compared += 1
    assert compared > (1_800 if usage.input_tokens else 10)


@pytest.mark.parametrize(
    ("model", "provider", "tier", "at", "name"),
    list(
        product(
            ["gpt-5", "gpt-5.6-sol", "claude-sonnet-4-5", "gemini-2.5-pro", "deepseek-chat", "o3"],
            [None, "azure", "openrouter"],
            [{}, {"service_tier": "flex"}, {"processing": "batch"}],
            [datetime(2025, 1, 1, 3, tzinfo=UTC), NOW],
            ["plain", "cached", "cached, large"],
        )
    ),
)
def test_tiers_and_dates_agree_with_the_library(
    model: str, provider: str | None, tier: dict[str, str], at: datetime, name: str
) -> None:
    usage, entry = USAGES[name], find(model, provider or ROUTER, CHAT)
    assert entry is not None
    quantities, rates = quantities_of(usage, Operation.CHAT), rates_of(entry, at, next(iter(tier.values()), None))
    assert quantities is not None
    assert rates is not None
    theirs = genai_prices.calc_price(
        in_their_terms(usage, quantities),
        entry.model.id,
        provider_id=entry.provider.id,
        genai_request_timestamp=at,
        price_context=tier,
    )
    assert work_out(quantities, rates).amount == theirs.total_price


def test_the_bundled_list_is_named_with_its_version() -> None:
    assert f"genai-prices {genai_prices.__version__}" == SOURCE


def test_prices_that_others_in_the_process_fetch_do_not_count() -> None:
    find.cache_clear()
    set_custom_snapshot(DataSnapshot(providers=[], from_auto_update=True))
    try:
        assert find("gpt-4o", ROUTER, CHAT) is not None
    finally:
        set_custom_snapshot(None)


def rates(model: str, at: datetime = NOW) -> dict[str, UnitPrice]:
    entry = find(model, ROUTER, CHAT)
    assert entry is not None
    found = rates_of(entry, at, None)
    assert found is not None
    return dict(found.units)


def every_model() -> Iterator[tuple[Provider, ModelInfo]]:
    return ((provider, model) for provider in providers for model in provider.models)


def listed_total(
    model: ModelInfo, provider: Provider, usage: Usage, quantities: Quantities, context: dict[str, str] | None
) -> Decimal:
    theirs = in_their_terms(usage, quantities)
    return model.calc_price(theirs, provider, genai_request_timestamp=NOW, price_context=context).total_price


def in_their_terms(usage: Usage, quantities: Quantities) -> genai_prices.Usage:
    """The library wants wholes and their parts, where ours are parts only."""
    units = quantities.units
    sound, image = units.get("cache_read_audio", 0), units.get("cache_read_image", 0)
    return genai_prices.Usage(
        input_tokens=usage.all_input_tokens or 0,
        cache_read_tokens=units.get("cache_read", 0) + sound + image,
        cache_write_tokens=units.get("cache_write", 0) + units.get("cache_write_1h", 0),
        cache_write_1h_tokens=units.get("cache_write_1h", 0),
        input_audio_tokens=units.get("audio_input", 0) + sound,
        input_image_tokens=units.get("image_input", 0) + image,
        cache_audio_read_tokens=sound,
        cache_image_read_tokens=image,
        input_video_tokens=0,
        output_tokens=usage.all_output_tokens or 0,
        output_reasoning_tokens=units.get("reasoning", 0),
        output_audio_tokens=units.get("audio_output", 0),
        output_image_tokens=units.get("image_output", 0),
        web_searches=usage.web_searches or 0,
        audio_seconds=usage.audio_seconds or 0,
        input_audio_seconds=usage.audio_seconds or 0,
    )
