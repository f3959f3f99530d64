"""The proxy's own answers, in the shapes of those it stands before."""

from __future__ import annotations

import json

import pytest

from audit.proxy.refusals import Refusal, as_response, reason_phrase

DENIED = Refusal(status=403, reason="model_not_allowed", message="not this one", code="model_not_allowed")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (
            "/v1/chat/completions",
            {"error": {"message": "not this one", "type": "permission_error", "param": None, "code": DENIED.code}},
        ),
        ("/openai/deployments/d/chat/completions", {"error": {"code": DENIED.code, "message": "not this one"}}),
        ("/v1/messages", {"type": "error", "error": {"type": "permission_error", "message": "not this one"}}),
        (
            "/v1beta/models/m:generateContent",
            {"error": {"code": 403, "message": "not this one", "status": "PERMISSION_DENIED"}},
        ),
        ("/model/m/converse", {"message": "not this one"}),
        ("/api/chat", {"error": "not this one"}),
        ("/v2/chat", {"message": "not this one"}),
    ],
)
def test_a_refusal_speaks_as_the_provider_would(path: str, body: object) -> None:
    headers, content = as_response(DENIED, path)
    assert json.loads(content) == body
    told = dict(headers)
    assert told[b"content-length"] == str(len(content)).encode()
    assert told[b"x-audit-refused"] == b"model_not_allowed"
    assert told.get(b"x-amzn-errortype") == (b"AccessDeniedException" if path.startswith("/model/") else None)


@pytest.mark.parametrize(("wait_s", "told"), [(0.2, b"1"), (12.4, b"12"), (None, None)])
def test_a_refusal_says_when_to_try_again(wait_s: float | None, told: bytes | None) -> None:
    headers, _ = as_response(Refusal(status=429, reason="r", message="m", retry_after_s=wait_s), "/v1/responses")
    assert dict(headers).get(b"retry-after") == told


@pytest.mark.parametrize(("status", "word"), [(418, "invalid_request_error"), (502, "api_error")])
def test_a_status_without_a_word_of_its_own_has_its_classs(status: int, word: str) -> None:
    _, content = as_response(Refusal(status=status, reason="r", message="m"), "/v1/responses")
    assert json.loads(content)["error"]["type"] == word


def test_a_status_has_its_phrase() -> None:
    assert reason_phrase(426) == "Upgrade Required"
