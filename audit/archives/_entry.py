"""What an archive yields, and how an exchange in one comes to its identity."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from uuid import UUID

from audit.call import Ending, Exchange, Headers, Origin
from audit.wire.redact import credential, redact_headers, redact_url

__all__ = ["Archive", "Entry", "Fingerprint", "assemble", "identity", "moment"]

Fingerprint = Callable[[str], str]
"""Turns an API key into what may be kept of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One exchange of an archive, or why it could not be read."""

    place: str
    """Where it stands: `line 7`, `entry 3`."""
    exchange: Exchange | None = None
    problem: str | None = None
    time_known: bool = True
    """False when the archive has no time for it, so that `started_at` is the time of reading."""
    position: int = 0
    """Bytes of the file read so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A file of recorded exchanges."""

    kind: str
    """`JSONL` or `HAR`."""
    size: int
    """Bytes."""
    entries: Callable[[Fingerprint], Iterator[Entry]]
    """Reads the file from its start; what cannot be read comes as an entry with a problem."""


def moment(text: str) -> datetime:
    """Return an ISO 8601 time as aware UTC, one without an offset being UTC; raise `ValueError` for what is none."""
    time = datetime.fromisoformat(text)
    try:
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except OverflowError as exc:  # in its first or last year, and an offset leads out of it
        raise ValueError(f"no time in UTC: {text}") from exc


def identity(content: bytes) -> UUID:
    """Return a UUIDv8 of the content's SHA-256: the same content is the same exchange, however often imported."""
    digest = bytearray(hashlib.sha256(content).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return UUID(bytes=bytes(digest))


def assemble(
    *,
    content: bytes,
    fingerprint: Fingerprint,
    reference: str | None,
    started_at: datetime | None,
    method: str,
    url: str,
    request_headers: Iterable[tuple[str, str]],
    request_body: bytes,
    status: int | None,
    response_headers: Iterable[tuple[str, str]],
    response_body: bytes,
    duration_us: int | None,
    failure: str | None = None,
) -> tuple[Exchange, bool]:
    """Return the exchange with its secrets taken out, and whether its time is known."""
    raw_request, raw_response = _raw(request_headers), _raw(response_headers)
    key = credential(raw_request, url)
    known = started_at or _date(raw_response)
    exchange = Exchange(
        id=identity(content),
        started_at=known or datetime.now(UTC),
        origin=Origin.IMPORT,
        reference=reference,
        method=method.upper(),  # as it goes over the wire; some tools write it down otherwise
        url=redact_url(url),
        request_headers=redact_headers(raw_request),
        request_body=request_body,
        status=status,
        response_headers=redact_headers(raw_response),
        response_body=response_body,
        ending=Ending.FAILED if failure or status is None else Ending.EOF,
        failure=failure,
        duration_us=duration_us,
        key_fingerprint=fingerprint(key) if key else None,
    )
    return _as_decoded(exchange), known is not None


def _as_decoded(exchange: Exchange) -> Exchange:
    """Drop a content encoding that the archive has undone: archives keep bodies plain and headers as they came."""
    encodings = {value.lower() for name, value in exchange.response_headers if name == "content-encoding"}
    packed = exchange.response_body[:2] == b"\x1f\x8b" or exchange.response_body[:4] == b"\x28\xb5\x2f\xfd"
    unmarked = any(name in value for value in encodings for name in ("br", "deflate"))
    if not encodings or packed or (unmarked and not _is_text(exchange.response_body)):
        return exchange
    kept: Headers = tuple(header for header in exchange.response_headers if header[0] != "content-encoding")
    return replace(exchange, response_headers=kept)


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _raw(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in headers]


def _date(headers: Iterable[tuple[bytes, bytes]]) -> datetime | None:
    for name, value in headers:
        if name.lower() == b"date":
            try:
                return parsedate_to_datetime(value.decode("latin-1")).astimezone(UTC)
            except (ValueError, OverflowError):
                return None
    return None
