from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from audit.call import Operation, Usage
from audit.pricing.overrides import Override, overrides_of
from audit.settings import PriceSettings
from tests.factories import an_exchange
from tests.pricing.readings import a_reading

CACHED = Usage(
    input_tokens=100,
    cached_input_tokens=40,
    cache_write_tokens=30,
    cache_write_1h_tokens=10,
    input_audio_tokens=5,
    output_tokens=50,
    reasoning_tokens=20,
)


def override(**settings: Any) -> Override:
    return overrides_of([PriceSettings.model_validate(settings)])[0]


@pytest.mark.parametrize(
    ("settings", "fits"),
    [
        ({}, True),
        ({"model": "gpt-4o-2024-08-06"}, True),
        ({"model": "GPT-4O*"}, True),
        ({"model": "*4o*"}, True),
        ({"model": "gpt-4o"}, False),
        ({"model": "*4o"}, False),
        ({"model": "gpt.4o*"}, False),
        ({"provider": "router.example"}, True),
        ({"provider": "router.*"}, True),
        ({"provider": "openai"}, False),
        ({"key": "fingerprint-1"}, True),
        ({"key": "team a*"}, True),
        ({"key": "team b"}, False),
        ({"valid_from": date(2026, 1, 2)}, True),
        ({"valid_from": date(2026, 1, 3)}, False),
        ({"valid_until": date(2026, 1, 3)}, True),
        ({"valid_until": date(2026, 1, 2)}, False),
        ({"valid_from": date(2026, 1, 1), "valid_until": date(2026, 2, 1)}, True),
        ({"model": "gpt-4o*", "provider": "openai"}, False),
    ],
)
def test_an_override_is_meant_for_models_providers_keys_and_days(settings: dict[str, Any], fits: bool) -> None:
    reading = a_reading("gpt-4o-2024-08-06", model_requested="gpt-4o")
    exchange = an_exchange(key_fingerprint="fingerprint-1", started_at=datetime(2026, 1, 2, 23, 59, tzinfo=UTC))
    assert override(**settings).fits(reading, exchange, "Team A, production") is fits


def test_the_requested_model_counts_where_none_is_told_to_have_served() -> None:
    assert override(model="gpt-4o").fits(a_reading(None, model_requested="gpt-4o"), an_exchange(), None)


def test_a_call_without_model_and_key_fits_only_what_is_for_all() -> None:
    reading, exchange = a_reading(None), an_exchange()
    assert override().fits(reading, exchange, None)
    assert not override(model="gpt*").fits(reading, exchange, None)
    assert not override(key="team*").fits(reading, exchange, None)


def test_brackets_in_a_name_are_only_brackets() -> None:
    assert override(model="[official]*").fits(a_reading("[official]gpt-4o"), an_exchange(), None)
    assert not override(model="[official]*").fits(a_reading("ogpt-4o"), an_exchange(), None)


@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        pytest.param(
            {"input": 1, "output": 2, "cache_read": "0.1", "cache_write": "1.25"},
            {
                "input": (25, "1"),
                "audio_input": (5, "1"),
                "cache_read": (40, "0.1"),
                "cache_write": (20, "1.25"),
                "cache_write_1h": (10, "1.25"),
                "output": (50, "2"),
            },
            id="all given",
        ),
        pytest.param(
            {"input": 1, "output": 2},
            {
                "input": (25, "1"),
                "audio_input": (5, "1"),
                "cache_read": (40, "1"),
                "cache_write": (20, "1"),
                "cache_write_1h": (10, "1"),
                "output": (50, "2"),
            },
            id="cached tokens cost as much as input",
        ),
        pytest.param({"request": "0.01"}, {"request": (1, "0.01")}, id="by the request alone"),
    ],
)
def test_unit_prices_make_the_lines(settings: dict[str, Any], lines: dict[str, tuple[int, str]]) -> None:
    working = override(**settings).work_out(a_reading(usage=CACHED))
    assert working is not None
    expected = {unit: (Decimal(quantity), Decimal(price)) for unit, (quantity, price) in lines.items()}
    assert {part.unit: (part.quantity, part.unit_price) for part in working.parts} == expected


def test_a_price_by_the_request_comes_on_top_of_others() -> None:
    working = override(input=1, output=2, request="0.5").work_out(
        a_reading(usage=Usage(input_tokens=10, output_tokens=5))
    )
    assert working is not None
    assert working.amount == Decimal("0.50002")


@pytest.mark.parametrize("usage", [None, Usage(output_tokens=3)])
def test_prices_by_the_token_need_figures(usage: Usage | None) -> None:
    assert override(input=1, output=2).work_out(a_reading(usage=usage)) is None


def test_a_side_without_a_price_is_not_free() -> None:
    working = override(input=1).work_out(a_reading(usage=Usage(input_tokens=10, output_tokens=5)))
    assert working is not None
    assert working.unknown == "output"
    embeddings = a_reading(usage=Usage(input_tokens=10), operation=Operation.EMBEDDINGS)
    priced = override(input=1).work_out(embeddings)
    assert priced is not None
    assert priced.amount == Decimal("0.00001")


def test_a_multiplier_alone_has_no_unit_prices() -> None:
    assert override(multiplier=2).units == {}
