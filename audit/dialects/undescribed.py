"""Formats that no other file describes, read by the words that most formats share.

So what a new provider or a router's own path answers is not lost: its model, its figures, what a filter did.
"""

from __future__ import annotations

from typing import Any

from audit.call import Operation, Reading
from audit.dialects._dialect import Dialect, Fit
from audit.dialects._fields import dig, text
from audit.dialects._gleanings import Gleanings, glean
from audit.dialects._openai_blocks import block_of
from audit.dialects._openai_items import input_messages
from audit.dialects._openai_messages import request_messages
from audit.dialects._openai_reply import failed_piece, findings_of
from audit.dialects._openai_request import model_requested
from audit.dialects._reply import error_told
from audit.wire.transcript import Transcript

__all__ = ["DIALECT"]


def fits(transcript: Transcript) -> Fit:
    """Tell by structures that can be searched; what they are shows when they are read."""
    structured = isinstance(transcript.request, dict) or transcript.response is not None or transcript.frames
    return Fit.WORDS if transcript.exchange.method == "POST" and structured else Fit.NO


def read(transcript: Transcript) -> Reading:
    """Return what shared words tell."""
    told, findings, error = _gleanings(transcript), findings_of(transcript), error_told(transcript)
    finishes = [("finish_reason", told.finish_reason)]
    block = block_of(findings=findings, failure=failed_piece(transcript), error=error, finishes=finishes)
    generated = told.finish_reason is not None or (told.usage is not None and told.usage.output_tokens is not None)
    return Reading(
        dialect=DIALECT.name,
        dialect_version=DIALECT.version,
        provider="",
        operation=Operation.CHAT if generated or (error and _asks(transcript.request)) else Operation.UNKNOWN,
        streamed=transcript.frames is not None,
        model_requested=model_requested(transcript),
        model_served=told.model,
        response_id=text(dig(transcript.response, "id")),
        finish_reason=told.finish_reason,
        finish_reasons=(told.finish_reason,) if told.finish_reason else (),
        complete=True if told.finish_reason else None,
        error=error,
        usage=told.usage if generated else None,  # a mere count of tokens is not used up
        findings=findings,
        block_reasons=block.reasons,
        block_source=block.source,
        input=request_messages(transcript.request) or input_messages(transcript.request),
    )


def _gleanings(transcript: Transcript) -> Gleanings:
    frames = transcript.frames
    return glean([transcript.response] if frames is None else (frame.data for frame in frames))


def _asks(request: Any) -> bool:
    named = any(text(dig(request, name)) for name in ("model", "model_id"))
    return named and any(dig(request, name) for name in _QUESTIONS)


_QUESTIONS = ("messages", "prompt", "input", "inputs", "contents")

DIALECT = Dialect(name="undescribed", version=1, fits=fits, read=read)
