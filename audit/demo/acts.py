"""Calls to make: who is asked, in which format, and what the fake provider is to play."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["PEOPLE", "PROVIDERS", "Act", "azure", "bedrock", "chat", "gemini", "messages", "ollama", "responses"]

PROVIDERS = (
    "router",
    "openai",
    "azure",
    "anthropic",
    "gemini",
    "vertex",
    "openrouter",
    "deepseek",
    "groq",
    "xai",
    "bedrock",
    "ollama",
)
"""The parts that the simulator plays, each below a path of its own."""

PEOPLE = (
    ("support-bot", "ada", "k-support"),
    ("code-review", "grace", "k-engineering"),
    ("research", "edsger", "k-engineering"),
    ("translations", "barbara", "k-content"),
)
"""Projects, who uses them, and whose key they use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One call to make."""

    provider: str
    path: str
    body: Mapping[str, Any] = field(default_factory=dict)
    scenario: str = ""
    """What the simulator is told to play, in its own words."""
    method: str = "POST"
    retries: int = 0
    """How often to try again, as the SDKs do: the same body, the attempt told in a header."""

    @property
    def content(self) -> bytes:
        """The body as it is sent."""
        return json.dumps(self.body).encode() if self.body else b""


def chat(
    provider: str, model: str, prompt: str, scenario: str = "", path: str = "/v1/chat/completions", **more: Any
) -> Act:
    """Return a call of OpenAI's chat completions."""
    said = [{"role": "system", "content": "Answer briefly."}, {"role": "user", "content": prompt}]
    retries = more.pop("retries", 0)
    body = {"model": model, "messages": said, **more}
    if more.get("stream"):
        body.setdefault("stream_options", {"include_usage": True})
    return Act(provider=provider, path=path, body=body, scenario=scenario, retries=retries)


def azure(deployment: str, prompt: str, scenario: str = "", **more: Any) -> Act:
    """Return a call of chat completions at a deployment of Azure's."""
    path = f"/openai/deployments/{deployment}/chat/completions?api-version=2025-04-01-preview"
    return chat("azure", deployment, prompt, scenario, path, **more)


def responses(
    provider: str, model: str, prompt: str, scenario: str = "", path: str = "/v1/responses", **more: Any
) -> Act:
    """Return a call of OpenAI's Responses."""
    body = {"model": model, "input": [{"role": "user", "content": prompt}], **more}
    return Act(provider=provider, path=path, body=body, scenario=scenario)


def messages(model: str, prompt: str, scenario: str = "", **more: Any) -> Act:
    """Return a call of Anthropic's Messages."""
    body = {"model": model, "max_tokens": 512, "messages": [{"role": "user", "content": prompt}], **more}
    return Act(provider="anthropic", path="/v1/messages", body=body, scenario=scenario)


def gemini(model: str, prompt: str, scenario: str = "", verb: str = "generateContent", provider: str = "gemini") -> Act:
    """Return a call of Gemini's, at Google's one front door or the other."""
    body = {"contents": [{"role": "user", "parts": [{"text": prompt}]}]}
    place = "/v1/projects/demo/locations/europe-west4/publishers/google" if provider == "vertex" else "/v1beta"
    return Act(provider=provider, path=f"{place}/models/{model}:{verb}", body=body, scenario=scenario)


def bedrock(prompt: str, scenario: str = "", verb: str = "converse") -> Act:
    """Return a call of Bedrock's Converse."""
    body = {"messages": [{"role": "user", "content": [{"text": prompt}]}], "inferenceConfig": {"maxTokens": 256}}
    return Act(provider="bedrock", path=f"/model/us.amazon.nova-lite-v1%3A0/{verb}", body=body, scenario=scenario)


def ollama(verb: str, prompt: str, scenario: str = "", *, stream: bool) -> Act:
    """Return a call of Ollama's own API."""
    said = {"messages": [{"role": "user", "content": prompt}]} if verb == "chat" else {"prompt": prompt}
    body = {"model": "llama3.2", **said, "stream": stream}
    return Act(provider="ollama", path=f"/api/{verb}", body=body, scenario=scenario)
