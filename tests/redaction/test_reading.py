from __future__ import annotations

from dataclasses import replace
from typing import Any

from audit.call import Call, Exchange, Outcome, Reading, Tags
from audit.redaction import redactor
from audit.redaction.reading import RedactedReading
from tests.factories import an_exchange


def interpret(exchange: Exchange) -> Call:
    reading = Reading(dialect="it", dialect_version=1, provider="it", notes=("first",))
    return Call(exchange=exchange, reading=reading, outcome=Outcome.CLEAN)


def test_what_is_read_is_what_is_left_and_the_notes_tell() -> None:
    def redact(exchange: Exchange) -> redactor.Outcome:
        return redactor.Outcome(exchange=replace(exchange, request_body=b"left"), notes=("redacted: email 1",))

    call = RedactedReading(redact=redact, interpret=interpret)(an_exchange())
    assert call.exchange.request_body == b"left"
    assert call.reading.notes == ("first", "redacted: email 1")


def test_a_call_in_which_nothing_is_found_has_no_note() -> None:
    def redact(exchange: Exchange) -> redactor.Outcome:
        return redactor.Outcome(exchange=exchange)

    assert RedactedReading(redact=redact, interpret=interpret)(an_exchange()) == interpret(an_exchange())


def test_what_cannot_be_searched_is_not_stored() -> None:
    def redact(_exchange: Exchange) -> Any:
        raise RuntimeError("ann@x.org")

    exchange = an_exchange(
        url="https://api.example.com/v1?q=ann@x.org",
        request_body=b"ann@x.org",
        response_body=b"ann@x.org",
        request_headers=(("x-title", "ann@x.org"),),
        failure="ann@x.org",
        tags=Tags(user="ann@x.org", canary="it"),
    )
    call = RedactedReading(redact=redact, interpret=interpret)(exchange)
    assert "ann@" not in repr(call)
    assert call.exchange.tags == Tags(canary="it")
    assert call.reading.notes == ("first", "redaction failed (RuntimeError): all is left out")
