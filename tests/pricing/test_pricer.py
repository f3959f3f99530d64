from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.call import Operation, Price, Source, Usage
from audit.pricing import Pricer
from audit.pricing.price_list import SOURCE
from audit.settings import PriceSettings
from tests.factories import an_exchange
from tests.pricing.readings import a_reading

USED = Usage(input_tokens=1_000_000, output_tokens=100_000)
LISTED = Decimal("3.5")
"""2.50 and 10 dollars per million tokens of gpt-4o."""


def pricer(*prices: dict[str, Any], **key_names: str) -> Pricer:
    return Pricer([PriceSettings.model_validate(price) for price in prices], key_names)


def test_without_prices_of_the_operator_the_list_counts() -> None:
    price = Pricer()(a_reading("gpt-4o", USED), an_exchange())
    assert isinstance(price, Price)
    assert (price.amount, price.source, price.multiplier) == (LISTED, SOURCE, 1)


@pytest.mark.parametrize("operation", [one for one in Operation if not one.generates])
def test_nothing_is_due_for_what_makes_no_model_work(operation: Operation) -> None:
    assert pricer({"request": 1})(a_reading("gpt-4o", USED, operation=operation), an_exchange()) is None


def test_nothing_is_due_for_an_error() -> None:
    assert pricer({"request": 1})(a_reading("gpt-4o"), an_exchange(status=429)) is None


def test_an_error_that_tells_usage_is_priced() -> None:
    price = Pricer()(a_reading("gpt-4o", USED), an_exchange(status=500))
    assert isinstance(price, Price)
    assert price.amount == LISTED


def test_an_answer_without_usage_is_unpriced() -> None:
    assert Pricer()(a_reading("gpt-4o"), an_exchange()) == "no usage in the reply"
    assert pricer({"multiplier": 2})(a_reading("gpt-4o"), an_exchange()) == "no usage in the reply"
    assert pricer({"input": 1, "output": 1})(a_reading("gpt-4o"), an_exchange()) == "no usage in the reply"


def test_a_blocked_prompt_without_usage_is_unpriced_whatever_the_operator_pays() -> None:
    reading, exchange = a_reading("gpt-4o", block_source=Source.PROMPT), an_exchange(status=400)
    reason = "blocked by a content filter, and the reply tells no usage"
    assert Pricer()(reading, exchange) == reason
    assert pricer({"request": "0.01"})(reading, exchange) == reason


def test_a_price_by_the_request_needs_an_answer_and_no_usage() -> None:
    per_call = pricer({"request": "0.01", "currency": "CNY"})
    price = per_call(a_reading("gpt-4o"), an_exchange())
    assert isinstance(price, Price)
    assert (price.amount, price.currency, price.source) == (Decimal("0.01"), "CNY", "audit.toml")
    no_response = an_exchange(status=None, failure="httpx.ReadTimeout: ")
    assert per_call(a_reading("gpt-4o"), no_response) == "no response came, so what was charged is not known"


def test_the_first_price_that_fits_counts() -> None:
    prices = pricer(
        {"model": "claude*", "input": 9, "output": 9},
        {"model": "gpt-4o", "input": 1, "output": 5},
        {"model": "*", "input": 7, "output": 7},
    )
    price = prices(a_reading("gpt-4o", USED), an_exchange())
    assert isinstance(price, Price)
    assert (price.amount, price.model, price.source) == (Decimal("1.5"), "gpt-4o", "audit.toml")


def test_keys_are_known_by_their_names_too() -> None:
    prices = pricer({"key": "team a", "input": 0, "output": 0}, fingerprint="Team A")
    mine = prices(a_reading("gpt-4o", USED), an_exchange(key_fingerprint="fingerprint"))
    other = prices(a_reading("gpt-4o", USED), an_exchange(key_fingerprint="another"))
    assert isinstance(mine, Price)
    assert isinstance(other, Price)
    assert (mine.amount, other.amount) == (0, LISTED)


def test_a_multiplier_alone_is_on_the_list() -> None:
    price = pricer({"multiplier": "0.5", "currency": "CNY"})(a_reading("gpt-4o", USED), an_exchange())
    assert isinstance(price, Price)
    assert (price.amount, price.currency, price.multiplier) == (LISTED / 2, "CNY", Decimal("0.5"))
    assert (price.source, price.model) == (f"{SOURCE}, audit.toml", "openai:gpt-4o")


def test_a_multiplier_alone_is_on_what_the_reply_says_where_that_is_billed() -> None:
    usage = Usage(input_tokens=1, output_tokens=1, reported_cost=Decimal("0.02"))
    price = pricer({"multiplier": "1.055"})(a_reading("x/y", usage, provider="openrouter"), an_exchange())
    assert isinstance(price, Price)
    assert (price.amount, price.source) == (Decimal("0.02110"), "reply, audit.toml")


def test_a_multiplier_does_not_price_what_has_no_price() -> None:
    assert pricer({"multiplier": 2})(a_reading("ours", USED), an_exchange()) == "no price known for ours"


def test_a_multiplier_is_on_unit_prices_given_with_it() -> None:
    price = pricer({"input": 1, "output": 5, "multiplier": "1.2"})(a_reading("ours", USED), an_exchange())
    assert isinstance(price, Price)
    assert (price.amount, price.multiplier) == (Decimal("1.8"), Decimal("1.2"))


@pytest.mark.parametrize(
    ("usage", "reason"),
    [
        (USED, "audit.toml gives no output price for ours*"),
        (Usage(output_tokens=1), "the reply does not tell how much went in"),
    ],
)
def test_the_operators_prices_can_leave_a_call_unpriced(usage: Usage, reason: str) -> None:
    assert pricer({"model": "ours*", "input": 1})(a_reading("ours-1", usage), an_exchange()) == reason


def test_what_the_operators_prices_leave_out_is_said() -> None:
    usage = Usage(input_tokens=1, output_tokens=1, web_searches=1, partial=True)
    price = pricer({"input": 1, "output": 1})(a_reading("ours", usage), an_exchange())
    assert isinstance(price, Price)
    assert price.source == "audit.toml, partial usage, without web searches"


COUNTS = st.integers(min_value=0, max_value=10**7)


@given(
    model=st.sampled_from(["gpt-5", "claude-sonnet-4-5", "gemini-2.5-flash", "sonar-deep-research", "ours"]),
    multiplier=st.decimals(min_value=0, max_value=10, places=4),
    usage=st.builds(
        Usage,
        input_tokens=COUNTS,
        output_tokens=COUNTS,
        cached_input_tokens=COUNTS,
        cache_write_tokens=COUNTS,
        cache_write_1h_tokens=COUNTS,
        reasoning_tokens=COUNTS,
        input_audio_tokens=COUNTS,
        output_audio_tokens=COUNTS,
        web_searches=st.integers(min_value=0, max_value=9),
        input_includes_cached=st.booleans(),
    ),
)
def test_the_lines_add_up_to_the_amount_each_unit_once(model: str, multiplier: Decimal, usage: Usage) -> None:
    prices = pricer(
        {"model": "ours", "input": "0.7", "output": "3.1", "request": "0.001", "multiplier": multiplier},
        {"multiplier": multiplier},
    )
    price = prices(a_reading(model, usage, provider="perplexity" if "sonar" in model else "r"), an_exchange())
    assert isinstance(price, Price)
    assert sum((part.amount for part in price.parts), Decimal(0)) * price.multiplier == price.amount
    assert len({part.unit for part in price.parts}) == len(price.parts)
    assert all(part.quantity > 0 for part in price.parts)
