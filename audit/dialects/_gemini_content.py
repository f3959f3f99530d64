"""Contents and parts of Google's format, in requests and replies.

https://ai.google.dev/api/caching#Content
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from audit.call import Message, Part
from audit.dialects._fields import compact, dig, items, mapping, text
from audit.dialects._parts import linked, media, said, spoken, tool_call, tool_result

__all__ = ["content_messages", "content_parts", "request_messages", "whole_calls"]


def request_messages(request: Any) -> tuple[Message, ...]:
    """Return the system instruction and the conversation so far."""
    system = _either(mapping(request), "systemInstruction", "system_instruction")
    return said("system", content_parts(system)) + content_messages(dig(request, "contents"))


def content_messages(contents: Any) -> tuple[Message, ...]:
    """Return the messages of a list of contents, a single content, or text alone, which SDKs accept too."""
    turns = contents if isinstance(contents, list) else [contents]
    return tuple(message for turn in turns for message in said(dig(turn, "role"), content_parts(turn)))


def content_parts(content: Any) -> tuple[Part, ...]:
    """Return the parts of one content."""
    if isinstance(content, str):
        return spoken(content)
    parts = dig(content, "parts")
    return tuple(piece for part in (parts if isinstance(parts, list) else [parts]) for piece in _part(part))


def whole_calls(parts: Iterable[Any]) -> list[Any]:
    """Return the parts of a stream with every call whole: a call without a name goes on with the one before it."""
    whole: list[Any] = []
    for part in parts:
        call, before = dig(part, "functionCall"), dig(whole[-1] if whole else None, "functionCall")
        if isinstance(call, dict) and isinstance(before, dict) and not call.get("name"):
            pieces = [*items(before.get("partialArgs")), *items(call.get("partialArgs"))]
            whole[-1] = {"functionCall": {**before, "partialArgs": pieces}}
        else:
            whole.append(part)
    return whole


def _part(part: Any) -> tuple[Part, ...]:
    if isinstance(part, str):
        return spoken(part)
    part = mapping(part)
    if "text" in part:
        return spoken(part["text"], "reasoning" if part.get("thought") is True else "text")
    for names, read in _READERS.items():
        if (value := _either(part, *names)) is not None:
            return (read(mapping(value)),)
    return tuple(_other(name, value) for name, value in part.items() if name not in _NOT_CONTENT)


def _other(name: str, value: Any) -> Part:
    return Part(kind=text(name) or "unknown", text=compact(value))


def _either(value: dict[str, Any], *names: str) -> Any:
    """Requests may be spelt in camelCase or, as protobuf's JSON allows, in snake_case."""
    return next((value[name] for name in names if value.get(name) is not None), None)


def _inline(blob: dict[str, Any]) -> Part:
    return media(_either(blob, "mimeType", "mime_type"), blob.get("data"))


def _file(value: dict[str, Any]) -> Part:
    return linked(_either(value, "fileUri", "file_uri"), _either(value, "mimeType", "mime_type"))


def _call(value: dict[str, Any]) -> Part:
    pieces = value.get("partialArgs")
    arguments = value.get("args") if pieces is None else _arguments(items(pieces))
    return tool_call(_either(value, "name", "toolType", "tool_type"), arguments)


def _arguments(pieces: list[Any]) -> dict[str, Any]:
    """Streamed arguments, by the JSON path that each piece belongs to; pieces of a text follow on each other."""
    arguments: dict[str, Any] = {}
    for piece in map(mapping, pieces):
        path = text(piece.get("jsonPath")) or "$"
        value = next((piece[name] for name in ("stringValue", "numberValue", "boolValue") if name in piece), None)
        before = arguments.get(path)
        arguments[path] = before + value if isinstance(before, str) and isinstance(value, str) else value
    return arguments


def _response(value: dict[str, Any]) -> Part:
    return tool_result(value.get("response"), name=_either(value, "name", "toolType", "tool_type"))


def _code(value: dict[str, Any]) -> Part:
    return Part(kind="tool_call", name="code_execution", text=text(value.get("code")) or "")


def _code_result(value: dict[str, Any]) -> Part:
    return tool_result(_either(value, "output", "outcome"), name="code_execution")


_READERS = {
    ("inlineData", "inline_data"): _inline,
    ("fileData", "file_data"): _file,
    ("functionCall", "function_call"): _call,
    ("functionResponse", "function_response"): _response,
    ("executableCode", "executable_code"): _code,
    ("codeExecutionResult", "code_execution_result"): _code_result,
    ("toolCall", "tool_call"): _call,
    ("toolResponse", "tool_response"): _response,
}
_NOT_CONTENT = (
    "thought",
    "thoughtSignature",
    "thought_signature",
    "videoMetadata",
    "video_metadata",
    "mediaResolution",
    "media_resolution",
    "partMetadata",
    "part_metadata",
)
