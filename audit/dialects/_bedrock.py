"""What all of Bedrock's runtime calls share: the model in the URL, and how errors are told."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from audit.call import ErrorInfo
from audit.dialects._fields import dig, text
from audit.dialects._reply import error_told
from audit.wire.transcript import Frame, Transcript

__all__ = ["bedrock_error", "bedrock_model"]


def bedrock_model(path: str) -> str | None:
    """Return the model, inference profile or ARN that a runtime path names."""
    match = _PATH.search(path)
    return text(match.group(1)) if match else None


def bedrock_error(transcript: Transcript) -> ErrorInfo | None:
    """Return the error, by the name that a header tells, or the exception that broke a stream under HTTP 200."""
    error = _exception(transcript.frames or ()) or error_told(transcript)
    name = transcript.response_headers.get("x-amzn-errortype", "").partition(":")[0]
    return replace(error, code=name) if error and name else error


def _exception(frames: Iterable[Frame]) -> ErrorInfo | None:
    """An event named after its exception."""
    for frame in frames:
        if frame.name.lower().endswith("exception"):
            return ErrorInfo(
                code=text(frame.name), message=text(dig(frame.data, "message")) or text(frame.text[:200]) or ""
            )
    return None


_PATH = re.compile(r"/model/(.+)/(?:converse|converse-stream|invoke|invoke-with-response-stream|count-tokens)$")
