"""How OpenAI, Azure and their like refuse a prompt, each in its own spelling."""

from __future__ import annotations

from typing import Any, NamedTuple

from audit.simulator.ask import Ask
from audit.simulator.azure_filters import blocked_prompt_results
from audit.simulator.reply import Reply, Tells, json_reply

__all__ = ["blocked_prompt"]


class _Refusal(NamedTuple):
    status: int
    error: dict[str, Any]


def blocked_prompt(ask: Ask) -> Reply:
    """Return the error for a prompt that a filter refused."""
    category = ask.script.value("prompt_blocked", "violence")
    refusal = _refusal(ask, category)
    tells = Tells(error=str(refusal.error["code"]), outcome="blocked_prompt")
    return json_reply({"error": refusal.error}, tells, status=refusal.status)


def _refusal(ask: Ask, category: str) -> _Refusal:
    if ask.provider in ("azure", "router") and ask.format == "responses":
        return _Refusal(400, _response_error(category))
    if ask.format == "images":
        return _Refusal(400, _image_error(ask, category))
    if ask.provider == "azure":
        return _Refusal(400, _azure_error(category))
    if ask.provider == "openrouter":
        metadata = {"reasons": [category], "flagged_input": ask.prompt[:100], "provider_name": "Simulated"}
        message = "Your chosen model requires moderation and your input was flagged"
        return _Refusal(403, {"code": 403, "message": message, "metadata": metadata | {"model_slug": ask.model}})
    message = "Invalid prompt: flagged as potentially violating our usage policy."
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": "invalid_prompt"}
    return _Refusal(400, error)


def _azure_error(category: str) -> dict[str, Any]:
    results = blocked_prompt_results(category)
    inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": results}
    return {
        "message": _MESSAGE,
        "type": None,
        "param": "prompt",
        "code": "content_filter",
        "status": 400,
        "innererror": inner,
    }


def _response_error(category: str) -> dict[str, Any]:
    entry = {
        "blocked": True,
        "source_type": "prompt",
        "content_filter_raw": [],
        "content_filter_results": blocked_prompt_results(category),
        "content_filter_offsets": {"start_offset": 0, "end_offset": 119, "check_offset": 0},
    }
    return {
        "message": _MESSAGE,
        "type": "invalid_request_error",
        "param": "prompt",
        "code": "content_filter",
        "content_filters": [entry],
        "innererror": {"code": "ContentFiltered"},
    }


def _image_error(ask: Ask, category: str) -> dict[str, Any]:
    error: dict[str, Any] = {
        "message": "Your request was rejected by the safety system.",
        "type": "invalid_request_error",
    }
    if ask.provider == "azure":
        results = blocked_prompt_results(category)
        inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_results": results}
        return error | {"code": "content_policy_violation", "inner_error": inner}
    dalle = "dall-e" in ask.model
    return error | {"param": None, "code": "content_policy_violation" if dalle else "moderation_blocked"}


_MESSAGE = "The prompt was filtered by the content management policy. Please modify it and try again."
