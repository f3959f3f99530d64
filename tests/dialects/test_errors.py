"""The error in a reply's body is found in any provider's shape."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import ErrorInfo
from audit.dialects._errors import error_info


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (
            {"error": {"code": "model_not_found", "type": "invalid_request_error", "message": "no"}},
            "model_not_found",
            "no",
        ),
        ({"error": {"code": None, "type": "invalid_request_error", "message": "no"}}, "invalid_request_error", "no"),
        ({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}, "overloaded_error", "busy"),
        ({"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED"}}, "RESOURCE_EXHAUSTED", "slow"),
        ([{"error": {"code": 404, "message": "gone", "status": "NOT_FOUND"}}], "NOT_FOUND", "gone"),
        ({"error": {"code": 402, "message": "pay"}}, "402", "pay"),
        ({"error": {"code": "421", "type": "content_filter", "message": "Block"}}, "421", "Block"),
        ({"code": "invalid-argument", "error": "bad key"}, "invalid-argument", "bad key"),
        ({"error": "model 'x' not found"}, "400", "model 'x' not found"),
        ({"error": ["overloaded"]}, "400", "overloaded"),
        ({"detail": "Invalid API Key"}, "400", "Invalid API Key"),
        (
            {"detail": [{"loc": ["body"], "msg": "Field required"}, {"msg": "Too long"}]},
            "400",
            "Field required\nToo long",
        ),
        ({"object": "error", "message": "no", "type": "invalid_model", "code": "1500"}, "1500", "no"),
        ({"object": "error", "message": {"detail": 1}, "type": "invalid_model"}, "invalid_model", ""),
        ({"__type": "ThrottlingException", "message": "slow"}, "ThrottlingException", "slow"),
        ({"Message": "Access denied"}, "400", "Access denied"),
        ({"success": False, "errors": [{"code": 7003, "message": "no route"}]}, "7003", "no route"),
        ({"type": "error", "code": None, "message": "broken"}, "400", "broken"),
        ({"error": {}}, "400", ""),
        ("nothing but text", "400", "nothing but text"),
        ([], "400", ""),
        (None, "400", ""),
    ],
)
def test_a_failed_reply_always_tells_an_error(body: Any, code: str, message: str) -> None:
    assert error_info(body, 400) == ErrorInfo(code=code, message=message)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"error": {"code": "rate_limit_exceeded", "message": "slow"}}, "rate_limit_exceeded"),
        ({"error": {"message": "no code at all"}}, None),
        ({"type": "error", "code": "server_error", "message": "broken"}, "server_error"),
        ({"success": False, "errors": [{"code": "7003", "message": "no"}]}, "7003"),
    ],
)
@pytest.mark.parametrize("status", [200, None])
def test_an_error_below_status_400_is_told_by_the_body_alone(body: Any, code: str | None, status: int | None) -> None:
    error = error_info(body, status)

    assert error is not None
    assert error.code == code


@pytest.mark.parametrize(
    "body",
    [
        {"message": "hello"},
        {"detail": "high"},
        {"error": None, "status": "completed"},
        {"error": {}},
        {"errors": []},
        {"success": False},
        "text",
        [],
        None,
    ],
)
def test_a_mere_message_is_no_error_below_status_400(body: Any) -> None:
    assert error_info(body, 200) is None
