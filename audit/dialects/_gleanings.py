"""What a reply tells in a format that nobody has described to us: by the words that most formats share.

They are looked for in the whole reply, but not in what the model wrote or was given. Of each figure, name and
finish reason the last counts, as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from audit.call import Usage
from audit.dialects._fields import count, text

__all__ = ["Gleanings", "glean"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gleanings:
    """What was found."""

    model: str | None
    finish_reason: str | None
    usage: Usage | None


def glean(bodies: Iterable[Any]) -> Gleanings:
    """Return what a reply's JSON, or that of a stream's events in their order, tells."""
    members = [member for body in bodies for member in _members(body, _DEEPEST)]
    figures: dict[str, int] = {}
    for name, value in members:
        figure, number = _FIGURES.get(name), count(value)
        if figure is not None and number is not None:
            figures[figure] = number
    return Gleanings(
        model=_last(members, _MODELS),
        finish_reason=_last(members, _FINISHES),
        # Where reasoning is larger than the output it is not part of it; elsewhere nothing tells.
        usage=Usage(
            input_tokens=figures.get("input"),
            output_tokens=figures.get("output"),
            total_tokens=figures.get("total"),
            cached_input_tokens=figures.get("cached"),
            cache_write_tokens=figures.get("written"),
            reasoning_tokens=figures.get("reasoning"),
            output_includes_reasoning=figures.get("reasoning", 0) <= figures.get("output", 0),
        )
        if figures
        else None,
    )


def _members(value: Any, depth: int) -> Iterator[tuple[str, Any]]:
    """Every member with its name, those of inner objects before their outer one's own: what is nearer the top wins."""
    if depth == 0:
        return
    if isinstance(value, list):
        for one in value[:_WIDEST]:
            yield from _members(one, depth - 1)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, list | dict) and name not in _WRITTEN:
                yield from _members(inner, depth - 1)
        yield from value.items()


def _last(members: Iterable[tuple[str, Any]], names: frozenset[str]) -> str | None:
    words = [text(value) for name, value in members if name in names and isinstance(value, str)]
    return next((word for word in reversed(words) if word and word not in _NO_WORDS), None)


_FIGURES = {
    name: figure
    for figure, names in {
        "input": "prompt_tokens input_tokens promptTokenCount inputTokens inputTokenCount input_token_count "
        "prompt_token_count inputTextTokenCount prompt_eval_count tokens_evaluated total_input_tokens",
        "output": "completion_tokens output_tokens candidatesTokenCount outputTokens outputTokenCount "
        "output_token_count generation_token_count generated_token_count generated_tokens eval_count "
        "tokens_predicted total_output_tokens",
        "total": "total_tokens totalTokenCount totalTokens",
        "cached": "cached_tokens cache_read_input_tokens cachedContentTokenCount prompt_cache_hit_tokens "
        "cacheReadInputTokens cachedInputTokens",
        "written": "cache_write_tokens cache_creation_input_tokens cacheWriteInputTokens",
        "reasoning": "reasoning_tokens thinking_tokens thoughtsTokenCount reasoningTokens",
    }.items()
    for name in names.split()
}
_MODELS = frozenset({"model", "model_id", "modelId", "model_name", "modelVersion"})
_FINISHES = frozenset({"finish_reason", "finishReason", "stop_reason", "stopReason", "done_reason", "stop_type"})
_NO_WORDS = ("null", "none", "not_finished")
"""What DashScope, llama.cpp and watsonx write for an answer that goes on."""
_WRITTEN = frozenset(
    {"content", "parts", "text", "arguments", "input", "inputs", "prompt", "messages", "tools", "metadata", "embedding"}
)
_DEEPEST = 7
_WIDEST = 100
