"""Exchanges to calls, redacted in between: what is read, priced and stored is what is left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from audit.call import Call, Exchange, Tags
from audit.redaction.redactor import Outcome

__all__ = ["RedactedReading"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactedReading:
    """Makes calls of exchanges."""

    redact: Callable[[Exchange], Outcome]
    interpret: Callable[[Exchange], Call]

    def __call__(self, exchange: Exchange) -> Call:
        """Return the call without what is redacted; its notes tell of that. Never raises."""
        try:
            outcome = self.redact(exchange)
        except Exception as exc:  # noqa: BLE001  # what cannot be searched must not be stored, nor the call be lost
            outcome = Outcome(
                exchange=_bare(exchange), notes=(f"redaction failed ({type(exc).__name__}): all is left out",)
            )
        call = self.interpret(outcome.exchange)
        if not outcome.notes:
            return call
        return replace(call, reading=replace(call.reading, notes=(*call.reading.notes, *outcome.notes)))


def _bare(exchange: Exchange) -> Exchange:
    """Return an exchange without anything that a person may have written."""
    return replace(
        exchange,
        url=exchange.url.partition("?")[0],
        request_headers=(),
        request_body=b"",
        response_headers=(),
        response_body=b"",
        arrivals=(),
        failure=None,
        tags=Tags(canary=exchange.tags.canary),
    )
