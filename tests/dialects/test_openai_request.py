"""The model that a request asks for stands in its body or its URL."""

from __future__ import annotations

from typing import Any

import pytest

from audit.dialects._openai_request import model_requested
from tests.factories import a_transcript


@pytest.mark.parametrize(
    ("path", "request_", "expected"),
    [
        ("/v1/chat/completions", {"model": "gpt-4o"}, "gpt-4o"),
        ("/openai/deployments/mine/chat/completions", {"model": "gpt-4o"}, "gpt-4o"),
        ("/openai/deployments/mine/chat/completions?api-version=1", {}, "mine"),
        ("/openai/deployments/mine/images/generations", {"model": None}, "mine"),
        ("/v1/engines/ada/completions", None, "ada"),
        ("/serving-endpoints/my%20llama/invocations", None, "my llama"),
        ("/serving-endpoints/chat/completions", None, None),
        ("/v1/projects/p/publishers/mistralai/models/mistral-large-2411:streamRawPredict", {}, "mistral-large-2411"),
        ("/ml/v1/text/chat", {"model_id": "ibm/granite"}, "ibm/granite"),
        ("/v1/chat/completions", {"models": ["a/b", "c/d"]}, "a/b"),
        ("/v1/chat/completions", {"models": []}, None),
        ("/v1/chat/completions", ["model"], None),
    ],
)
def test_the_model(path: str, request_: Any, expected: str | None) -> None:
    assert model_requested(a_transcript(path, request=request_)) == expected
