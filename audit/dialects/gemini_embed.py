"""Google's embedContent and batchEmbedContents, at Gemini and Vertex.

https://ai.google.dev/api/embeddings
"""

from __future__ import annotations

from typing import Any

from audit.call import Message, Operation, Reading
from audit.dialects._dialect import Dialect, Fit
from audit.dialects._fields import dig, items, mapping
from audit.dialects._gemini_content import content_messages
from audit.dialects._gemini_enums import enums_of
from audit.dialects._gemini_usage import usage_of
from audit.dialects._google import google_target
from audit.dialects._reply import broke_off, error_told, fit
from audit.wire.transcript import Transcript

__all__ = ["DIALECT"]


def fits(transcript: Transcript) -> Fit:
    """Tell by the URL's method, and by embeddings with values."""
    target = google_target(transcript.path)
    vectors = [dig(transcript.response, *place, "values") for place in (("embedding",), ("embeddings", 0))]
    return fit(path=target is not None and target.method in _METHODS, shape=any(map(items, vectors)))


def read(transcript: Transcript) -> Reading:
    """Return what was embedded and counted; the vectors are not repeated."""
    target = google_target(transcript.path)
    metadata = mapping(dig(transcript.response, "usageMetadata"))
    return Reading(
        dialect=DIALECT.name,
        dialect_version=DIALECT.version,
        provider="",
        operation=Operation.EMBEDDINGS,
        model_requested=target.model if target else None,
        complete=_complete(transcript),
        error=error_told(transcript),
        usage=usage_of(metadata, enums_of(transcript)),
        input=_input(transcript.request),
    )


def _input(request: Any) -> tuple[Message, ...]:
    contents = [dig(one, "content") for one in items(dig(request, "requests"))]
    return content_messages(contents or dig(request, "content"))


def _complete(transcript: Transcript) -> bool | None:
    if mapping(transcript.response).keys() & {"embedding", "embeddings"}:
        return True
    return False if broke_off(transcript) else None


_METHODS = ("embedContent", "batchEmbedContents")

DIALECT = Dialect(name="gemini_embed", version=2, fits=fits, read=read)
