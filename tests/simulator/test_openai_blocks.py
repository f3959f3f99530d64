from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2

from tests.simulator.wire import chat


def test_openrouter_refuses_with_403(client: httpx2.Client, row: Callable[[], Any]) -> None:
    response = client.post("/openrouter/api/v1/chat/completions", json=chat("openai/gpt-4o+prompt_blocked=hate"))
    error = response.json()["error"]

    assert (response.status_code, error["code"]) == (403, 403)
    assert error["metadata"]["reasons"] == ["hate"]
    assert error["metadata"]["flagged_input"]
    assert row()["outcome"] == "blocked_prompt"
