"""Anthropic messages, wherever they come: Anthropic's own API, Vertex, gateways, inside Bedrock's InvokeModel."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from audit.call import ErrorInfo, Message, Part, Source, Usage
from audit.dialects._anthropic_content import block_parts
from audit.dialects._anthropic_stream import assemble
from audit.dialects._fields import count, dig, items, mapping, text
from audit.dialects._findings import Block
from audit.dialects._parts import said, spoken
from audit.wire.transcript import Frame

__all__ = ["Answer", "block_of", "is_message", "read_answer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a reply says in Anthropic's terms."""

    model: str | None
    id: str | None
    finish_reason: str | None
    complete: bool | None
    usage: Usage | None
    output: tuple[Message, ...]
    block: Block
    notes: tuple[str, ...] = ()
    first_content: int | None = None
    """The offset in the plain body of the first event that carries content."""


def read_answer(body: Any, frames: Sequence[Frame] | None) -> Answer:
    """Return what is answered, in one piece (`body`) or as a stream's events."""
    if frames is None:
        return _answer(mapping(body), complete=True if text(dig(body, "stop_reason")) else None)
    told = assemble(frames)
    return _answer(told.message, complete=told.complete, partial=not told.counted, first_content=told.first_content)


def is_message(body: Any, frames: Sequence[Frame] | None) -> bool:
    """Return whether a reply looks like a message of this format."""
    if frames is None:
        return dig(body, "type") == "message" and isinstance(dig(body, "content"), list)
    return any(dig(frame.data, "type") == "message_start" for frame in frames[:_BEGINNING])


def block_of(error: ErrorInfo | None) -> Block:
    """Return the block that an error tells; Anthropic's is recognisable by its message only."""
    if error is None or not _WITHHELD.search(error.message):
        return Block()
    source = Source.PROMPT if error.message.lower().startswith("input") else Source.COMPLETION
    return Block(reasons=("error.message=content filtering policy",), source=source)


def _answer(
    message: dict[str, Any], *, complete: bool | None, partial: bool = False, first_content: int | None = None
) -> Answer:
    stop_reason = text(message.get("stop_reason"))
    parts = (*block_parts(message.get("content")), *_explanation(message))
    return Answer(
        model=text(message.get("model")),
        id=text(message.get("id")),
        finish_reason=stop_reason,
        complete=complete,
        usage=_usage(mapping(message.get("usage")), partial=partial),
        output=said(message.get("role") or "assistant", parts),
        block=_refused(message) if stop_reason == "refusal" else Block(),
        notes=_usage_notes(message.get("usage")),
        first_content=first_content,
    )


def _refused(message: dict[str, Any]) -> Block:
    """`refusal` is a classifier's verdict, not the model's words."""
    category = text(dig(message, "stop_details", "category"))
    details = (f"stop_details.category={category}",) if category else ()
    return Block(reasons=("stop_reason=refusal", *details), source=Source.COMPLETION)


def _explanation(message: dict[str, Any]) -> tuple[Part, ...]:
    return spoken(dig(message, "stop_details", "explanation"), "refusal")


def _usage(usage: dict[str, Any], *, partial: bool) -> Usage | None:
    if not usage:
        return None
    written = count(usage.get("cache_creation_input_tokens"))
    return Usage(
        input_tokens=count(usage.get("input_tokens")),
        output_tokens=count(usage.get("output_tokens")),
        cached_input_tokens=count(usage.get("cache_read_input_tokens")),
        cache_write_tokens=written,
        cache_write_1h_tokens=_written_1h(usage, written),
        reasoning_tokens=count(dig(usage, "output_tokens_details", "thinking_tokens")),
        web_searches=count(dig(usage, "server_tool_use", "web_search_requests")),
        service_tier=text(usage.get("service_tier")),
        input_includes_cached=False,
        partial=partial,
    )


def _usage_notes(usage: Any) -> tuple[str, ...]:
    """Compaction and advisors are other models' work, and stand outside the sums.

    https://docs.anthropic.com/en/docs/build-with-claude/compaction
    """
    apart = [one for one in items(dig(usage, "iterations")) if dig(one, "type") not in ("message", None)]
    kinds = dict.fromkeys(text(dig(one, "type")) or "" for one in apart)
    figures = (count(dig(one, name)) or 0 for one in apart for name in ("input_tokens", "output_tokens"))
    return (f"usage: {', '.join(kinds)} used {sum(figures)} tokens, in usage.iterations",) if apart else ()


def _written_1h(usage: dict[str, Any], written: int | None) -> int | None:
    """Only message_start breaks cache writes down; when the final sum is another, the breakdown is stale."""
    short = count(dig(usage, "cache_creation", "ephemeral_5m_input_tokens"))
    long = count(dig(usage, "cache_creation", "ephemeral_1h_input_tokens"))
    return long if written == (short or 0) + (long or 0) else None


_WITHHELD = re.compile(r"blocked by (the )?content filter", re.IGNORECASE)
_BEGINNING = 5
