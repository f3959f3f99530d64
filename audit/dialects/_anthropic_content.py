"""Content blocks of Anthropic's Messages format, in requests and replies.

https://docs.anthropic.com/en/api/messages
"""

from __future__ import annotations

from typing import Any

from audit.call import Message, Part
from audit.dialects._fields import compact, dig, items, mapping, text
from audit.dialects._parts import linked, media, said, spoken, tool_call, tool_result

__all__ = ["block_parts", "request_messages"]


def request_messages(request: Any) -> tuple[Message, ...]:
    """Return the system prompt and the conversation so far."""
    system = said("system", block_parts(dig(request, "system")))
    turns = (mapping(turn) for turn in items(dig(request, "messages")))
    return system + tuple(
        message for turn in turns for message in said(turn.get("role"), block_parts(turn.get("content")))
    )


def block_parts(content: Any) -> tuple[Part, ...]:
    """Return the parts of a content: text, or a list of blocks."""
    if isinstance(content, list):
        return tuple(part for block in content for part in _block(block))
    return spoken(content)


def _block(block: Any) -> tuple[Part, ...]:
    if isinstance(block, str):
        return spoken(block)
    block = mapping(block)
    kind = text(block.get("type")) or ("text" if "text" in block else "unknown")
    if kind == "text":
        return spoken(block.get("text"))
    if kind == "thinking":
        return spoken(block.get("thinking"), "reasoning")
    if kind == "redacted_thinking":
        return (media(None, block.get("data"), kind="reasoning"),)
    if kind.endswith("tool_use"):
        return (tool_call(block.get("name"), block.get("input")),)
    if kind.endswith("tool_result"):
        return _result(block)
    if kind in ("image", "document"):
        return _source(block, "image" if kind == "image" else "file")
    if kind == "container_upload":
        return (linked(block.get("file_id")),)
    return (Part(kind=kind, text=_readable(block)),)


def _result(block: dict[str, Any]) -> tuple[Part, ...]:
    """A tool's result: its words as one part, its images and files as parts of their own."""
    content = block.get("content")
    blocks = items(content)
    attached = (part for one in blocks if dig(one, "type") in ("image", "document") for part in _block(one))
    words = [content] if not isinstance(content, list) else [one for one in blocks if "source" not in mapping(one)]
    return (tool_result("\n".join(filter(None, map(_readable, words)))), *attached)


def _source(block: dict[str, Any], kind: str) -> tuple[Part, ...]:
    source = mapping(block.get("source"))
    media_type = source.get("media_type")
    match source.get("type"):
        case "base64":
            return (media(media_type, source.get("data"), kind=kind),)
        case "text":
            return (Part(kind=kind, media_type=text(media_type), text=text(source.get("data")) or ""),)
        case "content":
            return block_parts(source.get("content"))
        case _:
            return (linked(source.get("url") or source.get("file_id"), media_type, kind=kind),)


def _readable(value: Any) -> str:
    """The words in a structure that nobody has described to us, without its encrypted ballast."""
    if isinstance(value, list):
        return "\n".join(filter(None, map(_readable, value)))
    if not isinstance(value, dict):
        return compact(value)
    return "\n".join(filter(None, (_readable(value[name]) for name in _WORDS if name in value)))


_WORDS = (
    "title",
    "url",
    "text",
    "stdout",
    "stderr",
    "error_code",
    "tool_name",
    "name",
    "tool_references",
    "content",
    "tool",
)
