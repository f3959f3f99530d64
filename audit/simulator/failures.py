"""Errors as each family of providers spells them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from uuid import uuid4

from audit.simulator.ask import Ask
from audit.simulator.reply import Frame, Reply, Tells, event, json_bytes, json_reply
from audit.simulator.scenarios import ERRORS, Script

__all__ = ["Spelt", "breakage", "broken_body", "failure", "family", "misunderstood", "named_failure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    """An error in every spelling."""

    name: str
    status: int
    code: str | None
    """OpenAI's `code`."""
    type: str
    """OpenAI's `type`."""
    anthropic: str
    google: str
    aws: str
    azure: str
    message: str


class Spelt(NamedTuple):
    """An error as a provider writes it."""

    body: Any
    code: str


def failure(ask: Ask) -> Reply | None:
    """Return the error that a request asks for, None when it asks for none."""
    name = ask.script.any_of(ERRORS)
    if name is None and "error_stream" in ask.script and not ask.stream:
        name = "error_200"
    return named_failure(name, ask) if name else None


def named_failure(name: str, ask: Ask) -> Reply:
    """Return the error of that name."""
    if name == "empty_error":
        return Reply(status=500, frames=(Frame(data=b"", tells=Tells(error="500")),))
    if name == "html_error":
        return Reply(status=502, media_type="text/html", frames=(Frame(data=_PAGE, tells=Tells(error="502")),))
    if name == "error_200":
        return _fault_reply(_FAULTS["server_error"], ask, status=200)
    if name == "resource_blocked" and family(ask) != "azure":
        name = "forbidden"
    return _fault_reply(_FAULTS[name], ask)


def misunderstood(ask: Ask, message: str) -> Reply:
    """Return the 400 that says what is wrong with a request."""
    return _fault_reply(replace(_FAULTS["bad_request"], message=message), ask)


def _fault_reply(fault: _Fault, ask: Ask, *, status: int | None = None) -> Reply:
    """Return an error as the provider asked spells it."""
    kind = family(ask)
    body, code = _SPELLINGS[kind](fault, ask)
    headers = _retry_headers(ask.script, kind) if fault.name == "rate_limit" else {}
    if kind == "aws":
        headers = {**headers, "x-amzn-errortype": fault.aws}
    blocked = code == "invalid_prompt" or fault.name == "resource_blocked"
    outcome = "blocked_prompt" if blocked else None
    return json_reply(
        body, Tells(error=code, outcome=outcome), status=status or _status(fault, ask, kind), headers=headers
    )


def _status(fault: _Fault, ask: Ask, kind: str) -> int:
    if fault.status == 529 and kind != "anthropic":
        return 503
    if fault.name == "invalid_key" and kind == "google":
        return 400
    if fault.name == "not_found" and ask.format == "responses" and kind == "openai":
        return 400
    return fault.status


def breakage(ask: Ask) -> tuple[Frame, ...]:
    """Return the frames that tell of an error in the middle of a stream of events."""
    body, code = broken_body(ask)
    name = "error" if family(ask) == "anthropic" or ask.provider == "groq" else ""
    end = "\r\n" if family(ask) == "google" else "\n"
    return (Frame(data=event(body, name=name, end=end), tells=Tells(error=code)),)


def broken_body(ask: Ask) -> Spelt:
    """Return what an error in the middle of a stream says, and its code."""
    return _SPELLINGS[family(ask)](_FAULTS["overloaded"], ask)


def family(ask: Ask) -> str:
    """Return whose way of spelling errors a request is answered in."""
    if ask.provider in ("azure", "openrouter", "xai"):
        return ask.provider
    return _FAMILIES.get(ask.format, "openai")


def _openai(fault: _Fault, _ask: Ask) -> Spelt:
    error = {"message": fault.message, "type": fault.type, "param": None, "code": fault.code}
    return Spelt({"error": error}, fault.code or fault.type)


def _azure(fault: _Fault, _ask: Ask) -> Spelt:
    return Spelt({"error": {"code": fault.azure, "message": fault.message}}, fault.azure)


def _openrouter(fault: _Fault, _ask: Ask) -> Spelt:
    raw = json_bytes({"error": {"message": fault.message, "code": fault.code}}).decode()
    metadata = {"provider_name": "Simulated", "raw": raw}
    error = {"code": fault.status, "message": "Provider returned error", "metadata": metadata}
    return Spelt({"error": error, "user_id": "user_sim"}, str(fault.status))


def _xai(fault: _Fault, _ask: Ask) -> Spelt:
    code = fault.code or fault.type
    return Spelt({"code": code, "error": fault.message}, code)


def _anthropic(fault: _Fault, _ask: Ask) -> Spelt:
    error = {"type": fault.anthropic, "message": fault.message}
    return Spelt({"type": "error", "error": error, "request_id": f"req_{uuid4().hex}"}, fault.anthropic)


