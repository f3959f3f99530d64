"""Ollama's own format: `/api/chat`, `/api/generate` and its embeddings, streamed as JSON lines.

https://github.com/ollama/ollama/blob/main/docs/api.md
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from audit.call import Message, Operation, Part, Reading, Usage
from audit.dialects._dialect import Dialect, Enquiry, Fit, Question
from audit.dialects._fields import count, dig, flag, items, mapping, text
from audit.dialects._parts import joined, media, said, spoken, tool_call, tool_result
from audit.dialects._reply import arrived, bodies_of, broke_off, error_told, fit, instant, last, latest
from audit.wire.transcript import Transcript

__all__ = ["DIALECT"]


def fits(transcript: Transcript) -> Fit:
    """Tell by the path, and by bodies that say whether they are `done`."""
    path = transcript.exchange.method == "POST" and transcript.path.endswith(tuple(_OPERATIONS))
    shape = any({"model", "created_at", "done"} <= body.keys() for body in bodies_of(transcript, 1))
    return fit(path=path, shape=shape)


def read(transcript: Transcript) -> Reading:
    """Return what is asked and answered; the last line has the figures, its durations in nanoseconds."""
    bodies = bodies_of(transcript)
    told = {name: last(bodies, name) for name in _TOLD}
    request, streamed = transcript.request, transcript.frames is not None
    finish_reason = text(told["done_reason"])
    parts = [part for body in bodies for part in _answer_parts(body)]
    duration_us = _microseconds(told["total_duration"])
    operation = next((one for end, one in _OPERATIONS.items() if transcript.path.endswith(end)), Operation.CHAT)
    return Reading(
        dialect=DIALECT.name,
        dialect_version=DIALECT.version,
        provider="",
        operation=operation,
        streamed=streamed,
        model_requested=text(dig(request, "model")),
        model_served=text(told["model"]),
        finish_reason=finish_reason,
        finish_reasons=(finish_reason,) if finish_reason else (),
        complete=_complete(transcript, told),
        error=error_told(transcript),
        usage=_usage(told),
        # `created_at` is when a line was made: the last one's, less the whole duration, is when the work began.
        provider_created_at=_begun(told, duration_us),
        provider_duration_us=duration_us,
        first_token_us=arrived(transcript, _first_content(transcript)),
        input=_input(request),
        output=said("assistant", joined(parts) if streamed else parts),
    )


def ask(question: Question) -> Enquiry:
    """Return the question as a request; Ollama needs no key."""
    system = [{"role": "system", "content": question.system}] if question.system is not None else []
    options = {"num_predict": question.max_output_tokens, "temperature": question.temperature}
    body: dict[str, Any] = {
        "model": question.model,
        "messages": [*system, {"role": "user", "content": question.prompt}],
        "stream": question.stream,
    }
    if options := {name: value for name, value in options.items() if value is not None}:
        body["options"] = options
    return Enquiry(path="/api/chat", body=latest(body, question.parameters))


def _complete(transcript: Transcript, told: dict[str, Any]) -> bool | None:
    if flag(told["done"]) or told["embedding"] or told["embeddings"]:
        return True
    return False if told["done"] is not None or transcript.frames is not None or broke_off(transcript) else None


def _usage(told: dict[str, Any]) -> Usage | None:
    """The prompt's count is left out when all of it was cached."""
    taken, made = count(told["prompt_eval_count"]), count(told["eval_count"])
    return None if taken is None and made is None else Usage(input_tokens=taken, output_tokens=made)


def _microseconds(nanoseconds: Any) -> int | None:
    number = count(nanoseconds)
    return None if number is None else number // 1000


def _begun(told: dict[str, Any], duration_us: int | None) -> datetime | None:
    ended = instant(told["created_at"])
    return None if ended is None or duration_us is None else ended - timedelta(microseconds=duration_us)


def _input(request: Any) -> tuple[Message, ...]:
    turns = [mapping(turn) for turn in items(dig(request, "messages"))]
    asked = dig(request, "prompt") or dig(request, "input")
    words = [part for one in (asked if isinstance(asked, list) else [asked]) for part in spoken(one)]
    return (
        *said("system", spoken(dig(request, "system"))),
        *(message for turn in turns for message in said(turn.get("role"), _message_parts(turn))),
        *said("user", [*words, *_images(dig(request, "images"))]),
    )


def _message_parts(message: dict[str, Any]) -> tuple[Part, ...]:
    if text(message.get("role")) == "tool":
        return (tool_result(message.get("content"), name=message.get("tool_name")),)
    calls = (mapping(dig(call, "function")) for call in items(message.get("tool_calls")))
    return (
        *spoken(message.get("thinking"), "reasoning"),
        *spoken(message.get("content")),
        *_images(message.get("images")),
        *(tool_call(call.get("name"), call.get("arguments")) for call in calls),
    )


def _answer_parts(body: dict[str, Any]) -> tuple[Part, ...]:
    if "message" in body:
        return _message_parts(mapping(body["message"]))
    return (*spoken(body.get("thinking"), "reasoning"), *spoken(body.get("response")))


def _images(images: Any) -> Iterable[Part]:
    return (media(None, image, kind="image") for image in items(images))


def _first_content(transcript: Transcript) -> int | None:
    frames = transcript.frames or ()
    return next((frame.end for frame in frames if _answer_parts(mapping(frame.data))), None)


_TOLD = (
    "model",
    "created_at",
    "done",
    "done_reason",
    "total_duration",
    "prompt_eval_count",
    "eval_count",
    "embedding",
    "embeddings",
)
_OPERATIONS = {
    "/api/chat": Operation.CHAT,
    "/api/generate": Operation.TEXT_COMPLETION,
    "/api/embed": Operation.EMBEDDINGS,
    "/api/embeddings": Operation.EMBEDDINGS,
}

DIALECT = Dialect(name="ollama_chat", version=1, fits=fits, read=read, ask=ask)
