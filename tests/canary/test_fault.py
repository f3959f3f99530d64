from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from audit.call import Ending, ErrorInfo, Message, Operation, Outcome, Part
from audit.canary.fault import fault_of
from audit.canary.verdict import Judgement, Verdict
from tests.canary.canaries import a_call, a_canary


def fault(*, exchange: dict[str, Any] | None = None, canary: dict[str, Any] | None = None, **reading: Any) -> Any:
    """Return verdict and reasons, or None."""
    found = fault_of(a_canary(**(canary or {})), a_call(exchange=exchange, **reading))
    return None if found is None else (found.verdict.value, *found.reasons)


def said(kind: str, text: str = "") -> dict[str, Any]:
    return {"output": (Message(role="assistant", parts=(Part(kind=kind, text=text),)),)}


def test_an_answer_has_no_fault() -> None:
    assert fault() is None


@pytest.mark.parametrize(
    ("status", "code", "message", "found"),
    [
        (500, "server_error", "Oops", ("error", "HTTP status 500, server_error: Oops")),
        (529, "overloaded_error", "", ("error", "HTTP status 529, overloaded_error")),
        (503, "503", "", ("error", "HTTP status 503")),
        (502, "invalid_request_error", "", ("error", "HTTP status 502, invalid_request_error")),
        (408, "408", "", ("error", "HTTP status 408")),
        (424, "generation", "", ("error", "HTTP status 424, generation")),
        (429, "rate_limit_exceeded", "Slow down", ("throttled", "HTTP status 429, rate_limit_exceeded: Slow down")),
        (429, "RESOURCE_EXHAUSTED", "", ("throttled", "HTTP status 429, RESOURCE_EXHAUSTED")),
        (429, "invalid_request_error", "", ("throttled", "HTTP status 429, invalid_request_error")),
        (429, "insufficient_quota", "", ("unauthorised", "HTTP status 429, insufficient_quota")),
        (400, "billing_hard_limit_reached", "", ("unauthorised", "HTTP status 400, billing_hard_limit_reached")),
        (401, "invalid_request_error", "No key", ("unauthorised", "HTTP status 401, invalid_request_error: No key")),
        (402, "402", "Pay", ("unauthorised", "HTTP status 402: Pay")),
        (403, "permission_error", "", ("unauthorised", "HTTP status 403, permission_error")),
        (403, "rate_limit_error", "", ("throttled", "HTTP status 403, rate_limit_error")),
        (400, "unsupported_parameter", "", ("invalid", "HTTP status 400, unsupported_parameter")),
        (404, "model_not_found", "", ("invalid", "HTTP status 404, model_not_found")),
        (422, None, "x" * 1000, ("invalid", f"HTTP status 422: {'x' * 159}…")),
        (
            302,
            None,
            "",
            ("invalid", "HTTP status 302, a redirect, which is not followed: put the final address into base_url"),
        ),
    ],
)
def test_a_status_tells_whose_fault_it_is(status: int, code: str | None, message: str, found: tuple[str, str]) -> None:
    assert fault(exchange={"status": status}, error=ErrorInfo(code=code, message=message)) == found


def test_a_status_without_a_told_error_is_told_as_it_is() -> None:
    assert fault(exchange={"status": 302})[0] == "invalid"


def test_a_status_that_is_expected_is_no_fault() -> None:
    assert fault(exchange={"status": 401}, canary={"status": 401}) is None
    assert fault(exchange={"status": 403}, canary={"status": 401})[0] == "unauthorised"


@pytest.mark.parametrize("outcome", [Outcome.BLOCKED_PROMPT, Outcome.BLOCKED_COMPLETION])
def test_a_block_is_an_answer(outcome: Outcome) -> None:
    error = ErrorInfo(code="content_filter")
    call = a_call("", outcome=outcome, exchange={"status": 400}, error=error, complete=False)
    assert fault_of(a_canary(), call) is None


@pytest.mark.parametrize(
    ("code", "message", "found"),
    [
        ("overloaded_error", "Overloaded", ("error", "an error under HTTP status 200: overloaded_error: Overloaded")),
        (None, "", ("error", "an error under HTTP status 200")),
        ("429", "Slow down", ("throttled", "an error under HTTP status 200: 429: Slow down")),
        ("502", "", ("error", "an error under HTTP status 200: 502")),
        ("7000", "", ("error", "an error under HTTP status 200: 7000")),
        ("authentication_error", "", ("unauthorised", "an error under HTTP status 200: authentication_error")),
        ("invalid_request_error", "", ("invalid", "an error under HTTP status 200: invalid_request_error")),
    ],
)
def test_an_error_may_come_under_a_success(code: str | None, message: str, found: tuple[str, str]) -> None:
    assert fault(error=ErrorInfo(code=code, message=message)) == found


