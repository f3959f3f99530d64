"""Bedrock's InvokeModel and InvokeModelWithResponseStream: a vendor's own body in Amazon's wrapping.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html
A stream's events carry the vendor's pieces as base64 in `bytes`; guardrails add `amazon-bedrock-…` members.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from audit.call import Operation, Reading, Usage
from audit.dialects._anthropic import is_message, read_answer
from audit.dialects._anthropic_content import request_messages as anthropic_messages
from audit.dialects._bedrock import bedrock_error, bedrock_model
from audit.dialects._bedrock_vendors import asked, read_vendor
from audit.dialects._converse import request_messages as converse_messages
from audit.dialects._dialect import Dialect, Fit
from audit.dialects._fields import count, dig, mapping, member, milliseconds_us
from audit.dialects._guardrails import guardrail_block, trace_findings
from audit.dialects._openai_blocks import block_of
from audit.dialects._reply import arrived, broke_off, fit, last
from audit.wire.parse import parse_json
from audit.wire.transcript import Frame, Transcript

__all__ = ["DIALECT"]


def fits(transcript: Transcript) -> Fit:
    """Tell by the path, and by a stream's wrapping; the bodies are everybody's."""
    invoked = transcript.path.endswith(("/invoke", "/invoke-with-response-stream"))
    wrapped = any(frame.name == "chunk" and "bytes" in mapping(frame.data) for frame in (transcript.frames or ())[:1])
    return fit(path=invoked and bedrock_model(transcript.path) is not None, shape=wrapped)


def read(transcript: Transcript) -> Reading:
    """Return the vendor's answer with Amazon's figures and the guardrail's verdict."""
    frames = None if transcript.frames is None else _unwrapped(transcript.frames)
    bodies = [mapping(transcript.response)] if frames is None else [mapping(frame.data) for frame in frames]
    reading = _anthropic(transcript, frames) if is_message(transcript.response, frames) else _vendor(transcript, bodies)
    metrics = mapping(last(bodies, "amazon-bedrock-invocationMetrics"))
    usage = reading.usage or _metered(metrics) or _counted(transcript.response_headers)
    latency = metrics.get("invocationLatency") or transcript.response_headers.get(_LATENCY)
    guarded = _guarded(replace(reading, usage=usage), bodies, streamed=frames is not None)
    error = bedrock_error(transcript)
    finish = ("finish_reason", reading.finish_reason)
    block = block_of(findings=(), failure=transcript.response, error=error, finishes=[finish])
    return replace(
        guarded if guarded.block_source else replace(guarded, block_reasons=block.reasons, block_source=block.source),
        streamed=frames is not None,
        complete=_complete(transcript, reading.finish_reason, reading.complete),
        error=error,
        provider_duration_us=milliseconds_us(latency),
        provider_first_token_us=milliseconds_us(metrics.get("firstByteLatency")),
    )


def _anthropic(transcript: Transcript, frames: Sequence[Frame] | None) -> Reading:
    answer = read_answer(transcript.response, frames)
    return replace(
        _blank(transcript),
        model_served=answer.model,
        response_id=answer.id,
        finish_reason=answer.finish_reason,
        finish_reasons=(answer.finish_reason,) if answer.finish_reason else (),
        complete=answer.complete,
        usage=answer.usage,
        block_reasons=answer.block.reasons,
        block_source=answer.block.source,
        first_token_us=arrived(transcript, answer.first_content),
        output=answer.output,
        notes=answer.notes,
    )


def _vendor(transcript: Transcript, bodies: Sequence[dict[str, Any]]) -> Reading:
    answer, blank = read_vendor(bodies), _blank(transcript)
    return replace(
        blank,
        operation=answer.operation or blank.operation,
        model_served=answer.model,
        response_id=answer.id,
        finish_reason=answer.finish_reason,
        finish_reasons=(answer.finish_reason,) if answer.finish_reason else (),
        usage=answer.usage,
        first_token_us=_first_token_us(transcript, bodies),
        output=answer.output,
    )


def _blank(transcript: Transcript) -> Reading:
    """What the request says: a conversation in Anthropic's form or Converse's, or words alone."""
    request = transcript.request
    anthropic = dig(request, "anthropic_version") is not None
    conversation = anthropic_messages(request) if anthropic else converse_messages(request)
    return Reading(
        dialect=DIALECT.name,
        dialect_version=DIALECT.version,
        provider="",
        operation=Operation.CHAT if conversation else Operation.UNKNOWN,
        model_requested=bedrock_model(transcript.path),
        input=conversation or asked(request),
    )


def _unwrapped(frames: Sequence[Frame]) -> tuple[Frame, ...]:
    return tuple(replace(frame, name="", data=_inner(frame)) for frame in frames)


def _inner(frame: Frame) -> Any:
    packed = dig(frame.data, "bytes")
    if not isinstance(packed, str):
        return None
    try:
        return parse_json(base64.b64decode(packed, validate=True)).value
    except ValueError:  # binascii.Error is one
        return None


def _metered(metrics: Mapping[str, Any]) -> Usage | None:
    return _usage([metrics.get(name) for name in _METERS])


def _counted(headers: Mapping[str, str]) -> Usage | None:
    figures = [headers.get(f"x-amzn-bedrock-{name}-token-count", "") for name in _HEADERS]
    return _usage([int(figure) if figure.isdecimal() else None for figure in figures])


def _usage(figures: Sequence[Any]) -> Usage | None:
    taken, made, read, written = map(count, figures)
    if taken is None and made is None:
        return None
    return Usage(
        input_tokens=taken,
        output_tokens=made,
        cached_input_tokens=read,
        cache_write_tokens=written,
        input_includes_cached=False,
    )


def _guarded(reading: Reading, bodies: Sequence[dict[str, Any]], *, streamed: bool) -> Reading:
    number = next((at for at, body in enumerate(bodies) if _TRACE in body), 0)
    place = member(f"events[{number}]" if streamed else "", _TRACE) + ".guardrail"
    findings = trace_findings(dig(last(bodies, _TRACE), "guardrail"), place)
    acted = last(bodies, _ACTION) == "INTERVENED"
    silent = reading.usage is not None and reading.usage.output_tokens == 0
    block = guardrail_block(findings, f"{_ACTION}=INTERVENED" if acted else None, silent=silent)
    return replace(
        reading,
        findings=findings,
        block_reasons=(*reading.block_reasons, *block.reasons),
        block_source=block.source or reading.block_source,
    )


def _complete(transcript: Transcript, finish_reason: str | None, told: bool | None) -> bool | None:
    if transcript.frames is not None:
        return bool(finish_reason) if told is None else told
    if broke_off(transcript):
        return False
    return True if finish_reason or (transcript.exchange.status == 200 and mapping(transcript.response)) else None


def _first_token_us(transcript: Transcript, bodies: Sequence[dict[str, Any]]) -> int | None:
    for frame, body in zip(transcript.frames or (), bodies, strict=False):
        if read_vendor([body]).output:
            return arrived(transcript, frame.end)
    return None


_TRACE = "amazon-bedrock-trace"
_ACTION = "amazon-bedrock-guardrailAction"
_LATENCY = "x-amzn-bedrock-invocation-latency"
_METERS = ("inputTokenCount", "outputTokenCount", "cacheReadInputTokenCount", "cacheWriteInputTokenCount")
_HEADERS = ("input", "output", "cache-read-input", "cache-write-input")

DIALECT = Dialect(name="bedrock_invoke", version=2, fits=fits, read=read)
