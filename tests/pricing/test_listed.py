from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from audit.call import ModelMatch, Operation, Price, Usage
from audit.pricing.listed import listed_price
from audit.pricing.price_list import SOURCE
from tests.factories import an_exchange
from tests.pricing.readings import a_reading

USED = Usage(input_tokens=1_000, output_tokens=100)


def priced(reading: Any, **exchange: Any) -> Price:
    price = listed_price(reading, an_exchange(**exchange))
    assert isinstance(price, Price), price
    return price


def test_the_model_that_served_is_priced_and_not_the_one_asked_for() -> None:
    """Asked for codex-mini-latest (1.50/6 dollars), a router answered with o3-pro (20/80)."""
    usage = Usage(input_tokens=17, output_tokens=349, reasoning_tokens=320)
    reading = a_reading("o3-pro", usage, model_requested="codex-mini-latest", dialect="openai_responses")
    price = priced(reading, started_at=datetime(2025, 7, 23, tzinfo=UTC))
    assert (price.model, price.currency, price.source) == ("openai:o3-pro", "USD", SOURCE)
    assert [(part.unit, part.quantity, part.unit_price) for part in price.parts] == [
        ("input", 17, 20),
        ("output", 349, 80),
    ]
    assert price.amount == Decimal("0.02826")


def test_the_requested_model_is_priced_when_none_is_told_to_have_served() -> None:
    assert priced(a_reading(None, USED, model_requested="gpt-4o")).model == "openai:gpt-4o"


@pytest.mark.parametrize(
    ("match", "result"),
    [
        (ModelMatch.ALIAS, "openai:gpt-4o"),
        (ModelMatch.DIFFERENT, "no price known for gpt-4o-of-tomorrow"),
        (ModelMatch.UNKNOWN, "no price known for gpt-4o-of-tomorrow"),
    ],
)
def test_the_requested_model_stands_in_for_an_unlisted_one_of_the_same_kind(match: ModelMatch, result: str) -> None:
    reading = a_reading("gpt-4o-of-tomorrow", USED, model_requested="gpt-4o", model_match=match)
    price = listed_price(reading, an_exchange())
    assert (price.model if isinstance(price, Price) else price) == result


@pytest.mark.parametrize(
    ("url", "requested", "headers", "model"),
    [
        ("https://api.avian.io/v1/chat/completions", None, (), "avian:moonshotai/kimi-k2.5"),
        (
            "https://router.huggingface.co/v1/chat/completions",
            "moonshotai/Kimi-K2.5:together",
            (),
            "huggingface_together:moonshotai/Kimi-K2.5",
        ),
        (
            "https://router.huggingface.co/v1/chat/completions",
            "moonshotai/Kimi-K2.5",
            (("x-inference-provider", "novita"),),
            "huggingface_novita:moonshotai/Kimi-K2.5",
        ),
        (
            "https://router.huggingface.co/together/v1/chat/completions",
            None,
            (),
            "huggingface_together:moonshotai/Kimi-K2.5",
        ),
        ("https://router.huggingface.co/v1/chat/completions", None, (), "moonshotai:kimi-k2.5"),
        ("https://llm.example/v1/chat/completions", None, (), "moonshotai:kimi-k2.5"),
    ],
)
def test_who_sells_is_told_by_the_url_or_by_the_router(
    url: str, requested: str | None, headers: tuple[tuple[str, str], ...], model: str
) -> None:
    reading = a_reading("moonshotai/kimi-k2.5", USED, model_requested=requested)
    assert priced(reading, url=url, response_headers=headers).model == model


def test_an_endpoint_with_a_name_of_its_own_is_priced_by_its_host() -> None:
    reading = a_reading("gpt-4o", USED, provider="our-azure")
    exchange = {"url": "https://our-resource.openai.azure.com/openai/v1/chat/completions"}
    assert priced(reading, **exchange).model == "azure:gpt-4o"


@pytest.mark.parametrize("url", ["https://[bad/v1/chat/completions", "/v1/chat/completions"])
def test_an_url_that_tells_no_host_does_no_harm(url: str) -> None:
    assert priced(a_reading("gpt-4o", USED), url=url).model == "openai:gpt-4o"