@pytest.mark.parametrize(
    ("failure", "status", "found"),
    [
        ("httpx2.ConnectError: refused", None, ("error", "httpx2.ConnectError: refused")),
        ("httpx2.ReadError: reset", 200, ("cut", "httpx2.ReadError: reset")),
        (None, None, ("error", "the connection failed")),
        ("httpx2.ConnectTimeout: ", None, ("timeout", "httpx2.ConnectTimeout:")),
        ("httpx2.ReadTimeout: timed out", 200, ("timeout", "httpx2.ReadTimeout: timed out")),
        ("TimeoutError: x", None, ("timeout", "TimeoutError: x")),
        ("httpx2.PoolTimeout: ", None, ("unasked", "httpx2.PoolTimeout:")),
        ("httpx2.UnsupportedProtocol: no http://", None, ("invalid", "httpx2.UnsupportedProtocol: no http://")),
        ("h11.LocalProtocolError: illegal", None, ("invalid", "h11.LocalProtocolError: illegal")),
    ],
)
def test_a_failed_transport_is_told_by_its_exception(
    failure: str | None, status: int | None, found: tuple[str, str]
) -> None:
    assert fault(exchange={"failure": failure, "status": status, "ending": Ending.FAILED}, complete=False) == found


@pytest.mark.parametrize("ending", list(Ending))
def test_an_answer_that_took_as_long_as_the_timeout_is_too_late(ending: Ending) -> None:
    late = {"duration_us": 30_000_000, "ending": ending, "failure": "httpx2.ReadError: x"}
    assert fault(exchange=late) == ("timeout", "no whole answer within 30 s")
    assert fault(exchange=late, canary={"timeout": timedelta(minutes=1)}) != ("timeout", "no whole answer within 1 min")


@pytest.mark.parametrize("ending", [Ending.CLOSED, Ending.ABANDONED, Ending.CANCELLED, Ending.UNKNOWN])
def test_what_was_given_up_on_our_side_is_nobodys_fault(ending: Ending) -> None:
    gone = {"ending": ending, "duration_us": None}
    assert fault(exchange=gone, complete=None) == ("unasked", f"given up on our side: {ending.value}")
    assert fault(exchange=gone, complete=True) is None


@pytest.mark.parametrize(
    ("reading", "found"),
    [
        ({"complete": False}, ("cut", "the answer broke off before its end")),
        ({"output": ()}, ("no_answer", "there is no answer in the reply")),
        (said("text", " \n"), ("no_answer", "there is no answer in the reply")),
        (said("reasoning", "Hm."), ("no_answer", "there is no answer in the reply")),
        ({"output": (), "operation": Operation.EMBEDDINGS}, None),
        ({"output": (), "refusal": True}, None),
        (said("refusal", "No."), None),
        (said("tool_call"), None),
        ({"complete": None}, None),
        ({"dialect": "unknown"}, ("unasked", "the reply could not be read: no dialect fits it")),
        (
            {"dialect": "unknown", "notes": ("openai_chat failed: KeyError: 'x'",)},
            ("unasked", "the reply could not be read: openai_chat failed: KeyError: 'x'"),
        ),
    ],
)
def test_a_success_must_have_an_answer_in_it(reading: dict[str, Any], found: tuple[str, str] | None) -> None:
    assert fault(**reading) == found


@pytest.mark.parametrize("finish", ["length", "max_tokens", "MAX_TOKENS", "max_output_tokens"])
@pytest.mark.parametrize("complete", [True, False])
def test_a_limit_used_up_by_reasoning_is_the_canarys_fault(finish: str, complete: bool) -> None:
    thought = {"finish_reason": finish, "complete": complete, **said("reasoning", "Hm.")}
    reason = "all of its 16 output tokens went before it answered; allow it more"
    assert fault(canary={"max_output_tokens": 16}, **thought) == ("invalid", reason)
    assert fault(**{**thought, **said("text", "It is 4")}) is None


def test_a_fault_is_a_judgement() -> None:
    found = fault_of(a_canary(), a_call(exchange={"status": 500}))
    assert found == Judgement(verdict=Verdict.ERROR, reasons=("HTTP status 500",))
