"""Why a call gave no answer that could be judged, and whose fault that is."""

from __future__ import annotations

import re
from datetime import timedelta

from audit.call import Call, Ending, Operation, Part, Reading
from audit.canary.prompt import Canary
from audit.canary.verdict import Judgement, Verdict
from audit.canary.wording import seconds, shortened

__all__ = ["fault_of", "reached_limit"]


def fault_of(canary: Canary, call: Call) -> Judgement | None:
    """Return what kept the call from giving an answer; None when it gave one, or fails as the canary expects.

    A block by a content filter is an answer here: whether it should have come is for the expectations to say.
    """
    status = call.exchange.status
    if call.outcome.blocked:
        return None
    if status is not None and status >= 300:
        return None if status == canary.expect.status else _by_status(call, status)
    return _too_late(canary, call) or _broken(call) or _told_in_reply(call) or _unread(call) or _empty(canary, call)


def reached_limit(reading: Reading) -> bool:
    """Whether the answer stopped because it had used up its tokens."""
    return (reading.finish_reason or "").lower() in _LIMITS


def _by_status(call: Call, status: int) -> Judgement:
    error = call.reading.error
    code = (error.code if error else None) or ""
    reason = f"HTTP status {status}"
    if status < 400:
        reason += ", a redirect, which is not followed: put the final address into base_url"
    if code and code != str(status):
        reason += f", {code}"
    if error and error.message:
        reason += f": {shortened(error.message)}"
    return Judgement(verdict=_meaning(status, code), reasons=(reason,))


def _meaning(status: int, code: str) -> Verdict:
    """OpenAI's status 429 means too many requests or an unpaid account, and only the word tells which."""
    word = _WORDS.get(code.lower())
    if status >= 500:
        return Verdict.ERROR
    if word in (Verdict.UNAUTHORISED, Verdict.THROTTLED):
        return word
    if status == 429:
        return Verdict.THROTTLED
    if status in (401, 402, 403):
        return Verdict.UNAUTHORISED
    return Verdict.ERROR if status in _ERRORS_BELOW_500 else Verdict.INVALID


def _too_late(canary: Canary, call: Call) -> Judgement | None:
    """A deadline that passed counts however the bytes ended: clients time out between bytes, not over all of them."""
    taken_us, failure = call.exchange.duration_us, call.exchange.failure or ""
    if taken_us is not None and timedelta(microseconds=taken_us) >= canary.timeout:
        reason = f"no whole answer within {seconds(canary.timeout)}"
    elif _class_of(failure).endswith(_TIMEOUTS) and _class_of(failure) not in _OURS:
        reason = shortened(failure)
    else:
        return None
    return Judgement(verdict=Verdict.TIMEOUT, reasons=(reason,))


def _broken(call: Call) -> Judgement | None:
    exchange = call.exchange
    if exchange.failure is not None or exchange.ending is Ending.FAILED:
        failure = exchange.failure or "the connection failed"
        begun = Verdict.ERROR if exchange.status is None else Verdict.CUT
        return Judgement(verdict=_OURS.get(_class_of(failure), begun), reasons=(shortened(failure),))
    if exchange.ending is Ending.EOF or call.reading.complete:
        return None
    return Judgement(verdict=Verdict.UNASKED, reasons=(f"given up on our side: {exchange.ending.value}",))


def _told_in_reply(call: Call) -> Judgement | None:
    """An error under a status that claims success: in a stream's event, or as some routers do."""
    error = call.reading.error
    if error is None:
        return None
    code = error.code or ""
    verdict = _meaning(int(code), "") if _STATUS.fullmatch(code) else _WORDS.get(code.lower(), Verdict.ERROR)
    told = (f"an error under HTTP status {call.exchange.status}", code, shortened(error.message))
    return Judgement(verdict=verdict, reasons=(": ".join(filter(None, told)),))


def _unread(call: Call) -> Judgement | None:
    if call.reading.dialect != "unknown":
        return None
    notes = shortened("; ".join(call.reading.notes)) or "no dialect fits it"
    return Judgement(verdict=Verdict.UNASKED, reasons=(f"the reply could not be read: {notes}",))


def _empty(canary: Canary, call: Call) -> Judgement | None:
    reading = call.reading
    limited = reached_limit(reading)
    if reading.complete is False and not limited:
        return Judgement(verdict=Verdict.CUT, reasons=("the answer broke off before its end",))
    if reading.operation not in _IN_WORDS or reading.refusal:
        return None
    if any(_says_something(part) for message in reading.output for part in message.parts):
        return None
    if limited:
        reason = f"all of its {canary.max_output_tokens} output tokens went before it answered; allow it more"
        return Judgement(verdict=Verdict.INVALID, reasons=(reason,))
    return Judgement(verdict=Verdict.NO_ANSWER, reasons=("there is no answer in the reply",))


def _says_something(part: Part) -> bool:
    return bool(part.text.strip()) if part.kind in ("text", "refusal") else part.kind != "reasoning"


def _class_of(failure: str) -> str:
    """The exception's class, without its module."""
    return failure.partition(":")[0].rpartition(".")[2]


_IN_WORDS = (Operation.CHAT, Operation.TEXT_COMPLETION)
_LIMITS = ("length", "max_tokens", "max_output_tokens", "model_length")
_STATUS = re.compile(r"[45]\d\d")
_TIMEOUTS = ("Timeout", "TimeoutError", "TimeoutException")
_ERRORS_BELOW_500 = (408, 424)
"""A gateway that waited in vain for the model, and a server (TGI) that failed at generating."""
_OURS = {
    "PoolTimeout": Verdict.UNASKED,
    "UnsupportedProtocol": Verdict.INVALID,
    "LocalProtocolError": Verdict.INVALID,
}
"""Failures before anything was sent: no free connection; an address or a header that is none."""
_WORDS = {
    "rate_limit_exceeded": Verdict.THROTTLED,
    "rate_limit_error": Verdict.THROTTLED,
    "ratelimitreached": Verdict.THROTTLED,
    "resource_exhausted": Verdict.THROTTLED,
    "insufficient_quota": Verdict.UNAUTHORISED,
    "billing_hard_limit_reached": Verdict.UNAUTHORISED,
    "billing_not_active": Verdict.UNAUTHORISED,
    "billing_error": Verdict.UNAUTHORISED,
    "invalid_api_key": Verdict.UNAUTHORISED,
    "authentication_error": Verdict.UNAUTHORISED,
    "permission_error": Verdict.UNAUTHORISED,
    "permission_denied": Verdict.UNAUTHORISED,
    "unauthenticated": Verdict.UNAUTHORISED,
    "invalid_request_error": Verdict.INVALID,
    "invalid_argument": Verdict.INVALID,
    "not_found_error": Verdict.INVALID,
    "model_not_found": Verdict.INVALID,
}
"""Error codes by what they mean, of OpenAI, Azure, Anthropic and Google."""
