"""What there is to charge for, as quantities that never overlap.

Providers mean different things by input and output (`Usage` says which), and some tell parts that are larger than
the whole. Here every token stands in one place only, none is negative, and the tokens of each side add up to
`Usage.all_input_tokens` and `Usage.all_output_tokens` (but for what only the total shows: audio beside the input,
thoughts beside the output).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from audit.call import Operation, Usage

__all__ = ["Quantities", "quantities_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantities:
    """How much of what; units without any are left out."""

    units: Mapping[str, int | Decimal]
    context_tokens: int
    """The whole request's input, by which tiered prices choose their tier."""
    partial: bool = False
    """The reply broke off: there was more."""


def quantities_of(usage: Usage, operation: Operation) -> Quantities | None:
    """Return what is to be charged for; None when the figures do not tell how much was put in."""
    usage = _as_billed(usage)
    tokens = usage.input_tokens
    if tokens is None and operation in _ALL_INPUT:
        tokens = usage.total_tokens
    if tokens is None and usage.audio_seconds is None:
        return None
    taken = _taken(usage, tokens or 0)
    units: dict[str, int | Decimal] = {**taken, **_made(usage)}
    units["web_search"] = usage.web_searches or 0
    units["audio_second"] = usage.audio_seconds or 0
    return Quantities(
        units={unit: quantity for unit, quantity in units.items() if quantity > 0},
        context_tokens=sum(taken.values()),
        partial=usage.partial,
    )


def _as_billed(usage: Usage) -> Usage:
    """Return the figures of the bill, where the reply tells one: it has no parts."""
    if usage.billed_input_tokens is None:
        return usage
    return Usage(
        input_tokens=usage.billed_input_tokens,
        output_tokens=usage.billed_output_tokens,
        web_searches=usage.web_searches,
        partial=usage.partial,
    )


def _taken(usage: Usage, tokens: int) -> dict[str, int]:
    read, written = usage.cached_input_tokens or 0, usage.cache_write_tokens or 0
    fresh = tokens
    if usage.input_includes_cached:  # what the whole cannot hold is left out: Azure's Grok tells 161 cached of 24
        read = min(read, tokens)
        written = min(written, tokens - read)
        fresh = tokens - read - written
    written_1h = min(usage.cache_write_1h_tokens or 0, written)
    audio = usage.input_audio_tokens or 0
    beside = audio if _audio_beside(usage) else 0
    audio, read_audio = _spread(audio - beside, fresh, read)
    image, read_image = _spread(usage.input_image_tokens or 0, fresh - audio, read - read_audio)
    return {
        "input": fresh - audio - image,
        "tool_input": usage.tool_use_input_tokens or 0,
        "audio_input": audio + beside,
        "image_input": image,
        "cache_read": read - read_audio - read_image,
        "cache_read_audio": read_audio,
        "cache_read_image": read_image,
        "cache_write": written - written_1h,
        "cache_write_1h": written_1h,
    }


def _spread(media: int, fresh: int, read: int) -> tuple[int, int]:
    """Take sound or images for uncached as far as they fit; no more of them is cached than the figures force."""
    uncached = min(media, fresh)
    return uncached, min(media - uncached, read)


def _audio_beside(usage: Usage) -> bool:
    """Mistral leaves audio tokens out of its input figure; only the total shows it."""
    if usage.total_tokens is None or not usage.input_audio_tokens:
        return False
    return usage.total_tokens == (usage.input_tokens or 0) + (usage.output_tokens or 0) + usage.input_audio_tokens


def _made(usage: Usage) -> dict[str, int]:
    tokens = (usage.all_output_tokens or 0) + _untold(usage)
    image = min(usage.output_image_tokens or 0, tokens)
    audio = min(usage.output_audio_tokens or 0, tokens - image)
    reasoning = min(usage.reasoning_tokens or 0, tokens - image - audio)
    return {
        "output": tokens - image - audio - reasoning,
        "reasoning": reasoning,
        "audio_output": audio,
        "image_output": image,
    }


def _untold(usage: Usage) -> int:
    """Gemini's OpenAI-compatible endpoint leaves thoughts out of its output and tells them by the total alone."""
    if usage.output_includes_reasoning or usage.reasoning_tokens is not None or usage.output_tokens is None:
        return 0
    return max((usage.total_tokens or 0) - (usage.all_input_tokens or 0) - usage.output_tokens, 0)


_ALL_INPUT = (Operation.EMBEDDINGS, Operation.RERANK)
"""Voyage, Jina and others tell only a total for these."""
