"""Replies made of choices: chat completions and completions, in one piece or streamed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from audit.call import ErrorInfo, Finding, Message, Operation, Reading, Usage
from audit.dialects._dialect import Dialect
from audit.dialects._errors import error_info
from audit.dialects._fields import count, dig, items, mapping, text, unix_time
from audit.dialects._openai_blocks import Block, block_of
from audit.dialects._openai_chunks import assembled, bears_content
from audit.dialects._openai_messages import chat_message, request_messages
from audit.dialects._openai_reply import failed_piece, findings_of, first_content_us
from audit.dialects._openai_request import model_requested
from audit.dialects._openai_times import server_times
from audit.dialects._openai_usage import usage_notes, usage_of
from audit.dialects._reply import broke_off, error_told
from audit.wire.transcript import Transcript

__all__ = ["read_choices"]


def read_choices(transcript: Transcript, dialect: Dialect, operation: Operation) -> Reading:
    """Return what is asked and answered; a stream's last figures count."""
    answer = _answer(transcript)
    finishes, block, times = answer.finishes, answer.block, server_times(answer.body)
    usage = _usage(transcript, answer)
    return Reading(
        dialect=dialect.name,
        dialect_version=dialect.version,
        provider="",
        operation=operation,
        streamed=transcript.frames is not None,
        model_requested=model_requested(transcript),
        model_served=text(answer.body.get("model")),
        response_id=text(answer.body.get("id")),
        finish_reason=finishes.get(0),
        finish_reasons=tuple(word or "" for word in finishes.values()) if any(finishes.values()) else (),
        complete=answer.complete,
        refusal=answer.refusal,
        error=answer.error,
        usage=usage,
        findings=answer.findings,
        block_reasons=block.reasons,
        block_source=block.source,
        provider_created_at=unix_time(answer.body.get("created")),
        provider_duration_us=times.duration_us,
        provider_first_token_us=times.first_token_us,
        first_token_us=first_content_us(transcript, bears_content),
        input=request_messages(transcript.request),
        output=answer.output,
        notes=usage_notes(usage),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    body: dict[str, Any]
    """The reply, of a stream put together."""
    finishes: dict[int, str | None]
    """Every choice's, in the order of their indexes."""
    output: tuple[Message, ...]
    refusal: bool
    error: ErrorInfo | None
    findings: tuple[Finding, ...]
    block: Block
    complete: bool | None


def _answer(transcript: Transcript) -> _Answer:
    body = mapping(transcript.response) if transcript.frames is None else assembled(transcript.frames)
    choices = _by_index(body.get("choices"))
    finishes = {index: text(dig(choice, "finish_reason")) for index, choice in choices.items()}
    output = tuple(message for choice in choices.values() for message in _said(choice))
    failure = failed_piece(transcript) or next((one for one in choices.values() if mapping(dig(one, "error"))), None)
    error = error_told(transcript) or error_info(failure, None)
    findings = findings_of(transcript)
    places = [(f"choices[{index}].finish_reason", word) for index, word in finishes.items()]
    return _Answer(
        body=body,
        finishes=finishes,
        output=output,
        refusal=any(text(dig(choice, "message", "refusal")) for choice in choices.values()),
        error=error,
        findings=findings,
        block=block_of(findings=findings, failure=failure, error=error, finishes=places, begun=bool(output)),
        complete=_complete(transcript, error, tuple(finishes.values())),
    )


def _usage(transcript: Transcript, answer: _Answer) -> Usage | None:
    partial = answer.complete is False and transcript.frames is not None
    return usage_of(answer.body.get("usage"), service_tier=answer.body.get("service_tier"), partial=partial)


def _by_index(choices: Any) -> dict[int, Any]:
    """Choices by their `index`, by their place where they have none or one that is taken."""
    numbered: dict[int, Any] = {}
    for place, choice in enumerate(items(choices)):
        told = count(dig(choice, "index"))
        numbered[place if told is None or told in numbered else told] = choice
    return dict(sorted(numbered.items()))


def _said(choice: Any) -> tuple[Message, ...]:
    message = dig(choice, "message")
    return chat_message({"content": dig(choice, "text")} if message is None else message, "assistant")


def _complete(transcript: Transcript, error: ErrorInfo | None, finishes: Sequence[str | None]) -> bool | None:
    """OpenAI ends with `[DONE]`; some servers leave it out, and a finish reason for each choice is an end too."""
    status = transcript.exchange.status
    if status is not None and status >= 400:
        return None
    if transcript.frames is None:
        return False if broke_off(transcript) else (error is None and bool(finishes)) or None
    if error is not None:
        return False
    if any(frame.text.strip() == "[DONE]" for frame in transcript.frames) or (bool(finishes) and all(finishes)):
        return True
    endless = any("value" in mapping(frame.data) for frame in transcript.frames[:1])  # Writer's completions
    return None if endless else False
