"""What must be the same with the proxy in between as without it, and in what is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from audit.call import Ending as Recorded
from audit.call import Exchange
from audit.wire.redact import redact_headers
from tests.campaigns.asks import Ask
from tests.campaigns.replies import Reply
from tests.proxy.framing import Ending, Fields, values
from tests.proxy.origin import Heard, Then
from tests.proxy.raw import Answer

__all__ = ["Case", "Trip", "answered_alike", "end_to_end", "heard_alike", "recorded_alike"]

_HOP_BY_HOP = frozenset(b"connection keep-alive proxy-connection te trailer transfer-encoding upgrade via".split())
"""With `Via`, which says where a message came through."""


@dataclass(frozen=True, slots=True)
class Case:
    """A request, and the response to it."""

    ask: Ask
    reply: Reply


@dataclass(frozen=True, slots=True)
class Trip:
    """What came of a case one way."""

    heard: tuple[Heard, ...]
    """Requests that reached the provider."""
    answer: Answer


def end_to_end(headers: Fields) -> list[tuple[bytes, bytes]]:
    """Return the headers that every intermediary hands on, in order."""
    named = {name.strip().lower() for value in values(headers, b"connection") for name in value.split(b",")}
    return [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP | named]


def heard_alike(case: Case, trip: Trip) -> Iterator[str]:
    """Yield what is wrong with the request that the provider got through the proxy."""
    if len(trip.heard) != 1:
        yield f"the provider got {len(trip.heard)} requests"
        return
    (heard,), ask = trip.heard, case.ask
    if heard.fault:
        yield f"the provider got a faulty request: {heard.fault}"
        return
    yield from _unequal("method", heard.method.decode(), ask.method)
    yield from _unequal("target", heard.target.decode("latin-1"), ask.target)
    yield from _unequal("request headers", _own(heard.headers), _own(ask.headers))
    yield from _unequal("request body", heard.body, ask.body)
    if heard.trailers:
        yield from _unequal("request trailers", heard.trailers, ask.trailers)


def answered_alike(case: Case, direct: Trip, trip: Trip) -> Iterator[str]:
    """Yield what is other in the answer through the proxy than in the one without it."""
    straight, answer, fault = direct.answer, trip.answer, case.reply.fault
    if answer.behind:
        yield f"behind the end: {_short(answer.behind)}"
    if fault is not None and (fault.head or (fault.then is Then.RESET and answer.values(b"x-audit-refused"))):
        yield from _unequal("status for what is no HTTP", answer.status, 502)
        yield from _unequal("ending of the 502", answer.ending, Ending.COMPLETE)
        return
    if fault is not None and fault.then is Then.RESET:
        yield from _broken_off_alike(case, answer)
        return
    yield from _unequal("status", answer.status, straight.status)
    yield from _unequal("reason", answer.reason, straight.reason)
    yield from _unequal("headers", end_to_end(answer.headers), end_to_end(straight.headers))
    yield from _unequal("body", answer.body, straight.body)
    if answer.trailers:
        yield from _unequal("trailers", answer.trailers, straight.trailers)
    yield from _unequal("ends whole", answer.ending is Ending.COMPLETE, straight.ending is Ending.COMPLETE)
    if answer.ending is Ending.OPEN:
        yield "the answer neither goes on nor ends"
    yield from _early(case, answer, straight)


def _broken_off_alike(case: Case, answer: Answer) -> Iterator[str]:
    """A connection that is broken off takes with it what is under way, be it the head itself."""
    if answer.ending not in (Ending.CUT, Ending.RESET):
        yield f"what was broken off is {answer.ending}"
    if answer.status not in (None, case.reply.status):
        yield from _unequal("status", answer.status, case.reply.status)
    if not case.reply.body.startswith(answer.body):
        yield "the body is not a part of what was sent"


def _early(case: Case, answer: Answer, straight: Answer) -> Iterator[str]:
    """Interim responses may be dropped, though none may come to who asked by HTTP/1.0; ours is 100."""
    early = [one for one in answer.interim if one[0] != 100]
    if any(one not in straight.interim for one in early) or (early and case.ask.version == "1.0"):
        yield f"interim responses: {answer.interim}"


def recorded_alike(case: Case, url: str, direct: Trip, exchange: Exchange | None) -> Iterator[str]:
    """Yield where the record says anything else than what was sent."""
    if exchange is None:
        yield "nothing is recorded"
        return
    ask, reply, fault = case.ask, case.reply, case.reply.fault
    yield from _unequal("recorded method", exchange.method, ask.method)
    yield from _unequal("recorded URL", exchange.url, url + ask.target)
    yield from _unequal("recorded request body", exchange.request_body, ask.body)
    told = list(redact_headers(_own(ask.headers)))
    yield from _unequal("recorded request headers", _own_text(exchange.request_headers), told)
    yield from _unequal("recorded as failed", exchange.ending is Recorded.FAILED, fault is not None)
    if fault is not None and (fault.head or (fault.then is Then.RESET and exchange.status is None)):
        return
    yield from _unequal("recorded status", exchange.status, reply.status)
    headers = redact_headers(end_to_end(reply.headers))
    yield from _unequal("recorded headers", _plain(exchange.response_headers), _plain(headers))
    if fault is None or fault.then is not Then.RESET:
        yield from _unequal("recorded body", exchange.response_body, direct.answer.body)
    elif not reply.body.startswith(exchange.response_body):
        yield "the recorded body is not a part of what was sent"


def _own(headers: Fields) -> list[tuple[bytes, bytes]]:
    """Return the headers that a case chose, without those that every request has, and `Expect`, which is for us too."""
    always = (b"host", b"content-length", b"x-request-id", b"expect")
    return [header for header in end_to_end(headers) if header[0].lower() not in always]


def _own_text(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    always = ("host", "content-length", "x-request-id", "expect")
    return [header for header in _plain(headers) if header[0] not in always]


def _plain(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    left_out = {name.decode() for name in _HOP_BY_HOP} | {"content-length", "x-hop"}
    return [(name, value) for name, value in headers if name not in left_out]


def _unequal(what: str, found: object, wanted: object) -> Iterator[str]:
    if found != wanted:
        yield f"{what}: {_short(found)} instead of {_short(wanted)}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) < 600 else f"{text[:300]} … {text[-200:]} ({len(text)} characters)"
