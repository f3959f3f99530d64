"""Messages of Bedrock's Converse, which Amazon's Nova uses inside InvokeModel too.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from audit.call import Message, Part, Usage
from audit.dialects._fields import compact, count, dig, items, mapping, text
from audit.dialects._parts import linked, media, said, spoken, tool_call, tool_result

__all__ = ["block_parts", "converse_usage", "event_parts", "request_messages"]


def request_messages(request: Any) -> tuple[Message, ...]:
    """Return the system prompt and the conversation so far."""
    turns = (mapping(turn) for turn in items(dig(request, "messages")))
    asked = (message for turn in turns for message in said(turn.get("role"), block_parts(turn.get("content"))))
    return (*said("system", block_parts(dig(request, "system"))), *asked)


def block_parts(blocks: Any) -> tuple[Part, ...]:
    """Return the parts of a list of content blocks."""
    if isinstance(blocks, str):
        return spoken(blocks)
    return tuple(part for block in items(blocks) for part in _block(mapping(block)))


def event_parts(events: Iterable[tuple[str, dict[str, Any]]]) -> tuple[Part, ...]:
    """Return the parts that a stream's contentBlockStart and contentBlockDelta events make up."""
    blocks: defaultdict[int, _Block] = defaultdict(_Block)
    for name, event in events:
        index = count(event.get("contentBlockIndex")) or 0
        if name == "contentBlockStart":
            blocks[index].begun = mapping(event.get("start"))
        elif name == "contentBlockDelta":
            blocks[index].grow(mapping(event.get("delta")))
    return tuple(part for index in sorted(blocks) for part in blocks[index].parts())


def converse_usage(told: Any) -> Usage | None:
    """Return `usage`; Converse says `cacheReadInputTokens`, Nova's own format `cacheReadInputTokenCount`."""
    usage = mapping(told)
    if not usage:
        return None
    written = [row for row in items(usage.get("cacheDetails")) if dig(row, "ttl") == "1h"]
    return Usage(
        input_tokens=count(usage.get("inputTokens")),
        output_tokens=count(usage.get("outputTokens")),
        total_tokens=count(usage.get("totalTokens")),
        cached_input_tokens=_either(usage, "cacheReadInputTokens", "cacheReadInputTokenCount"),
        cache_write_tokens=_either(usage, "cacheWriteInputTokens", "cacheWriteInputTokenCount"),
        cache_write_1h_tokens=count(dig(written, 0, "inputTokens")),
        input_includes_cached=False,
    )


def _either(usage: dict[str, Any], name: str, other: str) -> int | None:
    value = count(usage.get(name))
    return count(usage.get(other)) if value is None else value


class _Block:
    """A content block that grows by deltas."""

    def __init__(self) -> None:
        self.begun: dict[str, Any] = {}
        self._words: defaultdict[str, list[str]] = defaultdict(list)
        self._whole: list[dict[str, Any]] = []

    def grow(self, delta: dict[str, Any]) -> None:
        pieces = [(kind, word) for kind, path in _GROWING.items() if (word := text(dig(delta, *path)))]
        for kind, word in pieces:
            self._words[kind].append(word)
        if not pieces and "reasoningContent" not in delta:  # there it is a signature, or redacted
            self._whole.append(delta)

    def parts(self) -> tuple[Part, ...]:
        words = {kind: "".join(pieces) for kind, pieces in self._words.items()}
        call = mapping(self.begun.get("toolUse"))
        calls = (tool_call(call.get("name"), words.get("tool_call")),) if call or "tool_call" in words else ()
        told = (*spoken(words.get("reasoning"), "reasoning"), *spoken(words.get("text")), *calls)
        return (*told, *block_parts(self._whole))


def _block(block: dict[str, Any]) -> tuple[Part, ...]:
    for name, value in block.items():
        if name in _NOT_CONTENT:
            continue
        if name == "text":
            return spoken(value)
        if name == "reasoningContent":
            return spoken(dig(value, "reasoningText", "text"), "reasoning")
        if name == "toolUse":
            return (tool_call(dig(value, "name"), dig(value, "input")),)
        if name == "toolResult":
            return _result(dig(value, "content"))
        if name in ("image", "document", "video", "audio"):
            return (_file(name, mapping(value)),)
        if name == "guardContent":
            return spoken(dig(value, "text", "text")) or block_parts([value])
        return (Part(kind=text(name) or "unknown", text=compact(value)),)
    return ()


def _result(content: Any) -> tuple[Part, ...]:
    """A tool's result: its words as one part, its images and files as parts of their own."""
    blocks = [mapping(block) for block in items(content)]
    words = [compact(block.get("text", block.get("json"))) for block in blocks]
    attached = block_parts([block for block in blocks if not block.keys() & {"text", "json"}])
    return (tool_result("\n".join(filter(None, words))), *attached)


def _file(kind: str, value: dict[str, Any]) -> Part:
    source = mapping(value.get("source"))
    media_type = _media_type(kind, text(value.get("format")))
    kind = "file" if kind == "document" else kind
    if "bytes" in source:
        return media(media_type, source["bytes"], kind=kind)
    return linked(dig(source, "s3Location", "uri") or value.get("name"), media_type, kind=kind)


def _media_type(kind: str, form: str | None) -> str | None:
    """Amazon writes only a file's form."""
    if form is None:
        return None
    return _DOCUMENTS.get(form, f"application/{form}") if kind == "document" else f"{kind}/{form}"


_DOCUMENTS = {"txt": "text/plain", "md": "text/markdown", "csv": "text/csv", "html": "text/html"}
_GROWING = {
    "text": ("text",),
    "reasoning": ("reasoningContent", "text"),
    "tool_call": ("toolUse", "input"),
}
"""What a delta adds to, and where the piece stands in it."""
_NOT_CONTENT = ("cachePoint",)
