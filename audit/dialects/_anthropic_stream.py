"""A streamed Anthropic message, put together as if it had come in one piece.

Events: https://docs.anthropic.com/en/docs/build-with-claude/streaming
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from audit.dialects._fields import count, dig, mapping, text
from audit.dialects._reply import latest
from audit.wire.transcript import Frame

__all__ = ["Assembled", "assemble"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """A message as far as its stream has told it."""

    message: dict[str, Any]
    complete: bool
    """Whether `message_stop` came."""
    counted: bool
    """Whether the final usage came; before it, the output count is only a beginning."""
    first_content: int | None
    """The offset of the first event that carries content."""


def assemble(frames: Iterable[Frame]) -> Assembled:
    """Return the message that the events of a stream make up."""
    stream = _Stream()
    for frame in frames:
        event = mapping(frame.data)
        stream.take(text(event.get("type")) or frame.name, event, frame.end)
    return stream.result()


class _Stream:
    def __init__(self) -> None:
        self._message: dict[str, Any] = {}
        self._usage: dict[str, Any] = {}
        self._blocks: dict[int, dict[str, Any]] = {}
        self._grown: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
        self._stopped = self._counted = False
        self._first_content: int | None = None

    def take(self, kind: str, event: dict[str, Any], end: int) -> None:
        match kind:
            case "message_start":
                self._message = dict(mapping(event.get("message")))
                self._usage = latest(self._usage, mapping(self._message.get("usage")))
            case "content_block_start":
                block = mapping(event.get("content_block"))
                self._blocks[_index(event)] = block
                self._note_content(_begins(block), end)
            case "content_block_delta":
                self._note_content(self._grow(_index(event), mapping(event.get("delta"))), end)
            case "message_delta":
                self._message = latest(self._message, mapping(event.get("delta")))
                self._counted = self._counted or count(dig(event, "usage", "output_tokens")) is not None
                # Replaces what message_start said, for input too; what it leaves out stays.
                self._usage = latest(self._usage, mapping(event.get("usage")))
            case "message_stop":
                self._stopped = True

    def _note_content(self, carries: bool, end: int) -> None:
        if carries and self._first_content is None:
            self._first_content = end

    def _grow(self, index: int, delta: dict[str, Any]) -> bool:
        carries = False
        for name in _GROWING:
            if (piece := text(delta.get(name))) is not None:
                self._grown[index, name].append(piece)
                carries = True
        return carries

    def result(self) -> Assembled:
        indexes = sorted({*self._blocks, *(index for index, _ in self._grown)})
        content = [self._block(index) for index in indexes]
        return Assembled(
            message={**self._message, "content": content, "usage": self._usage or None},
            complete=self._stopped,
            counted=self._counted,
            first_content=self._first_content,
        )

    def _block(self, index: int) -> dict[str, Any]:
        block = dict(self._blocks.get(index, {}))
        for name, place, kind in _GROWTH:
            if pieces := self._grown.get((index, name)):
                begun = block.get(place)
                block[place] = (begun if isinstance(begun, str) else "") + "".join(pieces)
                block.setdefault("type", kind)
        return block


def _index(event: dict[str, Any]) -> int:
    index = count(event.get("index"))
    return -1 if index is None else index


def _begins(block: dict[str, Any]) -> bool:
    """Whether a block brings content with its start: a tool's name, a result, text that is not empty."""
    kind = block.get("type")
    return bool(block.get(kind)) if kind in ("text", "thinking") else bool(block)


_GROWTH = (
    ("text", "text", "text"),
    ("thinking", "thinking", "thinking"),
    ("partial_json", "input", "tool_use"),
)
"""A delta's member, the member of the block that it belongs to, and what a block is whose start was lost."""
_GROWING = tuple(name for name, _, _ in _GROWTH)
