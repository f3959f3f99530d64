"""Server-side times are read where a body tells them."""

from __future__ import annotations

from typing import Any

import pytest

from audit.dialects._openai_times import ServerTimes, server_times


@pytest.mark.parametrize("place", ["usage", "top"])
def test_azure_counts_from_the_requests_arrival(place: str) -> None:
    checkpoint = {"latency_checkpoint": {"service_ttft_ms": 341, "service_ttlt_ms": 1872, "total_duration_ms": 1661}}
    body = {"usage": checkpoint} if place == "usage" else checkpoint

    assert server_times(body) == ServerTimes(duration_us=1_872_000, first_token_us=341_000)


def test_azures_total_stands_in_for_the_service_time() -> None:
    body = {"usage": {"latency_checkpoint": {"total_duration_ms": 1661}}}

    assert server_times(body) == ServerTimes(duration_us=1_661_000)


@pytest.mark.parametrize(
    "body",
    [
        {"usage": {"queue_time": 0.5, "prompt_time": 0.25, "completion_time": 1, "total_time": 1.25}},
        {"x_groq": {"usage": {"queue_time": 0.5, "prompt_time": 0.25, "completion_time": 1}}},
        {"time_info": {"queue_time": 0.5, "prompt_time": 0.25, "completion_time": 1, "total_time": 1.8}},
    ],
)
def test_groq_and_cerebras_tell_the_parts(body: Any) -> None:
    assert server_times(body) == ServerTimes(duration_us=1_750_000, first_token_us=750_000)


def test_a_part_that_is_missing_leaves_the_total() -> None:
    body = {"usage": {"completion_time": 1, "total_time": 1.25}}

    assert server_times(body) == ServerTimes(duration_us=1_250_000)


@pytest.mark.parametrize(
    ("completed_at", "expected"),
    [(1_700_000_003, 3_000_000), (1_700_000_000.5, 500_000), (1_700_000_000, None), (None, None)],
)
def test_responses_tell_their_beginning_and_end(completed_at: Any, expected: int | None) -> None:
    """A difference of no whole second says less than the headers do."""
    body = {"created_at": 1_700_000_000, "completed_at": completed_at}

    assert server_times(body) == ServerTimes(duration_us=expected)


def test_a_reply_that_tells_nothing() -> None:
    assert server_times(None) == ServerTimes()
