from __future__ import annotations

import pytest

from audit.canary.address import join
from audit.errors import PromptError

CHAT = "/v1/chat/completions"
GEMINI = "/v1beta/models/gemini-3.6-flash:streamGenerateContent?alt=sse"


@pytest.mark.parametrize(
    ("base_url", "path", "url"),
    [
        ("https://api.openai.com", CHAT, "https://api.openai.com/v1/chat/completions"),
        ("https://api.openai.com/", CHAT, "https://api.openai.com/v1/chat/completions"),
        ("https://api.openai.com/v1", CHAT, "https://api.openai.com/v1/chat/completions"),
        (" https://api.openai.com/v1/ ", CHAT, "https://api.openai.com/v1/chat/completions"),
        ("https://openrouter.ai/api/v1", CHAT, "https://openrouter.ai/api/v1/chat/completions"),
        ("https://api.groq.com/openai", CHAT, "https://api.groq.com/openai/v1/chat/completions"),
        ("https://api.z.ai/api/paas/v4", CHAT, "https://api.z.ai/api/paas/v4/chat/completions"),
        ("http://127.0.0.1:8080/v1", CHAT, "http://127.0.0.1:8080/v1/chat/completions"),
        (
            "https://generativelanguage.googleapis.com/v1beta/openai/",
            CHAT,
            "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
        ),
        (
            "https://x.openai.azure.com/openai/deployments/gpt?api-version=2024-10-21",
            CHAT,
            "https://x.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=2024-10-21",
        ),
        (
            "https://models.example.com/inference/chat/completions",
            CHAT,
            "https://models.example.com/inference/chat/completions",
        ),
        (
            "https://generativelanguage.googleapis.com/v1beta",
            GEMINI,
            "https://generativelanguage.googleapis.com/v1beta/models/gemini-3.6-flash:streamGenerateContent?alt=sse",
        ),
        (
            "https://generativelanguage.googleapis.com?key-id=7",
            GEMINI,
            "https://generativelanguage.googleapis.com/v1beta/models/gemini-3.6-flash:streamGenerateContent"
            "?key-id=7&alt=sse",
        ),
        ("http://127.0.0.1:11434", "/api/chat", "http://127.0.0.1:11434/api/chat"),
        ("http://127.0.0.1:11434/v1/", "/api/chat", "http://127.0.0.1:11434/api/chat"),
        ("https://example.com/v1/bedrock", "/model/m/converse", "https://example.com/v1/bedrock/model/m/converse"),
        ("https://v1.example.com", CHAT, "https://v1.example.com/v1/chat/completions"),
        ("https://example.com/dev1", CHAT, "https://example.com/dev1/v1/chat/completions"),
    ],
)
def test_the_version_stands_once_and_the_query_stays(base_url: str, path: str, url: str) -> None:
    assert join(base_url, path) == url


@pytest.mark.parametrize(
    "base_url", ["", "api.openai.com/v1", "ftp://example.com", "https://", "https:///v1", "http://["]
)
def test_it_refuses_what_is_no_address(base_url: str) -> None:
    with pytest.raises(PromptError, match="must begin with https://"):
        join(base_url, CHAT)
