"""Answers that the proxy gives itself, each in the shape in which the provider asked would have put it.

Shapes as the providers document them: OpenAI's and Azure's `error` object, Anthropic's `type: error`, Google's status
names (google.rpc.Code), AWS's `message` with `x-amzn-errortype`, Ollama's and Cohere's plain strings.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http import HTTPStatus

__all__ = ["Refusal", "as_response", "reason_phrase"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a request is not forwarded, or why nothing can be handed on."""

    status: int
    reason: str
    """One word for counters and logs: `no_such_provider`."""
    message: str
    """For people: what is wrong and what to do."""
    code: str | None = None
    """OpenAI's `code`, where it has one for this."""
    retry_after_s: float | None = None


def as_response(refusal: Refusal, path: str) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Return headers and body of the answer to a request for `path`."""
    kind = next((kind for kind, pattern in _PATHS if pattern.search(path)), "openai")
    body = json.dumps(_SHAPES[kind](refusal)).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"x-audit-refused", refusal.reason.encode()),
    ]
    if kind == "aws":
        headers.append((b"x-amzn-errortype", _word(_AWS, refusal.status).encode()))
    if refusal.retry_after_s is not None:
        headers.append((b"retry-after", str(max(1, round(refusal.retry_after_s))).encode()))
    return headers, body


def reason_phrase(status: int) -> str:
    """Return what stands behind a status of ours."""
    return HTTPStatus(status).phrase


def _openai(refusal: Refusal) -> object:
    kind = _word(_OPENAI, refusal.status)
    return {"error": {"message": refusal.message, "type": kind, "param": None, "code": refusal.code}}


def _azure(refusal: Refusal) -> object:
    return {"error": {"code": refusal.code or str(refusal.status), "message": refusal.message}}


def _anthropic(refusal: Refusal) -> object:
    return {"type": "error", "error": {"type": _word(_ANTHROPIC, refusal.status), "message": refusal.message}}


def _google(refusal: Refusal) -> object:
    status = _word(_GOOGLE, refusal.status)
    return {"error": {"code": refusal.status, "message": refusal.message, "status": status}}


def _aws(refusal: Refusal) -> object:
    return {"message": refusal.message}


def _ollama(refusal: Refusal) -> object:
    return {"error": refusal.message}


def _word(words: dict[int, str], status: int) -> str:
    return words.get(status, words[500 if status >= 500 else 400])


_SHAPES = {
    "openai": _openai,
    "azure": _azure,
    "anthropic": _anthropic,
    "google": _google,
    "aws": _aws,
    "ollama": _ollama,
    "cohere": _aws,
}
_PATHS = (
    ("azure", re.compile(r"/openai/deployments/")),
    ("anthropic", re.compile(r"/v1/(messages|complete)\b|/anthropic/")),
    ("google", re.compile(r"/v1(alpha|beta)\d*/|:(stream)?(generate|raw)\w+$|/publishers/")),
    ("aws", re.compile(r"/(model|guardrail)/[^/]+/")),
    ("ollama", re.compile(r"/api/(chat|generate|embed|tags)")),
    ("cohere", re.compile(r"/v2/(chat|embed|rerank)")),
)
_OPENAI = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
    500: "api_error",
}
_ANTHROPIC = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
}
_GOOGLE = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_AWS = {
    400: "ValidationException",
    401: "UnrecognizedClientException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    429: "ThrottlingException",
    500: "InternalServerException",
    503: "ServiceUnavailableException",
}
