"""Cohere's Embed, versions 1 and 2.

https://docs.cohere.com/reference/embed
"""

from __future__ import annotations

import re
from typing import Any

from audit.call import Message, Operation, Reading
from audit.dialects._cohere import content_parts, usage_of
from audit.dialects._dialect import Dialect, Fit
from audit.dialects._fields import dig, items, mapping, text
from audit.dialects._parts import linked, said, spoken
from audit.dialects._reply import broke_off, error_told, fit
from audit.wire.transcript import Transcript

__all__ = ["DIALECT"]


def fits(transcript: Transcript) -> Fit:
    """Tell by the path, and by embeddings beside Cohere's `meta`."""
    body = mapping(transcript.response)
    shape = "embeddings" in body and dig(body, "meta", "api_version") is not None
    return fit(path=transcript.exchange.method == "POST" and bool(_PATH.search(transcript.path)), shape=shape)


def read(transcript: Transcript) -> Reading:
    """Return what was embedded and billed; the vectors are not repeated."""
    body = mapping(transcript.response)
    return Reading(
        dialect=DIALECT.name,
        dialect_version=DIALECT.version,
        provider="",
        operation=Operation.EMBEDDINGS,
        model_requested=text(dig(transcript.request, "model")),
        response_id=text(body.get("id")),
        complete=True if "embeddings" in body else (False if broke_off(transcript) else None),
        error=error_told(transcript),
        usage=usage_of(body),
        input=_input(transcript.request),
    )


def _input(request: Any) -> tuple[Message, ...]:
    texts = [part for one in items(dig(request, "texts")) for part in spoken(one)]
    images = [linked(one, kind="image") for one in items(dig(request, "images"))]
    mixed = [part for one in items(dig(request, "inputs")) for part in content_parts(mapping(one))]
    return said("user", [*texts, *images, *mixed])


_PATH = re.compile(r"/v[12]/embed$")

DIALECT = Dialect(name="cohere_embed", version=1, fits=fits, read=read)
