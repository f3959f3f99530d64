"""Cohere's Chat, versions 1 and 2, and the older Generate.

https://docs.cohere.com/reference/chat, https://docs.cohere.com/v1/reference/chat
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from audit.call import Message, Operation, Part, Reading, Source
from audit.dialects._cohere import content_parts, request_messages, usage_of
from audit.dialects._dialect import Dialect, Enquiry, Fit, Question
from audit.dialects._fields import dig, items, mapping, text
from audit.dialects._findings import Block
from audit.dialects._parts import joined, said, spoken, tool_call
from audit.dialects._reply import arrived, broke_off, error_told, fit, latest
from audit.wire.transcript import Frame, Transcript

__all__ = ["DIALECT"]


def fits(transcript: Transcript) -> Fit:
    """Tell by the path, and by the billed units or the events' own types."""
    body, frames = transcript.response, transcript.frames or ()
    events = any(_kind(frame) in ("message-start", "stream-start") for frame in frames[:_BEGINNING])
    billed = any(dig(body, name, "billed_units") is not None for name in ("usage", "meta"))
    path = transcript.exchange.method == "POST" and bool(_PATH.search(transcript.path))
    return fit(path=path, shape=events or (billed and any(name in body for name in _ANSWERS)))


def read(transcript: Transcript) -> Reading:
    """Return what is asked and answered, and what was billed for it."""
    frames = transcript.frames
    told = mapping(transcript.response) if frames is None else _ended(frames)
    finish_reason = _finish_reason(told)
    block = _block(finish_reason)
    return Reading(
        dialect=DIALECT.name,
        dialect_version=DIALECT.version,
        provider="",
        operation=Operation.TEXT_COMPLETION if transcript.path.endswith("/generate") else Operation.CHAT,
        streamed=frames is not None,
        model_requested=text(dig(transcript.request, "model")),
        response_id=_id(told) or next((_id(mapping(frame.data)) for frame in frames or ()), None),
        finish_reason=finish_reason,
        finish_reasons=(finish_reason,) if finish_reason else (),
        complete=_complete(transcript, finish_reason),
        error=error_told(transcript),
        usage=usage_of(told),
        block_reasons=block.reasons,
        block_source=block.source,
        first_token_us=arrived(transcript, _first_content(frames or ())),
        input=request_messages(transcript.request),
        output=_answered(told) if frames is None else said("assistant", joined(_stream_parts(frames))),
    )


def ask(question: Question) -> Enquiry:
    """Return the question as a request in version 2."""
    system = [{"role": "system", "content": question.system}] if question.system is not None else []
    body: dict[str, Any] = {
        "model": question.model,
        "messages": [*system, {"role": "user", "content": question.prompt}],
        "stream": question.stream,
    }
    if question.max_output_tokens is not None:
        body["max_tokens"] = question.max_output_tokens
    if question.temperature is not None:
        body["temperature"] = question.temperature
    return Enquiry(path="/v2/chat", body=latest(body, question.parameters))


def _kind(frame: Frame) -> str:
    return text(dig(frame.data, "type")) or text(dig(frame.data, "event_type")) or frame.name


def _ended(frames: Iterable[Frame]) -> dict[str, Any]:
    """What the last event says: version 2 in `delta`, version 1 beside and within `response`."""
    for frame in frames:
        event = mapping(frame.data)
        if _kind(frame) == "message-end":
            return mapping(event.get("delta"))
        if _kind(frame) == "stream-end":
            return {**mapping(event.get("response")), **event}
    return {}


def _finish_reason(told: dict[str, Any]) -> str | None:
    return text(told.get("finish_reason")) or text(dig(told, "generations", 0, "finish_reason"))


def _block(finish_reason: str | None) -> Block:
    if finish_reason != "ERROR_TOXIC":
        return Block()
    return Block(reasons=(f"finish_reason={finish_reason}",), source=Source.COMPLETION)


def _complete(transcript: Transcript, finish_reason: str | None) -> bool | None:
    if finish_reason:
        return True
    return False if transcript.frames is not None or broke_off(transcript) else None


def _id(told: dict[str, Any]) -> str | None:
    return text(told.get("id")) or text(told.get("response_id")) or text(told.get("generation_id"))


def _answered(told: dict[str, Any]) -> tuple[Message, ...]:
    message = mapping(told.get("message")) or {"content": told.get("text"), "tool_calls": told.get("tool_calls")}
    generations = (spoken(dig(one, "text")) for one in items(told.get("generations")))
    return (
        *said("assistant", content_parts(message)),
        *(written for words in generations for written in said("assistant", words)),
    )


def _stream_parts(frames: Iterable[Frame]) -> Iterable[Part]:
    """Pieces as they came; a call's arguments follow its start, piece by piece."""
    call: Part | None = None
    for frame in frames:
        kind, message = _kind(frame), mapping(dig(frame.data, "delta", "message"))
        function = mapping(dig(message, "tool_calls", "function"))
        if kind == "tool-call-start":
            call = tool_call(function.get("name"), function.get("arguments"))
        elif kind == "tool-call-delta" and call is not None:
            call = tool_call(call.name, call.text + (text(function.get("arguments")) or ""))
        elif kind == "tool-call-end" and call is not None:
            yield call
            call = None
        elif kind == "text-generation":
            yield from spoken(dig(frame.data, "text"))
        elif kind == "tool-calls-generation":
            yield from content_parts(mapping(frame.data))
        else:
            yield from content_parts({**message, "tool_calls": None})
    if call is not None:
        yield call


def _first_content(frames: Iterable[Frame]) -> int | None:
    return next((frame.end for frame in frames if any(_stream_parts([frame]))), None)


_PATH = re.compile(r"/v[12]/(chat|generate)$")
_BEGINNING = 3
_ANSWERS = ("message", "text", "generations")

DIALECT = Dialect(name="cohere_chat", version=2, fits=fits, read=read, ask=ask)
