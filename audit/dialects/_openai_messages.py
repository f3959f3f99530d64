"""Chat messages and their parts as OpenAI writes them, and as those write them who took the format over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from audit.call import Message, Part
from audit.dialects._fields import compact, dig, items, mapping, text
from audit.dialects._parts import joined, linked, media, said, spoken, tool_call

__all__ = ["chat_message", "content_parts", "prompt_messages", "request_messages"]


def request_messages(request: Any) -> tuple[Message, ...]:
    """Return what a chat request says."""
    messages = items(dig(request, "messages"))
    return tuple(said for message in messages for said in chat_message(message)) or prompt_messages(request)


def prompt_messages(request: Any, name: str = "prompt") -> tuple[Message, ...]:
    """Return the prompt of a request that has no messages: a text, a list of texts, parts or token ids."""
    prompt = dig(request, name)
    numbers = isinstance(prompt, list) and bool(prompt) and all(isinstance(one, int) for one in prompt)
    prompts = prompt if isinstance(prompt, list) and not numbers else [prompt]
    return said("user", (part for one in prompts for part in _prompt_parts(one)))


def chat_message(message: Any, role: str = "user") -> tuple[Message, ...]:
    """Return one message; none when it says nothing."""
    role = text(dig(message, "role")) or role
    parts = tuple(_message_parts(message))
    if role in ("tool", "function"):
        words = "\n".join(part.text for part in parts if part.kind == "text")
        others = (part for part in parts if part.kind != "text")
        parts = (Part(kind="tool_result", name=text(dig(message, "name")), text=words), *others)
    return said(role, parts)


def content_parts(content: Any) -> Iterator[Part]:
    """Yield the parts of a content: a text, a list of typed parts, or JSON that a server put in place of text."""
    if isinstance(content, dict) and "type" not in content:
        yield from spoken(compact(content))
        return
    for part in content if isinstance(content, list) else [content]:
        yield from _part(part)


def _prompt_parts(prompt: Any) -> Iterator[Part]:
    if isinstance(prompt, list):
        yield Part(kind="tokens", text=f"{len(prompt)} tokens")
    else:
        yield from content_parts(prompt)


def _message_parts(message: Any) -> Iterator[Part]:
    yield from joined(_reasoning(message))
    yield from content_parts(dig(message, "content"))
    yield from spoken(dig(message, "refusal"), "refusal")
    for call in (*items(dig(message, "tool_calls")), {"function": dig(message, "function_call")}):
        function = mapping(dig(call, "function")) or mapping(dig(call, "custom")) or mapping(call)
        name, arguments = function.get("name"), function.get("arguments", function.get("input"))
        if name or arguments:  # some servers send empty calls for none
            yield tool_call(name, arguments)
    audio = dig(message, "audio")
    yield from spoken(dig(audio, "transcript"))
    if text(dig(audio, "data")):
        yield media(None, audio["data"], kind="audio")
    yield from content_parts(dig(message, "images"))  # OpenRouter


def _reasoning(message: Any) -> Iterator[Part]:
    """The first of its three places that is filled: gateways repeat the same words in several."""
    for name in ("reasoning_content", "reasoning"):
        if words := text(dig(message, name)):
            yield from spoken(words, "reasoning")
            return
    for detail in items(dig(message, "reasoning_details")):
        yield from spoken(dig(detail, "text") or dig(detail, "summary"), "reasoning")


def _part(part: Any) -> Iterator[Part]:
    kind = text(dig(part, "type")) or "text"
    if not isinstance(part, dict):
        yield from spoken(part)
    elif kind in _TEXTS:
        yield from spoken(part.get("text"))
    elif kind in _REASONINGS:
        thoughts = part.get("text") or part.get("thinking")
        for thought in thoughts if isinstance(thoughts, list) else [{"text": thoughts}]:
            yield from spoken(dig(thought, "text"), "reasoning")
    elif kind == "refusal":
        yield from spoken(part.get("refusal"), "refusal")
    elif medium := next((medium for medium in _MEDIA if medium in kind), None):
        yield _medium(part, kind, "file" if medium == "document" else medium)
    else:
        yield Part(kind=kind, text=text(part.get("text")) or "")


def _medium(part: dict[str, Any], kind: str, medium: str) -> Part:
    """An image, a sound, a film or a file: by its address or id, or sent along as base64."""
    inner = part.get(kind)
    source = inner if isinstance(inner, dict) else {**part, "url": inner} if isinstance(inner, str) else part
    form = text(source.get("format"))
    media_type = source.get("media_type") or source.get("mime_type") or (f"{medium}/{form}" if form else None)
    for name in _SOURCES:
        if address := text(source.get(name)):
            bare = name in _DATA or len(address) > _LONGEST_ID
            if bare and ":" not in address[:10]:
                return media(media_type, address, kind=medium)
            return linked(address, media_type, kind=medium)
    return Part(kind=medium, media_type=text(media_type), text=text(source.get("filename")) or "")


_TEXTS = frozenset({"text", "input_text", "output_text"})
_REASONINGS = frozenset({"thinking", "reasoning", "reasoning_text", "summary_text", "reasoning.text"})
_MEDIA = ("image", "audio", "video", "file", "document")
_DATA = ("data", "file_data", "b64_json")
_SOURCES = ("url", "image_url", "file_url", "document_url", "video_url", "file_id", *_DATA)
_LONGEST_ID = 300
"""Perplexity takes bare base64 where an address belongs."""
