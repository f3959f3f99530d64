"""Responses: OpenAI's, Azure's, those of routers, and of others who took the format over.

https://platform.openai.com/docs/api-reference/responses
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from audit.call import ErrorInfo, Finding, Operation, Reading, Usage
from audit.dialects._azure_filters import blocked_sources
from audit.dialects._dialect import Dialect, Enquiry, Fit, Question
from audit.dialects._errors import error_info
from audit.dialects._fields import count, dig, items, mapping, text, unix_time
from audit.dialects._openai_blocks import Block, block_of
from audit.dialects._openai_events import assembled, bears_content
from audit.dialects._openai_items import input_messages, output_messages, refused
from audit.dialects._openai_reply import failed_piece, findings_of, first_content_us
from audit.dialects._openai_request import model_requested
from audit.dialects._openai_times import server_times
from audit.dialects._openai_usage import usage_notes, usage_of
from audit.dialects._reply import broke_off, error_told, fit
from audit.wire.transcript import Transcript

__all__ = ["DIALECT"]


def fits(transcript: Transcript) -> Fit:
    """Tell by the path, and by a reply whose object is a `response`, or a stream of `response.…` events."""
    frames = transcript.frames or ()
    kinds = [dig(transcript.response, "object"), *(dig(frame.data, "type") for frame in frames[:_BEGINNING])]
    shape = any(kind == "response" or (text(kind) or "").startswith("response.") for kind in kinds)
    return fit(path=bool(_PATH.search(transcript.path)), shape=shape)


def read(transcript: Transcript) -> Reading:
    """Return what is asked and answered; a stream's figures and verdicts come with its last event."""
    answer = _answer(transcript)
    body, times = answer.body, server_times(answer.body)
    return Reading(
        dialect=DIALECT.name,
        dialect_version=DIALECT.version,
        provider="",
        operation=_operation(transcript),
        streamed=transcript.frames is not None,
        model_requested=model_requested(transcript),
        model_served=text(body.get("model")),
        response_id=text(body.get("id")),
        finish_reason=answer.finish_reason,
        finish_reasons=(answer.finish_reason,) if answer.finish_reason else (),
        complete=answer.complete,
        refusal=refused(body.get("output")),
        error=answer.error,
        usage=answer.usage,
        findings=answer.findings,
        block_reasons=answer.block.reasons,
        block_source=answer.block.source,
        provider_created_at=unix_time(body.get("created_at")),
        provider_duration_us=times.duration_us,
        provider_first_token_us=times.first_token_us,
        first_token_us=first_content_us(transcript, bears_content),
        input=input_messages(transcript.request, body.get("instructions")),
        output=output_messages(body.get("output")),
        notes=(*usage_notes(answer.usage), *_image_notes(body)),
    )


def ask(question: Question) -> Enquiry:
    """Return the question as a request."""
    optional = {
        "instructions": question.system,
        "max_output_tokens": question.max_output_tokens,
        "temperature": question.temperature,
        "stream": question.stream or None,
    }
    body = {name: value for name, value in optional.items() if value is not None}
    return Enquiry(
        path="/v1/responses", body={"model": question.model, "input": question.prompt, **body, **question.parameters}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    body: dict[str, Any]
    """The response object, of a stream put together."""
    finish_reason: str | None
    complete: bool | None
    error: ErrorInfo | None
    usage: Usage | None
    findings: tuple[Finding, ...]
    block: Block


def _answer(transcript: Transcript) -> _Answer:
    told = assembled(transcript.frames) if transcript.frames is not None else None
    body = mapping(transcript.response) if told is None else told.body
    status = text(body.get("status")) if (transcript.exchange.status or 0) < 400 else None
    reason = text(dig(body, "incomplete_details", "reason")) if status == "incomplete" else None
    findings = findings_of(transcript)
    failure = body if mapping(body.get("error")) else failed_piece(transcript)
    error = error_info(failure, None) or error_told(transcript)
    begun = bool(output_messages(body.get("output")))
    complete = _complete(transcript, told.ended if told else status, error, output=begun)
    return _Answer(
        body=body,
        finish_reason=reason or status,
        complete=complete,
        error=error,
        usage=_usage(body, partial=told is not None and told.ended is None),
        findings=findings,
        block=block_of(
            findings=findings,
            failure=failure,
            error=error,
            finishes=[("incomplete_details.reason", reason)],
            blocked=[side for told_by in (body, failure, dig(failure, "error")) for side in blocked_sources(told_by)],
            begun=begun,
        ),
    )


def _complete(transcript: Transcript, ended: str | None, error: ErrorInfo | None, *, output: bool) -> bool | None:
    """An answer that was cut at a limit or by a filter is at its end; one that failed or still runs is not."""
    status = transcript.exchange.status
    if status is not None and status >= 400:
        return None
    if broke_off(transcript):
        return False
    if transcript.frames is None and ended is None:  # a compaction has no status
        return (error is None and output) or None
    return ended in ("completed", "complete", "done", "incomplete") and error is None


def _usage(body: dict[str, Any], *, partial: bool) -> Usage | None:
    """The figures, with web searches from where they stand outside `usage`, or counted by their items."""
    usage = usage_of(body.get("usage"), service_tier=body.get("service_tier"), partial=partial)
    if usage is None or usage.web_searches is not None:
        return usage
    searches = count(dig(body, "tool_usage", "web_search", "num_requests"))
    if searches is None:
        made = [item for item in items(body.get("output")) if dig(item, "type") == "web_search_call"]
        searches = sum(dig(item, "action", "type") in ("search", None) for item in made) if made else None
    return replace(usage, web_searches=searches)


def _image_notes(body: dict[str, Any]) -> tuple[str, ...]:
    """Images made on the way are another model's work, and stand outside `usage`."""
    tokens = count(dig(body, "tool_usage", "image_gen", "total_tokens"))
    return (f"usage: image generation used {tokens} more tokens, in tool_usage.image_gen",) if tokens else ()


def _operation(transcript: Transcript) -> Operation:
    match = _PATH.search(transcript.path)
    rest = match.group(1) if match else None
    if rest == "input_tokens" or dig(transcript.response, "object") == "response.input_tokens":
        return Operation.COUNT_TOKENS
    retrieved = transcript.exchange.method != "POST" or (rest and rest != "compact")
    return Operation.RETRIEVE if retrieved else Operation.CHAT


_PATH = re.compile(r"(?:^|/)responsesd?(?:/([^/]+(?:/(?:cancel|input_items))?))?$")
"""`/v1/responsesd` is a router's own; what follows is `compact`, `input_tokens`, or the id of a stored response."""
_BEGINNING = 3
"""Events to look at: a router may send some of its own first."""

DIALECT = Dialect(name="openai_responses", version=2, fits=fits, read=read, ask=ask)
