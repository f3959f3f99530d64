"""A reply as frames of bytes, each with what it tells the reader."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from audit.simulator.scenarios import Script

__all__ = [
    "EVENT_STREAM",
    "OUTCOMES",
    "Frame",
    "Piece",
    "Reply",
    "Tells",
    "event",
    "gravest",
    "grouped",
    "json_bytes",
    "json_reply",
    "staged",
]

EVENT_STREAM = "text/event-stream"
OUTCOMES = ("not_assessed", "clean", "annotated", "filter_error", "masked", "blocked_completion", "blocked_prompt")
"""What the filters did, the gravest last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tells:
    """Facts that a reader knows once a frame has reached it; None is nothing new."""

    model: str | None = None
    response_id: str | None = None
    usage: Mapping[str, int | None] = field(default_factory=dict)
    """The provider's own figures; a later one replaces an earlier one."""
    finish: Mapping[int, str] = field(default_factory=dict)
    """Native finish reasons by choice."""
    outcome: str | None = None
    """What the filters did; of several frames' words the gravest holds."""
    refusal: bool = False
    complete: bool = False
    """The answer has reached its own end."""
    error: str | None = None
    """The native code of an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Bytes that are sent together."""

    data: bytes
    tokens: int = 0
    """How many tokens of the answer are in it."""
    closing: bool = False
    """It belongs to the answer's ending."""
    tells: Tells = Tells()
    pause_ms: float = 0
    """Waited for before it, above its tokens' time."""


class Piece(NamedTuple):
    """Text to be sent in one frame."""

    text: str
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A whole HTTP response."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json"
    frames: tuple[Frame, ...]
    """At least one."""
    streamed: bool = False
    breakage: tuple[Frame, ...] = ()
    """What is sent instead of the rest when the stream fails."""
    dropped: bool = False
    """The connection breaks after the last frame."""
    kept: Mapping[str, Reply] = field(default_factory=dict)
    """What a later GET of an id answers."""


def gravest(*outcomes: str | None) -> str:
    """Return the gravest of what filters did; None is no word at all."""
    return max((outcome for outcome in outcomes if outcome), key=OUTCOMES.index, default=OUTCOMES[0])


def json_bytes(value: Any) -> bytes:
    """Return JSON as UTF-8; a lone surrogate, which UTF-8 cannot hold, as its escape."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def json_reply(
    value: Any, tells: Tells, *, status: int = 200, headers: Mapping[str, str] | None = None, tokens: int = 0
) -> Reply:
    """Return a reply of one piece of JSON."""
    frame = Frame(data=json_bytes(value), tells=tells, tokens=tokens)
    return Reply(status=status, headers=headers or {}, frames=(frame,))


def event(value: Any, *, name: str = "", end: str = "\n") -> bytes:
    """Return a server-sent event."""
    opening = f"event: {name}{end}".encode() if name else b""
    data = value.encode() if isinstance(value, str) else json_bytes(value)
    return opening + b"data: " + data + 2 * end.encode()


def grouped(pieces: Sequence[str]) -> Iterator[Piece]:
    """Yield the text to be sent in each frame: a token each, more when there are very many."""
    size = len(pieces) // _MOST_FRAMES + 1
    for start in range(0, len(pieces), size):
        part = pieces[start : start + size]
        yield Piece("".join(part), len(part))


def staged(reply: Reply, script: Script) -> Reply:
    """Return the reply with the scenarios applied that are the same in every format."""
    frames = list(reply.frames)
    if "stall" in script and reply.streamed:
        middle = _after(frames, None)
        frames[middle:] = [replace(frames[middle], pause_ms=script.number("stall", 60_000)), *frames[middle + 1 :]]
    if "error_stream" in script and reply.streamed:
        frames = [*frames[: _after(frames, script.value("error_stream"))], *reply.breakage]
    if "no_done" in script:
        frames = [frame for frame in frames if not frame.data.startswith(b"data: [DONE]")]
    if "no_end" in script:
        frames = [frame for frame in frames if not frame.closing]
    if "crlf" in script and reply.media_type == EVENT_STREAM:
        frames = [replace(frame, data=_crlf(frame.data)) for frame in frames]
    if "cut" in script:
        return replace(reply, frames=tuple(_cut(frames, script.value("cut"))), dropped=True)
    return replace(reply, frames=tuple(frames))


def _after(frames: Sequence[Frame], tokens: str | None) -> int:
    """Return the place before which `tokens` tokens have been sent; half of all when none are named."""
    total = sum(frame.tokens for frame in frames)
    wanted = min(int(tokens or total // 2), total)
    sent = 0
    for place, frame in enumerate(frames):
        if frame.closing or (frame.tokens and sent + frame.tokens > wanted):
            return place
        sent += frame.tokens
    return len(frames) - 1


def _cut(frames: Sequence[Frame], tokens: str) -> Iterable[Frame]:
    place = _after(frames, tokens)
    torn = frames[place].data
    return [*frames[:place], Frame(data=torn[: len(torn) // 2])]


def _crlf(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


_MOST_FRAMES = 400
