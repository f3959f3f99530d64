"""Anthropic Messages: `/v1/messages`, at Anthropic, behind gateways, and as Vertex's rawPredict.

https://docs.anthropic.com/en/api/messages
"""

from __future__ import annotations

import re
from typing import Any

from audit.call import Operation, Reading
from audit.dialects._anthropic import block_of, is_message, read_answer
from audit.dialects._anthropic_content import request_messages
from audit.dialects._dialect import Dialect, Enquiry, Fit, Question
from audit.dialects._fields import dig, text
from audit.dialects._google import google_target
from audit.dialects._reply import arrived, broke_off, error_told, fit, latest
from audit.wire.transcript import Transcript

__all__ = ["DIALECT"]


def fits(transcript: Transcript) -> Fit:
    """Tell by the path, and by a body of type `message` or a stream that begins with `message_start`."""
    asked = transcript.exchange.method == "POST" and bool(_PATH.search(transcript.path))
    return fit(path=asked, shape=is_message(transcript.response, transcript.frames))


def read(transcript: Transcript) -> Reading:
    """Return what is asked and answered; a stream's last figures count."""
    answer = read_answer(transcript.response, transcript.frames)
    error = error_told(transcript)
    block = answer.block if answer.block.reasons else block_of(error)
    return Reading(
        dialect=DIALECT.name,
        dialect_version=DIALECT.version,
        provider="",
        operation=Operation.CHAT,
        streamed=transcript.frames is not None,
        model_requested=_model_requested(transcript),
        model_served=answer.model,
        response_id=answer.id,
        request_id=text(dig(transcript.response, "request_id")),
        finish_reason=answer.finish_reason,
        finish_reasons=(answer.finish_reason,) if answer.finish_reason else (),
        complete=False if broke_off(transcript) else answer.complete,
        error=error,
        usage=answer.usage,
        block_reasons=block.reasons,
        block_source=block.source,
        first_token_us=arrived(transcript, answer.first_content),
        input=request_messages(transcript.request),
        output=answer.output,
        notes=answer.notes,
    )


def ask(question: Question) -> Enquiry:
    """Return the question as a request; the format demands a token limit."""
    body: dict[str, Any] = {
        "model": question.model,
        "max_tokens": question.max_output_tokens or _MOST_TOKENS,
        "messages": [{"role": "user", "content": question.prompt}],
    }
    if question.system is not None:
        body["system"] = question.system
    if question.temperature is not None:
        body["temperature"] = question.temperature
    if question.stream:
        body["stream"] = True
    return Enquiry(
        path="/v1/messages",
        body=latest(body, question.parameters),
        headers={"anthropic-version": "2023-06-01"},
        key_header="x-api-key",
    )


def _model_requested(transcript: Transcript) -> str | None:
    target = google_target(transcript.path)
    return text(dig(transcript.request, "model")) or (target.model if target else None)


_PATH = re.compile(
    r"^(?!.*/threads/).*/messages$|/publishers/anthropic/models/(?!count-tokens:).*:(stream)?[rR]awPredict$"
)
_MOST_TOKENS = 1024

DIALECT = Dialect(name="anthropic_messages", version=2, fits=fits, read=read, ask=ask)
