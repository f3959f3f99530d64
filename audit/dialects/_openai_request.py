"""What an OpenAI-like request asks for, by its body and its URL."""

from __future__ import annotations

import re

from audit.dialects._fields import dig, items, text
from audit.wire.transcript import Transcript

__all__ = ["model_requested"]


def model_requested(transcript: Transcript) -> str | None:
    """Return the model that the body names, of OpenRouter's `models` the first, else the one in the URL."""
    request = transcript.request
    named = text(dig(request, "model")) or text(dig(request, "model_id"))
    named = named or next(iter(map(text, items(dig(request, "models")))), None)
    if named is None and (match := _IN_URL.search(transcript.path)):
        named = match.group(1) or match.group(2)
    return named


_IN_URL = re.compile(
    r"/(?:deployments|engines|serving-endpoints)/(?!chat/)([^/]+)/"
    r"|/publishers/[^/]+/models/([^/]+):(?:stream)?[rR]awPredict$"
)
"""Azure's, OpenAI's before 2023, Databricks'; Vertex's for Mistral and others."""
