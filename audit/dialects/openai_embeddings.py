"""Embeddings as OpenAI has them: also Azure's, Mistral's, Voyage's, Perplexity's and OpenRouter's.

https://platform.openai.com/docs/api-reference/embeddings
"""

from __future__ import annotations

import re

from audit.call import Operation, Reading
from audit.dialects._dialect import Dialect, Enquiry, Fit, Question
from audit.dialects._fields import dig, text
from audit.dialects._openai_blocks import block_of
from audit.dialects._openai_messages import prompt_messages
from audit.dialects._openai_reply import failed_piece, findings_of, whole
from audit.dialects._openai_request import model_requested
from audit.dialects._openai_usage import usage_of
from audit.dialects._reply import error_told, fit
from audit.wire.transcript import Transcript

__all__ = ["DIALECT"]


def fits(transcript: Transcript) -> Fit:
    """Tell by the path, and by a reply whose data are embeddings."""
    first = dig(transcript.response, "data", 0)
    shape = dig(first, "object") == "embedding" or dig(first, "embedding") is not None
    return fit(path=bool(_PATH.search(transcript.path)), shape=shape)


def read(transcript: Transcript) -> Reading:
    """Return what is asked and what it used; the vectors are not repeated."""
    body, findings = transcript.response, findings_of(transcript)
    error = error_told(transcript)
    block = block_of(findings=findings, failure=failed_piece(transcript), error=error)
    return Reading(
        dialect=DIALECT.name,
        dialect_version=DIALECT.version,
        provider="",
        operation=Operation.EMBEDDINGS,
        model_requested=model_requested(transcript),
        model_served=text(dig(body, "model")),
        response_id=text(dig(body, "id")),
        complete=whole(transcript, answered=bool(dig(body, "data"))),
        error=error,
        usage=usage_of(dig(body, "usage")),
        findings=findings,
        block_reasons=block.reasons,
        block_source=block.source,
        input=prompt_messages(transcript.request, "input"),
    )


def ask(question: Question) -> Enquiry:
    """Return the prompt as a request; the rest of a question means nothing here."""
    return Enquiry(
        path="/v1/embeddings", body={"model": question.model, "input": question.prompt, **question.parameters}
    )


_PATH = re.compile(r"(?<!^/api)/embeddings$")
"""`/api/embeddings` is Ollama's own."""

DIALECT = Dialect(name="openai_embeddings", version=2, fits=fits, read=read, ask=ask)
