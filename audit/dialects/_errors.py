"""The error that a reply's body tells, in any provider's shape.

OpenAI, Azure `{"error": {code, type, message}}` · Anthropic `{"type": "error", "error": {type, message}}` ·
Google `{"error": {code: 429, status, message}}`, also in an array · Mistral `{"detail"}`, `{"object": "error", …}` ·
xAI `{"code", "error": "text"}` · Ollama `{"error": "text"}` · AWS `{"__type", "message"}` ·
Cloudflare `{"success": false, "errors": […]}` · flat `{"type": "error", code, message}` in Responses streams.
"""

from __future__ import annotations

from typing import Any

from audit.call import ErrorInfo
from audit.dialects._fields import dig, items, mapping, text

__all__ = ["error_info"]

_CODES = ("code", "error_code", "errorCode", "__type", "error_type")
_MESSAGES = ("message", "Message", "msg", "error_message", "errorMessage", "detail", "description", "title")


def error_info(body: Any, status: int | None) -> ErrorInfo | None:
    """Return the error that the reply tells, or None.

    From HTTP status 400 on there always is one, if only the status itself. Below, and for a stream's event
    (`status` None), the body must say so by an `error` of its own: a mere `message` or `detail` is no error there.
    """
    failed = status is not None and status >= 400
    if isinstance(body, list):
        body = body[0] if body else None
    told = _told(body, failed)
    if told is None:
        return ErrorInfo(code=str(status)) if failed else None
    code, message = _code(told) or _code(mapping(body)), _message(told)
    return ErrorInfo(code=code or (str(status) if failed else None), message=message)


def _told(body: Any, failed: bool) -> dict[str, Any] | None:
    """The object that has the error's own members; None when nothing tells an error."""
    if isinstance(body, str):
        return {"message": body} if failed else None
    error = dig(body, "error")
    if isinstance(error, list):
        error = error[0] if error else None
    if isinstance(error, dict) and error:
        return error
    if isinstance(error, str) and error:
        return {"message": error}
    if failed or dig(body, "type") == "error" or dig(body, "object") == "error":
        return _listed(body) or mapping(body)
    return _listed(body) if dig(body, "success") is False else None


def _listed(body: Any) -> dict[str, Any] | None:
    return next((error for error in items(dig(body, "errors")) if isinstance(error, dict)), None)


def _code(error: dict[str, Any]) -> str | None:
    """A word before a number: Google's `code` and OpenRouter's are HTTP statuses; its `status` or `type` says more."""
    words = [error.get(name) for name in (*_CODES, "status", "type")]
    word = next((word for word in words if isinstance(word, str) and word not in ("", "error")), None)
    return text(word) or next((text(error[name]) for name in _CODES if text(error.get(name))), None)


def _message(error: dict[str, Any]) -> str:
    return next((message for name in _MESSAGES if (message := _plain(error.get(name)))), "")


def _plain(value: Any) -> str:
    """Text; FastAPI's list of `{loc, msg}` as lines."""
    if isinstance(value, list):
        return "\n".join(text(dig(one, "msg")) or text(dig(one, "message")) or text(one) or "" for one in value)
    return text(dig(value, "message")) or text(value) or ""
