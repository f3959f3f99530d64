"""Headers that providers put on their replies: request ids, limits, times."""

from __future__ import annotations

import re
from collections.abc import Mapping
from uuid import uuid4

from audit.simulator.ask import Ask
from audit.simulator.failures import family

__all__ = ["reply_headers"]


def reply_headers(ask: Ask, model: str | None, tokens: int) -> Mapping[str, str]:
    """Return the headers of any reply to a request, whatever its status."""
    took_ms = str(int(ask.pace.total_ms(tokens)))
    number = uuid4().hex
    kind = family(ask)
    if kind == "anthropic":
        return {"request-id": f"req_{number}", **_limits("anthropic-ratelimit", "2030-01-01T00:00:00Z", last=True)}
    if kind == "google":
        return {"server-timing": f"gfet4t7; dur={took_ms}"}
    if kind == "aws":
        return {"x-amzn-requestid": number}
    if kind == "azure":
        served = {"x-ms-served-model": _sendable(model)} if model else {}
        deployment = {"x-ms-deployment-name": _sendable(ask.model)} if ask.model else {}
        ids = {"apim-request-id": number, "x-request-id": number, "x-ms-region": "Simulated"}
        return {**ids, "ms-azureml-model-time": took_ms, **served, **deployment, **_limits("x-ratelimit", "20ms")}
    if kind == "ollama":
        return {}
    extra = {"x-metrics-ttft-ms": str(int(ask.pace.first_ms)), "x-metrics-e2e-ms": took_ms} if kind == "xai" else {}
    return {"x-request-id": f"req_{number}", "openai-processing-ms": took_ms, **_limits("x-ratelimit", "20ms"), **extra}


def _limits(start: str, reset: str, *, last: bool = False) -> dict[str, str]:
    figures = {"limit": ("500", "200000"), "remaining": ("499", "199000"), "reset": (reset, reset)}
    named = [(word, kind, value) for word, pair in figures.items() for kind, value in zip(_KINDS, pair, strict=True)]
    return {(f"{start}-{kind}-{word}" if last else f"{start}-{word}-{kind}"): value for word, kind, value in named}


def _sendable(name: str) -> str:
    """A model's name comes from the request and may hold what a header may not."""
    return re.sub(r"[^ -~]", "?", name).strip()


_KINDS = ("requests", "tokens")
