"""What requests with a list of messages say: Chat Completions, Messages, Converse and Ollama alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from audit.simulator.ask import Said, Tool

__all__ = ["json_object", "json_objects", "said", "tools_of", "whole"]


def said(messages: Any, system: Any = None) -> Said:
    """Return what messages and a system prompt say; a message is text or an object with content."""
    listed = [*([{"content": system}] if system else []), *(messages if isinstance(messages, list) else [messages])]
    contents = [one.get("content") or one if isinstance(one, dict) else one for one in listed]
    last = contents[-1] if contents else ""
    return Said(
        prompt=_spoken(last),
        text="\n".join(text for content in contents for text in _texts(content)),
        messages=len(contents),
        images=sum(_images(content) for content in contents),
    )


def tools_of(offered: Any, schema: str) -> tuple[Tool, ...]:
    """Return the tools offered, whose parameters stand under `schema`; what has no name is left out."""
    tools = [json_object(tool.get("function") or tool.get("toolSpec") or tool) for tool in json_objects(offered)]
    return tuple(
        Tool(name=tool["name"], parameters=_parameters(tool.get(schema))) for tool in tools if tool.get("name")
    )


def json_object(value: Any) -> Mapping[str, Any]:
    """Return an object, an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def json_objects(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects in a list, none in place of anything else."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def whole(value: Any) -> int | None:
    """Return a whole number from 0, None in place of anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _parameters(given: Any) -> Mapping[str, Any]:
    schema = json_object(given)
    return json_object(schema.get("json")) or schema  # Bedrock wraps it


def _spoken(content: Any) -> str:
    """Return the text of one message, without what tools returned."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else [content]
    return "\n".join(part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str))


def _texts(content: Any) -> Iterable[str]:
    """Yield every text that counts as input, tool calls and results too."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for part in content:
            yield from _texts(part)
    elif isinstance(content, dict):
        for key in _TEXTUAL:
            yield from _texts(content.get(key))


def _images(content: Any) -> int:
    parts = content if isinstance(content, list) else []
    return sum(isinstance(part, dict) and bool(_IMAGES & {part.get("type"), *part}) for part in parts)


_TEXTUAL = ("text", "content", "arguments", "output", "tool_calls", "function", "parts", "toolResult")
_IMAGES = {"image", "image_url", "input_image", "inlineData", "inline_data", "fileData"}
