"""Bedrock's Converse and ConverseStream.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from audit.call import Operation, Reading, Usage
from audit.dialects._bedrock import bedrock_error, bedrock_model
from audit.dialects._converse import block_parts, converse_usage, event_parts, request_messages
from audit.dialects._dialect import Dialect, Enquiry, Fit, Question
from audit.dialects._fields import dig, mapping, milliseconds_us, text
from audit.dialects._findings import Block
from audit.dialects._guardrails import guardrail_block, trace_findings
from audit.dialects._openai_blocks import block_of
from audit.dialects._parts import said
from audit.dialects._reply import arrived, broke_off, fit, latest
from audit.wire.transcript import Frame, Transcript

__all__ = ["DIALECT"]


def fits(transcript: Transcript) -> Fit:
    """Tell by the path, and by a message with a stop reason or a stream of Converse events."""
    path = bedrock_model(transcript.path) is not None and transcript.path.endswith(("/converse", "/converse-stream"))
    body, frames = transcript.response, transcript.frames or ()
    message = dig(body, "output", "message") is not None and dig(body, "stopReason") is not None
    return fit(path=path, shape=message or any(frame.name == "messageStart" for frame in frames[:3]))


def read(transcript: Transcript) -> Reading:
    """Return what is asked and answered; a stream's figures and its trace come after its stop."""
    frames = transcript.frames
    told = mapping(transcript.response) if frames is None else _assembled(frames)
    stop_reason = text(told.get("stopReason"))
    place = "trace.guardrail" if frames is None else f"events[{_place(frames)}].trace.guardrail"
    findings = trace_findings(dig(told, "trace", "guardrail"), place)
    usage = _usage(told)
    error = bedrock_error(transcript)
    told_so = block_of(findings=(), failure=transcript.response, error=error, finishes=[("stopReason", stop_reason)])
    acted = guardrail_block(findings, _intervened(stop_reason), silent=_silent(usage))
    block = Block(reasons=(*told_so.reasons, *acted.reasons), source=told_so.source or acted.source)
    return Reading(
        dialect=DIALECT.name,
        dialect_version=DIALECT.version,
        provider="",
        operation=Operation.CHAT,
        streamed=frames is not None,
        model_requested=bedrock_model(transcript.path),
        model_served=text(dig(told, "trace", "promptRouter", "invokedModelId")),
        finish_reason=stop_reason,
        finish_reasons=(stop_reason,) if stop_reason else (),
        complete=_complete(transcript, stop_reason),
        error=error,
        usage=usage,
        findings=findings,
        block_reasons=block.reasons,
        block_source=block.source,
        provider_duration_us=milliseconds_us(dig(told, "metrics", "latencyMs")),
        first_token_us=arrived(transcript, _first_content(frames or ())),
        input=request_messages(transcript.request),
        output=said(dig(told, "output", "message", "role") or "assistant", told.get("parts") or _parts(told)),
    )


def ask(question: Question) -> Enquiry:
    """Return the question as a request; a Bedrock API key goes as a bearer token."""
    config = {"maxTokens": question.max_output_tokens, "temperature": question.temperature}
    body: dict[str, Any] = {"messages": [{"role": "user", "content": [{"text": question.prompt}]}]}
    if question.system is not None:
        body["system"] = [{"text": question.system}]
    if config := {name: value for name, value in config.items() if value is not None}:
        body["inferenceConfig"] = config
    method = "converse-stream" if question.stream else "converse"
    return Enquiry(path=f"/model/{quote(question.model, safe='')}/{method}", body=latest(body, question.parameters))


def _assembled(frames: Iterable[Frame]) -> dict[str, Any]:
    """The stream as one reply would be, its content as parts."""
    events = [(frame.name, mapping(frame.data)) for frame in frames]
    told: dict[str, Any] = {}
    for name, event in events:
        if name in ("messageStop", "metadata"):
            told = latest(told, event)
    return {**told, "parts": event_parts(events)}


def _parts(told: dict[str, Any]) -> Any:
    return block_parts(dig(told, "output", "message", "content"))


def _place(frames: tuple[Frame, ...]) -> int:
    return next((number for number, frame in enumerate(frames) if dig(frame.data, "trace", "guardrail")), 0)


def _usage(told: dict[str, Any]) -> Usage | None:
    usage = converse_usage(told.get("usage"))
    return replace(usage, service_tier=text(dig(told, "serviceTier", "type"))) if usage else None


def _silent(usage: Usage | None) -> bool:
    return usage is not None and usage.output_tokens == 0


def _intervened(stop_reason: str | None) -> str | None:
    return f"stopReason={stop_reason}" if stop_reason == "guardrail_intervened" else None


def _complete(transcript: Transcript, stop_reason: str | None) -> bool | None:
    if stop_reason:
        return True
    return False if transcript.frames is not None or broke_off(transcript) else None


def _first_content(frames: Iterable[Frame]) -> int | None:
    for frame in frames:
        if event_parts([(frame.name, mapping(frame.data))]):
            return frame.end
    return None


DIALECT = Dialect(name="bedrock_converse", version=2, fits=fits, read=read, ask=ask)
