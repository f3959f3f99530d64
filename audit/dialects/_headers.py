"""What HTTP headers tell of a call, whoever the provider: ids, attempts, server-side times.

Where a body tells the same, the body wins: it knows about the whole answer, headers only about its beginning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from audit.dialects._fields import milliseconds_us, text

__all__ = ["attempt", "provider_duration_us", "provider_first_token_us", "request_id"]

Headers = Mapping[str, str]
"""By lower-case name."""


def request_id(response_headers: Headers) -> str | None:
    """Return the id under which the provider's support finds the request."""
    return next((found for name in _REQUEST_IDS if (found := text(response_headers.get(name)))), None)


def attempt(request_headers: Headers) -> int | None:
    """Return 0 for a first try and 1 for its first retry, as OpenAI's and Anthropic's SDKs and AWS's say it."""
    said = request_headers.get("x-stainless-retry-count", "")
    if _COUNT.fullmatch(said):
        return int(said)
    aws = _AWS_ATTEMPT.search(request_headers.get("amz-sdk-request", ""))
    return int(aws.group(1)) - 1 if aws else None


def provider_duration_us(response_headers: Headers) -> int | None:
    """Return how long the provider worked on a reply in one piece, in microseconds.

    Of a streamed reply these headers tell the time to its beginning, which is no duration: do not ask then.
    """
    for name in _DURATIONS_MS:
        if (found := milliseconds_us(response_headers.get(name))) is not None:
            return found
    timings = map(milliseconds_us, _TIMING.findall(response_headers.get("server-timing", "")))
    return max((timing for timing in timings if timing is not None), default=None)


def provider_first_token_us(response_headers: Headers) -> int | None:
    """Return the provider's own time to its first token, in microseconds: xAI's, for replies of either kind."""
    return milliseconds_us(response_headers.get("x-metrics-ttft-ms"))


_REQUEST_IDS = (
    "apim-request-id",  # Azure's own, beside the x-request-id of the model's server behind it
    "x-request-id",
    "request-id",
    "x-amzn-requestid",
    "x-oai-request-id",
    "mistral-correlation-id",
    "x-ds-trace-id",
    "x-generation-id",
    "inference-id",
    "x-debug-trace-id",
    "llm_provider-x-request-id",
    "llm_provider-request-id",
    "x-litellm-call-id",
    "x-goog-request-id",
)
_DURATIONS_MS = (
    "x-metrics-e2e-ms",
    "openai-processing-ms",
    "x-amzn-bedrock-invocation-latency",
    "ms-azureml-model-time",
    "cmp-upstream-response-duration",
    "x-total-time",
    "x-envoy-upstream-service-time",
    "x-kong-upstream-latency",
    "llm_provider-openai-processing-ms",
    "llm_provider-x-envoy-upstream-service-time",
)
"""Those that measure the model's work first, then those that measure a server's."""
_COUNT = re.compile(r"\d{1,4}", re.ASCII)
_AWS_ATTEMPT = re.compile(r"\battempt=([1-9]\d{0,3})\b", re.ASCII)
_TIMING = re.compile(r";\s*dur=\"?([0-9.]{1,20})")
"""https://www.w3.org/TR/server-timing/"""
