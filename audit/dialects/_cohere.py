"""Messages and figures of Cohere's format.

https://docs.cohere.com/reference/chat
"""

from __future__ import annotations

from typing import Any

from audit.call import Message, Part, Usage
from audit.dialects._fields import compact, count, dig, items, mapping, text
from audit.dialects._parts import linked, said, spoken, tool_call, tool_result

__all__ = ["content_parts", "request_messages", "usage_of"]


def request_messages(request: Any) -> tuple[Message, ...]:
    """Return the conversation so far: version 2's `messages`; version 1's preamble, history and message; a prompt."""
    turns = [mapping(turn) for turn in items(dig(request, "chat_history")) + items(dig(request, "messages"))]
    conversation = (message for turn in turns for message in said(turn.get("role"), content_parts(turn)))
    asked = (*spoken(dig(request, "message")), *spoken(dig(request, "prompt")))
    results = tuple(tool_result(dig(one, "outputs")) for one in items(dig(request, "tool_results")))
    return (
        *said("system", spoken(dig(request, "preamble"))),
        *conversation,
        *said("user", asked),
        *said("tool", results),
    )


def content_parts(message: dict[str, Any]) -> tuple[Part, ...]:
    """Return the parts of a message of either version, or of a stream's delta."""
    content = message.get("content", message.get("message"))
    pieces = content if isinstance(content, list) else [content]
    if text(message.get("role")) == "tool":
        return (tool_result("\n".join(filter(None, map(_result_text, pieces)))),)
    calls = [mapping(call) for call in items(message.get("tool_calls"))]
    return (
        *spoken(message.get("tool_plan"), "reasoning"),
        *(part for piece in pieces for part in _piece(piece)),
        *map(_call, calls),
    )


def usage_of(told: dict[str, Any]) -> Usage | None:
    """Return what was processed, and beside it what is billed: Cohere's own prompt, a thousand tokens, nobody pays for.

    Where only the bill is told, that is all there is.
    """
    told = mapping(told.get("usage")) or mapping(told.get("meta"))
    billed, processed = mapping(told.get("billed_units")), mapping(told.get("tokens"))
    if not billed and not processed:
        return None
    return Usage(
        input_tokens=_figure("input_tokens", processed, billed),
        output_tokens=_figure("output_tokens", processed, billed),
        cached_input_tokens=count(told.get("cached_tokens")),
        reasoning_tokens=count(processed.get("reasoning_tokens")),
        billed_input_tokens=count(billed.get("input_tokens")),
        billed_output_tokens=count(billed.get("output_tokens")),
    )


def _figure(name: str, processed: dict[str, Any], billed: dict[str, Any]) -> int | None:
    figure = count(processed.get(name))
    return count(billed.get(name)) if figure is None else figure


def _piece(piece: Any) -> tuple[Part, ...]:
    if not isinstance(piece, dict):
        return spoken(piece)
    if "image_url" in piece:
        return (linked(dig(piece, "image_url", "url"), kind="image"),)
    if "document" in piece:
        return (Part(kind="file", text=compact(piece["document"])),)
    return (*spoken(piece.get("thinking"), "reasoning"), *spoken(piece.get("text")))


def _call(call: dict[str, Any]) -> Part:
    """Version 2 has `function {name, arguments}`, version 1 `{name, parameters}`."""
    function = mapping(call.get("function"))
    if function:
        return tool_call(function.get("name"), function.get("arguments"))
    return tool_call(call.get("name"), call.get("parameters"))


def _result_text(piece: Any) -> str:
    return compact(dig(piece, "text") or dig(piece, "document", "data") or piece)
