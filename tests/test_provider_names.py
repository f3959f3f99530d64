from __future__ import annotations

import pytest

from audit.provider_names import provider_of


@pytest.mark.parametrize(
    ("host", "provider"),
    [
        ("api.openai.com", "openai"),
        ("our-resource.openai.azure.com", "azure.ai.openai"),
        ("our-resource.services.ai.azure.com", "azure.ai.inference"),
        ("api.anthropic.com", "anthropic"),
        ("generativelanguage.googleapis.com", "gcp.gemini"),
        ("europe-west4-aiplatform.googleapis.com", "gcp.vertex_ai"),
        ("bedrock-runtime.us-east-1.amazonaws.com", "aws.bedrock"),
        ("api.x.ai", "x_ai"),
        ("ai-gateway.vercel.sh", "vercel"),
        ("open.bigmodel.cn", "zai"),
        ("openai.com.example", "openai.com.example"),
        ("notopenai.com", "notopenai.com"),
        ("localhost", "localhost"),
        ("", ""),
    ],
)
def test_a_host_tells_the_provider_or_is_its_own_name(host: str, provider: str) -> None:
    assert provider_of(host) == provider
