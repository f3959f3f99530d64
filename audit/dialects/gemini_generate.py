"""Google's generateContent and streamGenerateContent, at Gemini, Vertex and Firebase.

https://ai.google.dev/api/generate-content, https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audit.call import Message, Operation, Reading
from audit.dialects._dialect import Dialect, Enquiry, Fit, Question
from audit.dialects._errors import error_info
from audit.dialects._fields import dig, items, mapping, text
from audit.dialects._gemini_content import content_parts, request_messages, whole_calls
from audit.dialects._gemini_enums import Enums, enums_of, named
from audit.dialects._gemini_safety import Chunk, block_of, candidates, explanations, findings_of
from audit.dialects._gemini_usage import usage_of
from audit.dialects._google import google_target
from audit.dialects._parts import joined, said
from audit.dialects._reply import arrived, bodies_of, broke_off, error_told, fit, instant, latest
from audit.wire.transcript import Transcript

__all__ = ["DIALECT"]


def fits(transcript: Transcript) -> Fit:
    """Tell by the URL's method, and by a body or chunks with candidates or prompt feedback."""
    target = google_target(transcript.path)
    named_so = target is not None and target.method in ("generateContent", "streamGenerateContent")
    return fit(path=named_so, shape=any(map(_is_chunk, _beginning(transcript))))


def read(transcript: Transcript) -> Reading:
    """Return what is asked and answered; over a stream each field's last figure counts."""
    chunks, enums = _chunks(transcript), enums_of(transcript)
    streamed = bool(chunks) and chunks[0].index is not None
    whole = _whole(chunks)
    finishes = _finish_reasons(chunks, enums)
    findings = findings_of(chunks, enums)
    block = block_of(chunks, findings, finish_reasons=finishes, enums=enums)
    error = next((told for chunk in chunks if (told := error_info(chunk.body, None))), error_told(transcript))
    complete = _complete(transcript, chunks, finishes, blocked=bool(block.reasons))
    output = (*_output(chunks), *said("model", explanations(chunks, enums)))
    return Reading(
        dialect=DIALECT.name,
        dialect_version=DIALECT.version,
        provider="",
        operation=_operation(_asked(transcript), output, finishes),
        streamed=streamed,
        model_requested=_model_requested(transcript),
        model_served=text(whole.get("modelVersion")),
        response_id=text(whole.get("responseId")),
        finish_reason=finishes.get(0),
        finish_reasons=tuple(finishes[index] for index in sorted(finishes)),
        complete=complete,
        error=error,
        usage=usage_of(mapping(whole.get("usageMetadata")), enums, partial=streamed and not complete),
        findings=findings,
        block_reasons=block.reasons,
        block_source=block.source,
        provider_created_at=instant(whole.get("createTime")),
        first_token_us=_first_token_us(transcript, chunks) if streamed else None,
        input=request_messages(_asked(transcript)),
        output=output,
    )


def ask(question: Question) -> Enquiry:
    """Return the question as a request to Gemini, or to Vertex for a model named `projects/…`."""
    config = {"maxOutputTokens": question.max_output_tokens, "temperature": question.temperature}
    body: dict[str, Any] = {"contents": [{"role": "user", "parts": [{"text": question.prompt}]}]}
    if question.system is not None:
        body["systemInstruction"] = {"parts": [{"text": question.system}]}
    if config := {name: value for name, value in config.items() if value is not None}:
        body["generationConfig"] = config
    method = "streamGenerateContent?alt=sse" if question.stream else "generateContent"
    vertex = question.model.startswith("projects/")
    model = question.model if "/" in question.model else f"models/{question.model}"
    return Enquiry(
        path=f"/{'v1' if vertex else 'v1beta'}/{model}:{method}",
        body=latest(body, question.parameters),
        key_header="authorization" if vertex else "x-goog-api-key",
    )


