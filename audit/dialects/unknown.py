"""What no other dialect knows: the exchange is kept, and nothing is made of it but an error text."""

from __future__ import annotations

from audit.call import ErrorInfo, Exchange, Operation, Reading
from audit.dialects._dialect import Dialect, Fit
from audit.wire.transcript import Transcript

__all__ = ["DIALECT", "read_nothing"]


def read(transcript: Transcript) -> Reading:
    """Return a reading that claims nothing."""
    return read_nothing(transcript.exchange)


def read_nothing(exchange: Exchange) -> Reading:
    """Return what can be said of an exchange without looking into it."""
    status = exchange.status
    failed = status is not None and status >= 400
    return Reading(
        dialect=DIALECT.name,
        dialect_version=DIALECT.version,
        provider="",
        operation=Operation.UNKNOWN,
        error=ErrorInfo(code=str(status)) if failed else None,
    )


DIALECT = Dialect(name="unknown", version=1, fits=lambda _transcript: Fit.FALLBACK, read=read)
