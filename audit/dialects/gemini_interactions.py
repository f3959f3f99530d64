"""Google's Interactions: `/v1beta/interactions`, in one piece, streamed, or looked at again later.

https://ai.google.dev/api/interactions-api. Newer replies have `steps`, older ones `outputs`.
"""

from __future__ import annotations

import re
from typing import Any

from audit.call import Message, Operation, Part, Reading, Usage
from audit.dialects._dialect import Dialect, Fit
from audit.dialects._fields import count, dig, items, mapping, text
from audit.dialects._parts import joined, linked, media, said, spoken, tool_call, tool_result
from audit.dialects._reply import arrived, broke_off, error_told, fit, instant, latest
from audit.wire.transcript import Frame, Transcript

__all__ = ["DIALECT"]


def fits(transcript: Transcript) -> Fit:
    """Tell by the path, and by an object `interaction`."""
    return fit(path=bool(_PATH.search(transcript.path)), shape=dig(transcript.response, "object") == "interaction")


def read(transcript: Transcript) -> Reading:
    """Return what is asked and answered; a background run answers in another exchange, joined by its id."""
    frames = transcript.frames
    told = mapping(transcript.response) if frames is None else _interaction(frames)
    status = text(told.get("status"))
    request = transcript.request
    return Reading(
        dialect=DIALECT.name,
        dialect_version=DIALECT.version,
        provider="",
        operation=Operation.CHAT if transcript.exchange.method == "POST" else Operation.RETRIEVE,
        streamed=frames is not None,
        model_requested=text(dig(request, "model")) or text(dig(request, "agent")),
        model_served=text(told.get("model")) or text(told.get("agent")),
        response_id=text(told.get("id")),
        finish_reason=status,
        finish_reasons=(status,) if status else (),
        complete=_complete(transcript, status),
        error=error_told(transcript),
        usage=_usage(told),
        provider_created_at=instant(told.get("created")),
        first_token_us=arrived(transcript, _first_content(frames or ())),
        input=_input(request),
        output=said("model", _output(told, frames)),
    )


def _interaction(frames: tuple[Frame, ...]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for frame in frames:
        told = latest(told, mapping(dig(frame.data, "interaction")))
    return told


def _complete(transcript: Transcript, status: str | None) -> bool | None:
    if status in ("completed", "incomplete", "failed", "cancelled", "requires_action"):
        return True
    return False if status or transcript.frames is not None or broke_off(transcript) else None


def _usage(told: dict[str, Any]) -> Usage | None:
    usage = mapping(told.get("usage"))
    if not usage:
        return None
    return Usage(
        input_tokens=count(usage.get("total_input_tokens")),
        output_tokens=count(usage.get("total_output_tokens")),
        total_tokens=count(usage.get("total_tokens")),
        cached_input_tokens=count(usage.get("total_cached_tokens")),
        reasoning_tokens=count(usage.get("total_thought_tokens")),
        tool_use_input_tokens=count(usage.get("total_tool_use_tokens")),
        service_tier=text(told.get("service_tier")),
        output_includes_reasoning=False,
    )


def _input(request: Any) -> tuple[Message, ...]:
    system, asked = dig(request, "system_instruction"), dig(request, "input")
    turns = [turn for turn in items(asked) if "role" in mapping(turn)]
    if turns:
        messages = [message for turn in turns for message in said(turn["role"], _parts(turn.get("content")))]
    else:
        messages = list(said("user", _parts(asked)))
    return (*said("system", spoken(system)), *messages)


def _output(told: dict[str, Any], frames: tuple[Frame, ...] | None) -> tuple[Part, ...]:
    if frames is not None:
        return joined(part for frame in frames for part in _part(_piece(frame)))
    return _parts(told.get("steps") or told.get("outputs"))


def _piece(frame: Frame) -> dict[str, Any]:
    """A delta, or the start of a call, whose name comes only there."""
    begun = mapping(dig(frame.data, "step") or dig(frame.data, "content"))
    return mapping(dig(frame.data, "delta")) or (begun if "name" in begun else {})


def _parts(content: Any) -> tuple[Part, ...]:
    if isinstance(content, list):
        return tuple(part for piece in content for part in _part(mapping(piece) or {"text": piece}))
    return _part(mapping(content)) if isinstance(content, dict) else spoken(content)


def _part(piece: dict[str, Any]) -> tuple[Part, ...]:
    kind = text(piece.get("type")) or "text"
    if kind.startswith("thought"):
        words = items(piece.get("summary")) or [piece.get("text") or piece.get("content")]
        return tuple(part for word in words for part in spoken(dig(word, "text") or word, "reasoning"))
    if kind.endswith("_call"):
        return (tool_call(piece.get("name") or kind, piece.get("arguments")),)
    if kind.endswith("_result"):
        return (tool_result(piece.get("result"), name=piece.get("name")),)
    if "content" in piece:
        return _parts(piece["content"])
    if "data" in piece:
        return (media(piece.get("mime_type"), piece["data"]),)
    return (linked(piece["uri"], piece.get("mime_type")),) if "uri" in piece else spoken(piece.get("text"))


def _first_content(frames: tuple[Frame, ...]) -> int | None:
    return next((frame.end for frame in frames if _part(_piece(frame))), None)


_PATH = re.compile(r"/interactions(/[^/]+)?$")

DIALECT = Dialect(name="gemini_interactions", version=1, fits=fits, read=read)