def _chunks(transcript: Transcript) -> list[Chunk]:
    """The response objects: of a reply in one piece, of events, or of a JSON array that was sent piecemeal."""
    if isinstance(transcript.response, dict):
        return [Chunk(index=None, body=_unwrapped(transcript.response), end=len(transcript.plain))]
    frames = transcript.frames
    if frames is None:
        frames = transcript.elements if transcript.plain[:64].lstrip().startswith(b"[") else ()
    return [Chunk(index=number, body=_unwrapped(frame.data), end=frame.end) for number, frame in enumerate(frames)]


def _beginning(transcript: Transcript) -> list[dict[str, Any]]:
    array = items(transcript.response)[:_BEGINNING]
    return [_unwrapped(value) for value in array or bodies_of(transcript, _BEGINNING)]


def _unwrapped(body: Any) -> dict[str, Any]:
    """What Gemini CLI's login is answered stands in a `response` of its own."""
    inner = dig(body, "response")
    return inner if isinstance(inner, dict) and _is_chunk(inner) else mapping(body)


def _asked(transcript: Transcript) -> Any:
    """What it asks stands in a `request`, beside the model."""
    inner = dig(transcript.request, "request")
    return inner if isinstance(inner, dict) else transcript.request


def _is_chunk(body: Mapping[str, Any]) -> bool:
    answered = isinstance(body.get("candidates"), list) or isinstance(body.get("promptFeedback"), dict)
    return answered or ("usageMetadata" in body and "modelVersion" in body)


def _whole(chunks: Sequence[Chunk]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for chunk in chunks:
        whole = latest(whole, {name: value for name, value in chunk.body.items() if name in _TOLD_ONCE})
    return whole


def _finish_reasons(chunks: Sequence[Chunk], enums: Enums) -> dict[int, str]:
    return {
        index: word
        for chunk in chunks
        for _, index, candidate in candidates(chunk)
        if (word := named(candidate.get("finishReason"), enums.finish_reasons))
    }


def _complete(
    transcript: Transcript, chunks: Sequence[Chunk], finishes: Mapping[int, str], *, blocked: bool
) -> bool | None:
    """A prompt that was blocked has no candidate to finish; every candidate that began must."""
    begun = {index for chunk in chunks for _, index, _ in candidates(chunk)}
    if (begun and begun <= finishes.keys()) or (blocked and not begun):
        return True
    streamed = transcript.frames is not None or isinstance(transcript.response, list)
    return False if streamed or broke_off(transcript) else None


def _output(chunks: Sequence[Chunk]) -> tuple[Message, ...]:
    pieces: dict[int, list[Any]] = {}
    for chunk in chunks:
        for _, index, candidate in candidates(chunk):
            pieces.setdefault(index, []).extend(items(dig(candidate, "content", "parts")))
    streamed = any(chunk.index is not None for chunk in chunks)
    messages: list[Message] = []
    for index in sorted(pieces):
        parts = content_parts({"parts": whole_calls(pieces[index]) if streamed else pieces[index]})
        messages += said("model", joined(parts) if streamed else parts)
    return tuple(messages)


def _operation(request: Any, output: tuple[Message, ...], finishes: Mapping[int, str]) -> Operation:
    config = dig(request, "generationConfig")
    modalities = {text(word) for word in items(dig(config, "responseModalities"))}
    drawn = any(part.kind == "image" for message in output for part in message.parts)
    if drawn or "IMAGE" in modalities or any("IMAGE" in word for word in finishes.values()):
        return Operation.IMAGE_GENERATION
    return Operation.SPEECH if modalities == {"AUDIO"} else Operation.CHAT


def _model_requested(transcript: Transcript) -> str | None:
    """The URL's; gateways and Gemini CLI's login name the model in the body."""
    target = google_target(transcript.path)
    return (target.model if target else None) or text(dig(transcript.request, "model"))


def _first_token_us(transcript: Transcript, chunks: Sequence[Chunk]) -> int | None:
    for chunk in chunks:
        if any(content_parts(candidate.get("content")) for _, _, candidate in candidates(chunk)):
            return arrived(transcript, chunk.end)
    return None


_BEGINNING = 3
_TOLD_ONCE = ("createTime", "modelVersion", "responseId", "usageMetadata")

DIALECT = Dialect(name="gemini_generate", version=2, fits=fits, read=read, ask=ask)
