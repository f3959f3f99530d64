"""Speech to text and text to speech: OpenAI's, Azure's, and those of others who took the format over.

https://platform.openai.com/docs/api-reference/audio
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from audit.call import Message, Operation, Part, Reading, Usage
from audit.dialects._dialect import Dialect, Fit
from audit.dialects._fields import decimal, dig, mapping, text
from audit.dialects._openai_blocks import block_of
from audit.dialects._openai_reply import failed_piece, findings_of, first_content_us, whole
from audit.dialects._openai_request import model_requested
from audit.dialects._openai_usage import usage_of
from audit.dialects._parts import base64_size, said, spoken
from audit.dialects._reply import error_told, fit
from audit.wire.transcript import Transcript

__all__ = ["DIALECT"]


def fits(transcript: Transcript) -> Fit:
    """Tell by the path, and by a stream of transcript or speech events."""
    events = [text(dig(frame.data, "type")) or "" for frame in (transcript.frames or ())[:1]]
    return fit(path=bool(_PATH.search(transcript.path)), shape=any(map(_EVENT.match, events)))


def read(transcript: Transcript) -> Reading:
    """Return what is asked and answered; sound is told by its size."""
    speaks = transcript.path.endswith("/speech")
    body, findings = _reply(transcript), findings_of(transcript)
    output = _spoken(transcript) if speaks else said("assistant", spoken(body.get("text")))
    error = error_told(transcript)
    block = block_of(findings=findings, failure=failed_piece(transcript), error=error, begun=bool(output))
    return Reading(
        dialect=DIALECT.name,
        dialect_version=DIALECT.version,
        provider="",
        operation=Operation.SPEECH if speaks else Operation.TRANSCRIPTION,
        streamed=transcript.frames is not None,
        model_requested=model_requested(transcript),
        model_served=text(body.get("model")),
        complete=whole(transcript, answered=bool(output), json=False),
        error=error,
        usage=_usage(body),
        findings=findings,
        block_reasons=block.reasons,
        block_source=block.source,
        first_token_us=first_content_us(transcript, lambda event: bool(dig(event, "delta") or dig(event, "audio"))),
        input=_asked(transcript.request),
        output=output,
    )


def _reply(transcript: Transcript) -> dict[str, Any]:
    """What is said of the sound: a stream's last event with the words put together, JSON, or bare text."""
    if transcript.frames is not None:
        events = [mapping(frame.data) for frame in transcript.frames]
        ends = [event for event in events if _DONE.search(text(event.get("type")) or "")]
        words = "".join(text(event.get("delta")) or "" for event in events)
        return {"text": words, **(ends[-1] if ends else {})}
    kind = transcript.response_headers.get("content-type", "")
    if transcript.response is None and kind.startswith("text/") and (transcript.exchange.status or 0) < 400:
        return {"text": transcript.plain.decode("utf-8", "replace")}
    return mapping(transcript.response)


def _usage(body: dict[str, Any]) -> Usage | None:
    """Tokens or seconds; `whisper-1` tells its seconds only in the detailed format, as `duration`."""
    usage = usage_of(body.get("usage"))
    seconds = decimal(body.get("duration"))
    if seconds is None or (usage is not None and usage.audio_seconds is not None):
        return usage
    return replace(usage or Usage(), audio_seconds=seconds)


def _spoken(transcript: Transcript) -> tuple[Message, ...]:
    if (transcript.exchange.status or 0) >= 400 or transcript.response is not None:
        return ()
    kind, size = transcript.response_headers.get("content-type"), len(transcript.plain)
    if transcript.frames is not None:
        kind, size = None, sum(base64_size(dig(frame.data, "audio")) or 0 for frame in transcript.frames)
    return said("assistant", (Part(kind="audio", media_type=kind, size=size),) if size else ())


def _asked(request: Any) -> tuple[Message, ...]:
    """The text to speak and how to speak it, or in a form the sound to write down."""
    words = (*spoken(dig(request, "instructions")), *spoken(dig(request, "input")), *spoken(dig(request, "prompt")))
    file = dig(request, "file")
    return said("user", (*words, *((_upload(file),) if isinstance(file, dict) else ())))


def _upload(file: dict[str, Any]) -> Part:
    size, name = file.get("size"), text(file.get("file")) or ""
    kind = text(file.get("media_type"))
    return Part(kind="audio", text=name, media_type=kind, size=size if isinstance(size, int) else None)


_PATH = re.compile(r"/audio/(transcriptions|translations|speech)$")
_EVENT = re.compile(r"transcript\.text\.|speech\.audio\.")
_DONE = re.compile(r"^(transcript\.text|speech\.audio)\.done$")

DIALECT = Dialect(name="openai_audio", version=1, fits=fits, read=read)
