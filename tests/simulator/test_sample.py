"""The router's documented example is served word for word."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

SAMPLE = {"model": "codex-mini-latest", "input": [{"role": "user", "content": "hello"}]}


@pytest.mark.parametrize("path", ["/v1/responsesd", "/router/v1/responsesd"])
def test_the_example_is_served_as_documented(base_url: str, path: str) -> None:
    """Asked for codex-mini-latest, o3-pro answers, six seconds later by its own clock."""
    reply: dict[str, Any] = httpx2.post(base_url + path, json=SAMPLE).json()

    assert reply["model"] == "o3-pro"
    assert reply["completed_at"] - reply["created_at"] == 6
    assert reply["usage"]["total_tokens"] == 22
    assert reply["content_filters"][0]["content_filter_offsets"]["start_offset"] == 30


@pytest.mark.parametrize("other", [{"stream": True}, {"input": "hello there"}, {"model": "gpt-5"}])
def test_any_other_request_is_answered_as_usual(base_url: str, other: dict[str, Any]) -> None:
    """Only the example's own request gets its reply."""
    reply = httpx2.post(f"{base_url}/router/v1/responsesd", json={**SAMPLE, **other})

    assert "resp_0a22d4ee" not in reply.text