def _google(fault: _Fault, ask: Ask) -> Spelt:
    code = _status(fault, ask, "google")
    error: dict[str, Any] = {"code": code, "message": fault.message, "status": fault.google}
    if fault.name == "rate_limit":
        delay = ask.script.number("rate_limit", 1)
        error["details"] = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{delay:g}s"}]
    if fault.name == "invalid_key":
        error["details"] = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]
    return Spelt([{"error": error}] if ask.array else {"error": error}, fault.google)


def _aws(fault: _Fault, _ask: Ask) -> Spelt:
    return Spelt({"message": fault.message}, fault.aws)


def _ollama(fault: _Fault, _ask: Ask) -> Spelt:
    return Spelt({"error": fault.message}, str(fault.status))


def _retry_headers(script: Script, kind: str) -> Mapping[str, str]:
    wait_s = script.number("rate_limit", 1)
    headers = {"retry-after": str(math.ceil(wait_s))}
    if kind == "google":
        return {}
    return headers if kind == "anthropic" else {**headers, "retry-after-ms": f"{wait_s * 1000:g}"}


_SPELLINGS: Mapping[str, Callable[[_Fault, Ask], Spelt]] = {
    "openai": _openai,
    "azure": _azure,
    "openrouter": _openrouter,
    "xai": _xai,
    "anthropic": _anthropic,
    "google": _google,
    "aws": _aws,
    "ollama": _ollama,
}
_FAMILIES = {
    "messages": "anthropic",
    "count_messages": "anthropic",
    "hello": "anthropic",
    "gemini": "google",
    "converse": "aws",
    "ollama": "ollama",
}
_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n"


_TABLE = """
bad_request      400 unsupported_value       invalid_request_error     invalid_request_error INVALID_ARGUMENT   ValidationException           BadRequest         Unsupported value: a parameter is wrong.
context_length   400 context_length_exceeded invalid_request_error     invalid_request_error INVALID_ARGUMENT   ValidationException           context_length_exceeded The prompt is longer than this model's context.
invalid_prompt   400 invalid_prompt          invalid_request_error     invalid_request_error INVALID_ARGUMENT   ValidationException           invalid_prompt     Invalid prompt: flagged as potentially violating our usage policy.
invalid_key      401 invalid_api_key         invalid_request_error     authentication_error  INVALID_ARGUMENT   UnrecognizedClientException   401                The API key is not valid.
forbidden        403 -                       permission_error          permission_error      PERMISSION_DENIED  AccessDeniedException         PermissionDenied   This key may not use this model.
resource_blocked 403 -                       -                         -                     -                  -                             Forbidden          Your resource has been temporarily blocked because of behavior that may violate our policy.
not_found        404 model_not_found         invalid_request_error     not_found_error       NOT_FOUND          ResourceNotFoundException     DeploymentNotFound The model does not exist or you do not have access to it.
too_large        413 -                       invalid_request_error     request_too_large     INVALID_ARGUMENT   ValidationException           RequestTooLarge    The request is too large.
rate_limit       429 rate_limit_exceeded     requests                  rate_limit_error      RESOURCE_EXHAUSTED ThrottlingException           RateLimitReached   Rate limit reached. Please try again later.
quota            429 insufficient_quota      insufficient_quota        rate_limit_error      RESOURCE_EXHAUSTED ServiceQuotaExceededException insufficient_quota You exceeded your current quota, please check your plan.
server_error     500 -                       server_error              api_error             INTERNAL           InternalServerException       InternalServerError The server had an error while processing your request.
unavailable      503 -                       service_unavailable_error api_error             UNAVAILABLE        ServiceUnavailableException   ServiceUnavailable The service is temporarily unavailable.
timeout          504 -                       timeout_error             timeout_error         DEADLINE_EXCEEDED  ModelTimeoutException         Timeout            The request took too long.
overloaded       529 -                       overloaded_error          overloaded_error      UNAVAILABLE        ServiceUnavailableException   ServiceUnavailable Overloaded
"""  # noqa: E501
"""name, status, then the words of OpenAI (code, type), Anthropic, Google, AWS and Azure, then the message."""


def _faults() -> dict[str, _Fault]:
    rows = (line.split(maxsplit=8) for line in _TABLE.strip().splitlines())
    return {row[0]: _fault(row) for row in rows}


def _fault(row: list[str]) -> _Fault:
    name, status, code, type_, anthropic, google, aws, azure, message = row
    return _Fault(
        name=name,
        status=int(status),
        code=None if code == "-" else code,
        type=type_,
        anthropic=anthropic,
        google=google,
        aws=aws,
        azure=azure,
        message=message,
    )


_FAULTS = _faults()