@pytest.mark.parametrize("provider", ["openrouter", "perplexity", "vercel", "x_ai"])
def test_those_who_bill_what_the_reply_says_are_believed(provider: str) -> None:
    usage = Usage(input_tokens=10, output_tokens=5, reported_cost=Decimal("0.0123"))
    host = {"openrouter": "openrouter.ai", "perplexity": "api.perplexity.ai"}.get(provider, "ai-gateway.vercel.sh")
    url = f"https://{'api.x.ai' if provider == 'x_ai' else host}/v1/chat/completions"
    price = priced(a_reading("some/model", usage, provider=provider), url=url)
    assert (price.amount, price.currency, price.source, price.model) == (
        Decimal("0.0123"),
        "USD",
        "reply",
        "some/model",
    )
    assert [(part.unit, part.quantity, part.unit_price, part.per) for part in price.parts] == [
        ("reported", Decimal("0.0123"), 1, 1)
    ]


def test_a_cost_of_nothing_that_is_told_is_nothing() -> None:
    usage = Usage(input_tokens=10, output_tokens=5, reported_cost=Decimal(0))
    price = priced(a_reading("x/y:free", usage), url="https://openrouter.ai/api/v1/chat/completions")
    assert price.amount == 0


def test_another_ones_cost_may_be_in_any_unit() -> None:
    usage = Usage(input_tokens=1_000, output_tokens=100, reported_cost=Decimal(77))
    assert priced(a_reading("gpt-4o", usage)).source == SOURCE


@pytest.mark.parametrize(
    ("reading", "reason"),
    [
        ({"model": None}, "the model's name is not known"),
        ({"model": "our-own-model"}, "no price known for our-own-model"),
        ({"model": "m" * 1_000}, "no price known for " + "m" * 200),
        ({"model": "deepseek-r1:8b"}, "deepseek-r1:8b is run by its operator: give its price in audit.toml"),
        (
            {"model": "deepseek-r1", "dialect": "ollama_chat"},
            "deepseek-r1 is run by its operator: give its price in audit.toml",
        ),
        (
            {"usage": Usage(input_tokens=1, output_tokens=1, service_tier="PROVISIONED_THROUGHPUT")},
            "capacity was reserved (PROVISIONED_THROUGHPUT): it is not charged by token",
        ),
        ({"usage": Usage(output_tokens=1)}, "the reply does not tell how much went in"),
        (
            {"model": "gemma-4-31b-it", "provider": "gcp.gemini"},
            f"{SOURCE} names google:gemma-4-31b-it without a price",
        ),
        ({"model": "whisper-1"}, f"{SOURCE} has no input price for openai:whisper-1"),
        ({"model": "text-embedding-3-small"}, f"{SOURCE} has no output price for openai:text-embedding-3-small"),
    ],
)
def test_what_is_not_known_is_unpriced_for_a_reason(reading: dict[str, Any], reason: str) -> None:
    assert listed_price(a_reading(**{"usage": USED, **reading}), an_exchange()) == reason


@pytest.mark.parametrize(
    ("usage", "source"),
    [
        (Usage(input_tokens=10, partial=True), f"{SOURCE}, partial usage"),
        (Usage(input_tokens=10, output_tokens=1, service_tier="flex"), f"{SOURCE}, at the standard tier"),
        (Usage(input_tokens=10, output_tokens=1, service_tier="default"), SOURCE),
    ],
)
def test_the_source_says_what_is_left_out(usage: Usage, source: str) -> None:
    assert priced(a_reading("gpt-5", usage)).source == source


@pytest.mark.parametrize(
    ("model", "operation", "usage", "amount"),
    [
        ("whisper-1", Operation.TRANSCRIPTION, Usage(audio_seconds=Decimal(100)), "0.01"),
        ("text-embedding-3-small", Operation.EMBEDDINGS, Usage(input_tokens=1_000_000), "0.02"),
        ("voyage-3.5", Operation.EMBEDDINGS, Usage(total_tokens=1_000_000), "0.06"),
        (
            "gemini-2.5-flash-image",
            Operation.IMAGE_GENERATION,
            Usage(input_tokens=0, output_tokens=1_290, output_image_tokens=1_290, output_includes_reasoning=False),
            "0.0387",
        ),
        ("claude-sonnet-4-5", Operation.CHAT, Usage(input_tokens=200_000, output_tokens=0), "0.6"),
        ("claude-sonnet-4-5", Operation.CHAT, Usage(input_tokens=200_001, output_tokens=0), "1.200006"),
        (
            "claude-sonnet-4-5",
            Operation.CHAT,
            Usage(
                input_tokens=100,
                cached_input_tokens=1_000,
                cache_write_tokens=300,
                cache_write_1h_tokens=100,
                output_tokens=10,
                web_searches=1,
                input_includes_cached=False,
            ),
            "0.0121",
        ),
    ],
)
def test_amounts_are_exact(model: str, operation: Operation, usage: Usage, amount: str) -> None:
    assert priced(a_reading(model, usage, operation=operation)).amount == Decimal(amount)
