"""Streams of the Responses API, put together to the response they tell.

https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from audit.dialects._fields import count, dig, items, mapping, text
from audit.dialects._reply import latest
from audit.wire.transcript import Frame

__all__ = ["ToldResponse", "assembled", "bears_content"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldResponse:
    """A response as far as a stream told it."""

    body: dict[str, Any]
    ended: str | None
    """The terminal event: `completed`, `incomplete`, `failed`, …; None when the stream broke off before it."""


def assembled(frames: Sequence[Frame]) -> ToldResponse:
    """Return the response that the events make up.

    The terminal event has it whole. Of a stream that broke off, or of one whose end leaves the output out, the
    output is put together from its items and pieces.
    """
    events = [frame.data for frame in frames if isinstance(frame.data, dict)]
    body: dict[str, Any] = {}
    ended = None
    for event in events:
        if response := mapping(event.get("response")):
            body = latest(body, {name: value for name, value in response.items() if value != ""})
        match = _TERMINAL.fullmatch(text(event.get("type")) or "")
        ended = match.group(1) if match else ended
    if ended is None:
        body.pop("status", None)  # the last that was told is "in_progress", which is no finish
    if not items(body.get("output")):
        body["output"] = _output(events)
    return ToldResponse(body=body, ended=ended)


def bears_content(event: Any) -> bool:
    """Return whether an event carries a piece of the answer."""
    kind = text(dig(event, "type")) or ""
    return (kind.endswith(".delta") and bool(dig(event, "delta"))) or kind.endswith(".partial_image")


def _output(events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Items by `output_index`: as they were done, or as they were added with the pieces that came since."""
    found: dict[int, dict[str, Any]] = {}
    pieces: dict[int, dict[str, list[str]]] = {}
    for event in events:
        kind, place = text(event.get("type")) or "", count(event.get("output_index")) or 0
        if kind in ("response.output_item.added", "response.output_item.done"):
            found[place] = mapping(event.get("item"))
            if kind.endswith(".done"):
                pieces.pop(place, None)
        elif match := _DELTA.fullmatch(kind):
            pieces.setdefault(place, {}).setdefault(match.group(1), []).append(text(event.get("delta")) or "")
    joined = {place: {kind: "".join(said) for kind, said in kinds.items()} for place, kinds in pieces.items()}
    return [_open_item(found.get(place, {}), joined.get(place, {})) for place in sorted({*found, *joined})]


def _open_item(item: dict[str, Any], said: dict[str, str]) -> dict[str, Any]:
    """An item that was not done, with what came of it."""
    if not said:
        return item
    thoughts = [{"text": words} for kind, words in said.items() if kind.startswith("reasoning")]
    calls = [words for kind, words in said.items() if kind.endswith(("arguments", "input", "code"))]
    if thoughts:
        return {"type": "reasoning", **item, "summary": thoughts}
    if calls:
        return {"type": "function_call", **item, "arguments": calls[0]}
    content = [
        {"type": "refusal" if kind == "refusal" else "output_text", "text": words, "refusal": words}
        for kind, words in said.items()
    ]
    return {"type": "message", "role": "assistant", **item, "content": content}


_TERMINAL = re.compile(r"response\.(completed|incomplete|failed|cancelled|done)")
_DELTA = re.compile(
    r"""response\.(output_text|refusal|reasoning_summary_text|reasoning_text|function_call_arguments
    |custom_tool_call_input|mcp_call_arguments|code_interpreter_call_code)\.delta""",
    re.X,
)
