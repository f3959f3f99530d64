"""Reads what the simulator sends, by itself: neither the simulator's code nor the product's."""

from __future__ import annotations

import json
from typing import Any

import httpx2

CHAT = "/v1/chat/completions"
AZURE = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
PROMPT = "Tell me something about harbours"


def chat(model: str = "gpt-4o", prompt: str = PROMPT, **more: Any) -> dict[str, Any]:
    """A chat completion's request."""
    return {"model": model, "messages": [{"role": "user", "content": prompt}], **more}


def claude(model: str = "claude-sonnet-4-5", prompt: str = PROMPT, **more: Any) -> dict[str, Any]:
    """A message's request."""
    return {"max_tokens": 1000, **chat(model, prompt, **more)}


def gemini(prompt: str = PROMPT, **more: Any) -> dict[str, Any]:
    """A generateContent request."""
    return {"contents": [{"role": "user", "parts": [{"text": prompt}]}], **more}


def events(response: httpx2.Response, end: str = "\n") -> list[tuple[str, str]]:
    """The stream's events as (name, data); comments are left out."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/event-stream"
    assert response.text.endswith(2 * end)
    found = []
    for block in response.text.removesuffix(2 * end).split(2 * end):
        fields = dict(line.split(": ", 1) for line in block.split(end) if not line.startswith(":"))
        if fields:
            found.append((fields.get("event", ""), fields["data"]))
    return found


def chunks(response: httpx2.Response, end: str = "\n") -> list[Any]:
    """The JSON of every event but `[DONE]`."""
    return [json.loads(data) for _, data in events(response, end) if data != "[DONE]"]


def text_of(parts: list[Any]) -> str:
    """The first choice's text of a chat stream."""
    choices = [choice for chunk in parts for choice in chunk["choices"] if choice["index"] == 0]
    return "".join(choice.get("delta", {}).get("content") or "" for choice in choices)
