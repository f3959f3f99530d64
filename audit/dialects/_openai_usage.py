"""Token figures of OpenAI-like replies, whichever of their many names they come under.

https://platform.openai.com/docs/api-reference/chat/object (`usage`), …/responses/object, …/images/object;
DeepSeek, Mistral, Moonshot, Databricks and gateways in front of Claude have names of their own for cached tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from audit.call import Usage
from audit.dialects._fields import count, decimal, dig, flag, mapping, text

__all__ = ["usage_notes", "usage_of"]

_INPUT_DETAILS = ("prompt_tokens_details", "input_tokens_details", "input_token_details", "prompt_token_details")
_OUTPUT_DETAILS = ("completion_tokens_details", "output_tokens_details", "output_token_details")
_TICKS_PER_DOLLAR = 10**10
"""https://docs.x.ai/docs/key-information/consumption-and-rate-limits (`cost_in_usd_ticks`)"""


def usage_of(usage: Any, *, service_tier: Any = None, partial: bool = False) -> Usage | None:
    """Return the figures of a `usage` object; None when it has none."""
    told = mapping(usage)
    figures: dict[str, Any] = {name: _first(told, paths) for name, paths in _PATHS.items()}
    seconds = decimal(dig(usage, "seconds")) or decimal(dig(usage, "prompt_audio_seconds"))
    cost = _reported_cost(usage)
    if seconds is None and cost is None and all(figure is None for figure in figures.values()):
        return None
    return Usage(
        **figures,
        audio_seconds=seconds,
        reported_cost=cost,
        service_tier=text(service_tier) or text(dig(usage, "service_tier")),
        output_includes_reasoning=_includes_reasoning(figures),
        partial=partial,
    )


def usage_notes(usage: Usage | None) -> tuple[str, ...]:
    """Return a note when the total counts tokens that no other figure explains.

    Gemini's OpenAI-compatible endpoint leaves its thoughts out of `completion_tokens` and does not tell them;
    Mistral leaves audio out of `prompt_tokens`.
    """
    if usage is None or None in (usage.input_tokens, usage.output_tokens, usage.total_tokens):
        return ()
    extra = (usage.total_tokens or 0) - (usage.input_tokens or 0) - (usage.output_tokens or 0)
    if extra <= 0 or (usage.reasoning_tokens is not None and not usage.output_includes_reasoning):
        return ()
    return (f"usage: total_tokens counts {extra} more than input and output",)


def _first(usage: Mapping[str, Any], paths: tuple[tuple[str, ...], ...]) -> int | None:
    here = (path for path in paths if path[0] in usage)  # few are, and this is done for every call
    return next((found for path in here if (found := count(dig(usage, *path))) is not None), None)


def _includes_reasoning(figures: Mapping[str, int | None]) -> bool:
    """xAI's chat completions and Gemini behind gateways leave reasoning out; only the sums show it."""
    output, reasoning, total = figures["output_tokens"], figures["reasoning_tokens"], figures["total_tokens"]
    if output is None:
        return True
    if reasoning is not None and reasoning > output:
        return False
    extra = (total or 0) - (figures["input_tokens"] or 0) - output
    if total is None or extra <= 0 or extra == figures["input_audio_tokens"]:
        return True
    return reasoning is not None and extra < reasoning


def _reported_cost(usage: Any) -> Decimal | None:
    """US dollars: OpenRouter, Vercel and Perplexity say `cost`, xAI counts in ten-billionths."""
    cost = decimal(dig(usage, "cost"))
    if cost is None:
        cost = decimal(dig(usage, "cost", "total_cost"))
    if cost is not None and flag(dig(usage, "is_byok")):
        # With a key of one's own, OpenRouter's `cost` is its fee alone, and the provider charges the rest.
        # https://openrouter.ai/docs/use-cases/usage-accounting
        cost += decimal(dig(usage, "cost_details", "upstream_inference_cost")) or 0
    ticks = decimal(dig(usage, "cost_in_usd_ticks"))
    if cost is None and ticks:  # Azure's Grok says 0 ticks, which is not its price
        cost = ticks / _TICKS_PER_DOLLAR
    return cost


def _details(names: tuple[str, ...], *fields: str) -> tuple[tuple[str, ...], ...]:
    return tuple((name, field) for field in fields for name in names)


_PATHS: dict[str, tuple[tuple[str, ...], ...]] = {
    "input_tokens": (("prompt_tokens",), ("input_tokens",)),
    "output_tokens": (("completion_tokens",), ("output_tokens",)),
    "total_tokens": (("total_tokens",),),
    "cached_input_tokens": (
        *_details(_INPUT_DETAILS, "cached_tokens"),
        ("prompt_cache_hit_tokens",),
        ("cached_tokens",),
        ("num_cached_tokens",),
        ("cache_read_input_tokens",),
    ),
    "cache_write_tokens": (
        *_details(_INPUT_DETAILS, "cache_write_tokens", "cache_creation_tokens"),
        ("cache_write_tokens",),
        ("cache_creation_input_tokens",),
    ),
    "reasoning_tokens": (*_details(_OUTPUT_DETAILS, "reasoning_tokens"), ("reasoning_tokens",)),
    "input_audio_tokens": (*_details(_INPUT_DETAILS, "audio_tokens"), ("audio_prompt_tokens",)),
    "output_audio_tokens": _details(_OUTPUT_DETAILS, "audio_tokens"),
    "input_image_tokens": _details(_INPUT_DETAILS, "image_tokens"),
    "output_image_tokens": _details(_OUTPUT_DETAILS, "image_tokens"),
    "web_searches": (
        ("server_tool_use_details", "web_search_requests"),
        ("server_tool_use", "web_search_requests"),
        ("server_side_tool_usage_details", "web_search_calls"),
        ("num_search_queries",),
    ),
}
