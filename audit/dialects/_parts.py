"""Pieces of messages: what is shown and searched. Binary content is told by its size, never repeated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from audit.call import Message, Part
from audit.dialects._fields import compact, text

__all__ = ["base64_size", "joined", "linked", "media", "role_of", "said", "spoken", "tool_call", "tool_result"]

Parts = tuple[Part, ...]


def spoken(value: Any, kind: str = "text") -> Parts:
    """Return a part with the text, or none when there is no text."""
    words = text(value)
    return (Part(kind=kind, text=words),) if words else ()


def tool_call(name: Any, arguments: Any) -> Part:
    """Return a call of a tool, its arguments as JSON text."""
    return Part(kind="tool_call", name=text(name), text=compact(arguments))


def tool_result(content: Any, *, name: Any = None) -> Part:
    """Return what a tool gave back, as text."""
    return Part(kind="tool_result", name=text(name), text=compact(content))


def media(media_type: Any, data: Any, *, kind: str | None = None) -> Part:
    """Return content that was sent as base64, by its type and size."""
    named = text(media_type)
    return Part(kind=kind or _kind(named), media_type=named, size=base64_size(data))


def linked(url: Any, media_type: Any = None, *, kind: str | None = None) -> Part:
    """Return content that was sent by its address or id; a `data:` URL as content sent with the message."""
    address = text(url) or ""
    if address.startswith("data:"):
        head, _, data = address[5:].partition(",")
        return media(head.partition(";")[0] or media_type, data, kind=kind)
    named = text(media_type)
    return Part(kind=kind or _kind(named), media_type=named, text=address)


def base64_size(data: Any) -> int | None:
    """Return how many bytes base64 text stands for."""
    if not isinstance(data, str):
        return None
    return (len(data) - data.count("\n") - data[-4:].count("=")) * 3 // 4


def joined(parts: Iterable[Part]) -> Parts:
    """Return the parts of a stream, text and reasoning that follow on each other in one."""
    runs: list[tuple[Part, list[str]]] = []
    for part in parts:
        if runs and part.kind == runs[-1][0].kind and part.kind in _FLOWING:
            runs[-1][1].append(part.text)
        else:
            runs.append((part, [part.text]))
    return tuple(replace(part, text="".join(pieces)) for part, pieces in runs)


def said(role: Any, parts: Iterable[Part]) -> tuple[Message, ...]:
    """Return a message, or none when nothing was said."""
    pieces = tuple(parts)
    return (Message(role=role_of(role), parts=pieces),) if pieces else ()


def role_of(role: Any) -> str:
    """Return a role by the name that most providers use; a role that nobody knows stays as it is."""
    word = text(role) or "user"
    return _ROLES.get(word.lower(), word)


def _kind(media_type: str | None) -> str:
    family = (media_type or "").partition("/")[0]
    return family if family in ("image", "audio", "video") else "file"


_FLOWING = ("text", "reasoning", "refusal")
_ROLES = {"model": "assistant", "chatbot": "assistant", "user": "user", "system": "system", "function": "tool"}
