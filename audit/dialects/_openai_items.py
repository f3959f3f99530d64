"""Items of the Responses API, asked and answered, as messages.

https://platform.openai.com/docs/api-reference/responses/object (`output`)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from audit.call import Message, Part
from audit.dialects._fields import compact, dig, items, mapping, text
from audit.dialects._openai_messages import content_parts
from audit.dialects._parts import media, said, spoken, tool_call

__all__ = ["input_messages", "output_messages", "refused"]


def input_messages(request: Any, instructions: Any = None) -> tuple[Message, ...]:
    """Return what a request says; `instructions` are the reply's, which spell out a stored prompt."""
    asked, stored = dig(request, "input"), dig(request, "prompt")
    system = dig(request, "instructions") or instructions
    return (
        *(_messages(system) if isinstance(system, list) else said("system", spoken(system))),
        *(said("user", _stored(stored)) if isinstance(stored, dict) else ()),
        *(_messages(asked) if isinstance(asked, list) else said("user", spoken(asked))),
    )


def output_messages(output: Any) -> tuple[Message, ...]:
    """Return what a reply says; all that the model did in a row is one message."""
    messages: list[Message] = []
    for message in _messages(output):
        if messages and messages[-1].role == message.role:
            message = Message(role=message.role, parts=messages.pop().parts + message.parts)
        messages.append(message)
    return tuple(messages)


def refused(output: Any) -> bool:
    """Return whether the model declined in words."""
    parts = (part for item in items(output) for part in items(dig(item, "content")))
    return any(dig(part, "type") == "refusal" and text(dig(part, "refusal")) for part in parts)


def _messages(value: Any) -> tuple[Message, ...]:
    return tuple(message for item in items(value) for message in _message(item))


def _message(item: Any) -> tuple[Message, ...]:
    kind = text(dig(item, "type")) or "message"
    if kind == "message" or "role" in mapping(item):
        return said(dig(item, "role") or "assistant", content_parts(dig(item, "content")))
    if kind.endswith("_output"):
        return said("tool", (_result(item),))
    return said("assistant", _action(item, kind))


def _action(item: Any, kind: str) -> Iterator[Part]:
    """What the model thought, called or made."""
    if kind == "reasoning":
        for part in (*items(dig(item, "summary")), *items(dig(item, "content"))):
            yield from spoken(dig(part, "text"), "reasoning")
    elif kind == "image_generation_call":
        yield from spoken(dig(item, "revised_prompt"))
        media_type = f"image/{dig(item, 'output_format') or 'png'}"
        if dig(item, "result"):
            yield media(media_type, dig(item, "result"), kind="image")
    elif kind in _CALLS or kind.endswith("_call"):
        what = next((value for name in _ARGUMENTS if (value := dig(item, name)) is not None), None)
        yield tool_call(dig(item, "name") or kind.removesuffix("_call"), what)
        if (result := dig(item, "output")) is not None:
            yield Part(kind="tool_result", name=text(dig(item, "name")), text=compact(result))
    else:
        yield Part(kind=kind)


def _result(item: Any) -> Part:
    """A tool's result: text, or a list of parts, of which those without text are told by their kind."""
    output = dig(item, "output")
    if isinstance(output, list):
        parts = tuple(content_parts(output))
        return Part(kind="tool_result", text="\n".join(part.text or f"[{part.kind}]" for part in parts))
    return Part(kind="tool_result", text=compact(output))


def _stored(prompt: dict[str, Any]) -> Iterator[Part]:
    yield Part(kind="prompt", name=text(prompt.get("id")))
    for value in mapping(prompt.get("variables")).values():
        yield from content_parts([value])


_CALLS = frozenset({"function_call", "custom_tool_call", "mcp_call"})
_ARGUMENTS = ("arguments", "input", "action", "queries", "code", "prompt")
"""Where the kinds of calls say what is asked of the tool."""
