"""Headers tell ids, attempts and server-side times."""

from __future__ import annotations

import json

import pytest

from audit.dialects._headers import attempt, provider_duration_us, provider_first_token_us, request_id
from audit.interpret import Interpreter
from tests.factories import an_exchange, event_stream


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-request-id": "req_1"}, "req_1"),
        ({"x-request-id": "inner", "apim-request-id": "azure"}, "azure"),
        ({"request-id": "anthropic"}, "anthropic"),
        ({"x-amzn-requestid": "aws"}, "aws"),
        ({"llm_provider-x-request-id": "behind", "x-litellm-call-id": "proxy"}, "behind"),
        ({"x-request-id": ""}, None),
        ({}, None),
    ],
)
def test_the_id_is_the_one_that_support_asks_for(headers: dict[str, str], expected: str | None) -> None:
    assert request_id(headers) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-stainless-retry-count": "0"}, 0),
        ({"x-stainless-retry-count": "2"}, 2),
        ({"x-stainless-retry-count": "NOT_GIVEN"}, None),
        ({"amz-sdk-request": "attempt=3; max=5"}, 2),
        ({"amz-sdk-request": "attempt=0"}, None),
        ({}, None),
    ],
)
def test_the_attempt_counts_from_zero(headers: dict[str, str], expected: int | None) -> None:
    assert attempt(headers) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"openai-processing-ms": "406", "x-envoy-upstream-service-time": "410"}, 406_000),
        ({"x-metrics-e2e-ms": "1248.2"}, 1_248_200),
        ({"x-amzn-bedrock-invocation-latency": "180"}, 180_000),
        ({"ms-azureml-model-time": "315"}, 315_000),
        ({"llm_provider-openai-processing-ms": "7"}, 7_000),
        ({"server-timing": "gfet4t7; dur=1250"}, 1_250_000),
        ({"server-timing": 'edge;dur=3, origin;desc="x";dur=42.5'}, 42_500),
        ({"server-timing": "cache;desc=hit, odd;dur=1.2.3"}, None),
        ({"openai-processing-ms": "soon"}, None),
        ({}, None),
    ],
)
def test_the_duration_is_the_models_own_before_a_servers(headers: dict[str, str], expected: int | None) -> None:
    assert provider_duration_us(headers) == expected


def test_only_xai_tells_its_time_to_the_first_token() -> None:
    assert provider_first_token_us({"x-metrics-ttft-ms": "475.7"}) == 475_700
    assert provider_first_token_us({}) is None


def test_headers_fill_in_what_the_body_does_not_tell() -> None:
    interpret = Interpreter(pricing=lambda _reading, _exchange: None)
    headers = (("openai-processing-ms", "406"), ("x-request-id", "req_1"), ("x-metrics-ttft-ms", "100"))
    retried = (("x-stainless-retry-count", "1"),)
    told = {"usage": {"queue_time": 0, "prompt_time": 0.25, "completion_time": 1}}
    bare, timed, streamed = (
        interpret.read(an_exchange(request_headers=retried, response_headers=headers, response_body=body))
        for body in (b"{}", json.dumps(told).encode(), event_stream({"choices": []}))
    )

    assert (bare.request_id, bare.attempt) == ("req_1", 1)
    assert (bare.provider_duration_us, bare.provider_first_token_us) == (406_000, 100_000)
    assert (timed.provider_duration_us, timed.provider_first_token_us) == (1_250_000, 250_000)
    assert (streamed.provider_duration_us, streamed.provider_first_token_us) == (None, 100_000)
