"""Replies of Google's format for tests."""

from __future__ import annotations

import json
from typing import Any

from audit.call import Reading
from audit.dialects.gemini_generate import DIALECT
from tests.factories import a_transcript

__all__ = ["PATH", "REQUEST", "STREAM", "VERTEX", "a_candidate", "a_reply", "array_stream", "crlf_stream", "read"]

PATH = "/v1beta/models/gemini-2.5-flash:generateContent"
STREAM = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
VERTEX = "/v1/projects/p/locations/l/publishers/google/models/gemini-2.5-pro:generateContent"
REQUEST = {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}


def a_candidate(*parts: dict[str, Any], finish: str | int | None = "STOP", **over: Any) -> dict[str, Any]:
    finished = {} if finish is None else {"finishReason": finish}
    return {"content": {"role": "model", "parts": list(parts)}, **finished, **over}


def a_reply(*candidates: dict[str, Any], **over: Any) -> dict[str, Any]:
    return {"candidates": list(candidates), "modelVersion": "gemini-2.5-flash-001", "responseId": "r1", **over}


def read(response: Any = None, *, path: str = PATH, request: Any = REQUEST, **over: Any) -> Reading:
    return DIALECT.read(a_transcript(path, request=request, response=response, **over))


def crlf_stream(*chunks: dict[str, Any]) -> dict[str, Any]:
    body = "\r\n\r\n".join(f"data: {json.dumps(chunk)}" for chunk in chunks)
    return {"response_body": body.encode(), "response_headers": (("content-type", "text/event-stream"),)}


def array_stream(*chunks: dict[str, Any], end: str = "]") -> bytes:
    return ("[" + "\n,\r\n".join(json.dumps(chunk) for chunk in chunks) + end).encode()
