from __future__ import annotations

from audit.simulator.ask import Ask, Pace
from audit.simulator.headers import reply_headers

PACE = Pace(first_ms=200, token_ms=10)


def headers(provider: str, format_: str = "chat") -> dict[str, str]:
    return dict(reply_headers(Ask(provider=provider, format=format_, model="m", pace=PACE), "served", 30))


def test_each_provider_has_its_own() -> None:
    assert headers("openai")["openai-processing-ms"] == "500"
    assert headers("openai")["x-ratelimit-remaining-tokens"] == "199000"
    assert headers("anthropic", "messages")["anthropic-ratelimit-requests-limit"] == "500"
    assert headers("azure")["ms-azureml-model-time"] == "500"
    assert headers("xai")["x-metrics-ttft-ms"] == "200"
    assert headers("gemini", "gemini") == {"server-timing": "gfet4t7; dur=500"}
    assert set(headers("bedrock", "converse")) == {"x-amzn-requestid"}
    assert headers("ollama", "ollama") == {}


def test_request_ids_differ() -> None:
    assert headers("openai")["x-request-id"] != headers("openai")["x-request-id"]


def test_azure_names_what_it_knows() -> None:
    unknown = reply_headers(Ask(provider="azure", format="chat", model=""), None, 0)

    assert "x-ms-served-model" not in unknown
    assert "x-ms-deployment-name" not in unknown
    assert headers("azure")["x-ms-served-model"] == "served"


def test_an_odd_name_does_no_harm() -> None:
    odd = reply_headers(Ask(provider="azure", format="chat", model="é\n\ud83d"), "a b", 0)

    assert (odd["x-ms-deployment-name"], odd["x-ms-served-model"]) == ("???", "a b")
