"""Token figures as OpenAI's formats give them, and as its imitators do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audit.simulator.answer import Tokens
from audit.simulator.ask import Ask

__all__ = ["Figures", "chat_figures", "response_figures"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Usage as it is written, and what it tells; both empty when there is none."""

    wire: dict[str, Any] | None
    told: Mapping[str, int | None]


def chat_figures(ask: Ask, tokens: Tokens) -> Figures:
    """Return the usage of a chat completion: input holds the cached, output the reasoning (not at xAI)."""
    if "no_usage" in ask.script:
        return Figures(wire=None, told={})
    apart = ask.provider == "xai"
    output = tokens.output + (0 if apart else tokens.reasoning)
    total = tokens.input + tokens.output + tokens.reasoning
    details: dict[str, Any] = {"cached_tokens": tokens.cached, "audio_tokens": 0}
    writes = ask.provider in ("openai", "openrouter")
    if writes:
        details["cache_write_tokens"] = tokens.cache_write
    reasoning = {"reasoning_tokens": tokens.reasoning, "audio_tokens": 0}
    if ask.provider in ("openai", "azure"):
        reasoning |= {"accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0}
    wire = {
        "prompt_tokens": tokens.input,
        "completion_tokens": output,
        "total_tokens": total,
        "prompt_tokens_details": details,
        "completion_tokens_details": reasoning,
        **_extras(ask, tokens),
    }
    return Figures(wire=wire, told=_told(tokens, output, total, writes=writes))


def response_figures(ask: Ask, tokens: Tokens) -> Figures:
    """Return the usage of a Response."""
    if "no_usage" in ask.script:
        return Figures(wire=None, told={})
    output = tokens.output + tokens.reasoning
    details = {"cached_tokens": tokens.cached}
    writes = ask.provider == "openai"
    if writes:
        details["cache_write_tokens"] = tokens.cache_write
    wire = {
        "input_tokens": tokens.input,
        "input_tokens_details": details,
        "output_tokens": output,
        "output_tokens_details": {"reasoning_tokens": tokens.reasoning},
        "total_tokens": tokens.input + output,
    }
    return Figures(wire=wire, told=_told(tokens, output, tokens.input + output, writes=writes))


def _told(tokens: Tokens, output: int, total: int, *, writes: bool) -> dict[str, int | None]:
    return {
        "input_tokens": tokens.input,
        "output_tokens": output,
        "total_tokens": total,
        "cached_input_tokens": tokens.cached,
        "cache_write_tokens": tokens.cache_write if writes else None,
        "reasoning_tokens": tokens.reasoning,
    }


def _extras(ask: Ask, tokens: Tokens) -> dict[str, Any]:
    output = tokens.output + tokens.reasoning
    first, total = ask.pace.first_ms, ask.pace.total_ms(tokens.output)
    if ask.provider == "azure":
        times = {"engine_ttft_ms": first, "user_visible_ttft_ms": first, "total_duration_ms": total}
        return {"latency_checkpoint": {name: int(time) for name, time in times.items()}}
    if ask.provider == "openrouter":
        cost = round(tokens.input * 1.5e-7 + output * 6e-7, 9)
        return {"cost": cost, "is_byok": False, "cost_details": {"upstream_inference_cost": None}}
    if ask.provider == "deepseek":
        missed = tokens.input - tokens.cached
        return {"prompt_cache_hit_tokens": tokens.cached, "prompt_cache_miss_tokens": missed}
    if ask.provider == "groq":
        return {"queue_time": 0.001, "prompt_time": first / 1000, "completion_time": (total - first) / 1000}
    if ask.provider == "xai":
        return {"num_sources_used": 0, "cost_in_usd_ticks": tokens.input * 20000 + output * 50000}
    return {}
