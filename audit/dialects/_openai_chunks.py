"""Streams of chat completions and completions, put together to what the same reply in one piece would be.

https://platform.openai.com/docs/api-reference/chat-streaming
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from audit.dialects._fields import count, dig, items, mapping, text
from audit.dialects._openai_choice import OpenChoice, piece_of
from audit.dialects._reply import latest
from audit.wire.transcript import Frame

__all__ = ["assembled", "bears_content"]


def assembled(frames: Iterable[Frame]) -> dict[str, Any]:
    """Return the reply that the chunks make up.

    Of each figure the last that is not null counts, as everywhere; ids and models that are empty, as in Azure's
    annotations, do not.
    """
    chunks = [frame.data for frame in frames if isinstance(frame.data, dict)]
    usage: dict[str, Any] = {}
    for figures in filter(None, (mapping(one) for chunk in chunks for one in _figures(chunk))):
        usage = latest(usage, figures)
    return {
        **{name: _last(chunks, name) for name in ("id", "model", "created", "service_tier")},
        **{name: mapping(_last(chunks, name)) for name in ("time_info", "latency_checkpoint")},
        "usage": usage,
        "choices": [choice.whole() for _, choice in sorted(_choices(chunks).items())],
    }


def bears_content(chunk: Any) -> bool:
    """Return whether a chunk carries a piece of the answer: the first with a role alone does not."""
    if _value(chunk):
        return True
    return any(
        bool(text(dig(choice, "text"))) or any(piece_of(choice).get(name) for name in _CONTENT)
        for choice in items(dig(chunk, "choices"))
    )


def _figures(chunk: dict[str, Any]) -> Iterator[Any]:
    """Where a chunk may have its usage: Groq's and Moonshot's own places, then everyone's."""
    yield dig(chunk, "x_groq", "usage")
    yield from (dig(choice, "usage") for choice in items(chunk.get("choices")))
    yield chunk.get("usage")


def _last(chunks: Sequence[dict[str, Any]], name: str) -> Any:
    return next((chunk[name] for chunk in reversed(chunks) if chunk.get(name)), None)


def _choices(chunks: Iterable[dict[str, Any]]) -> dict[int, OpenChoice]:
    choices: dict[int, OpenChoice] = {}
    for chunk in chunks:
        for position, choice in enumerate(items(chunk.get("choices")) or _value(chunk)):
            if isinstance(choice, dict):
                told = count(choice.get("index"))
                index = position if told is None else told
                choices.setdefault(index, OpenChoice(index)).add(choice)
    return choices


def _value(chunk: Any) -> list[Any]:
    """Writer's completions are streamed as `{"value": "text"}`."""
    words = text(dig(chunk, "value"))
    return [{"text": words}] if words else []


_CONTENT = (
    "content",
    "refusal",
    "tool_calls",
    "function_call",
    "reasoning",
    "reasoning_content",
    "reasoning_details",
    "audio",
    "images",
)
