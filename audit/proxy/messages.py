"""Heads of HTTP messages as a gateway sees them: what is hop by hop, what frames the body, what may not be.

RFC 9110 §7.6 says what an intermediary takes out, RFC 9112 §6 how long a body is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

__all__ = [
    "CHUNKED",
    "NO_BODY",
    "UNTIL_CLOSE",
    "Malformed",
    "Reply",
    "Request",
    "RequestHead",
    "end_to_end",
    "head_lines",
    "lowered",
    "reply_framing",
    "request_framing",
    "values",
]

Headers = Sequence[tuple[bytes, bytes]]
CHUNKED, UNTIL_CLOSE, NO_BODY = -1, -2, 0
"""Lengths of bodies that are no length."""


class Malformed(Exception):
    """A message that is not HTTP, or that two readers might read in two ways."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status
        """What a client that sent it is answered with."""


@dataclass(slots=True, kw_only=True)
class RequestHead:
    """A request's first part."""

    method: bytes
    target: bytes
    version: str
    """`1.0` or `1.1`."""
    headers: list[tuple[bytes, bytes]]
    names: list[bytes]
    """The headers' names in lower case."""
    length: int
    """Of the body, or `CHUNKED`."""
    keep_alive: bool
    expects_continue: bool = False
    upgrade: bytes | None = None
    """The protocol that it asks to switch to, where that is one that cannot be left unheard."""


@dataclass(slots=True)
class Request:
    """A request as it comes in."""

    head: RequestHead
    pieces: list[bytes] = field(default_factory=list)
    """Of the body, not yet taken."""
    trailers: list[tuple[bytes, bytes]] = field(default_factory=list)
    complete: bool = False


@dataclass(slots=True)
class Reply:
    """A response's head."""

    status: int
    reason: bytes
    headers: list[tuple[bytes, bytes]]
    names: list[bytes]
    """The headers' names in lower case."""
    length: int
    """Of the body as it follows, `CHUNKED` or `UNTIL_CLOSE`."""
    keep_alive: bool


def lowered(headers: Headers) -> list[bytes]:
    """Return the names in lower case, in order: they are looked for again and again."""
    return [name.lower() for name, _ in headers]


def end_to_end(headers: Headers, names: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    """Return what an intermediary hands on: all but what is for this connection alone.

    `names` are the headers' own, in lower case. Raises `Malformed` where `Connection` names a field that is not for a
    connection: it would go missing.
    """
    if _HOP_BY_HOP.isdisjoint(names):
        return list(headers)
    named: set[bytes] = set()
    for name, (_, value) in zip(names, headers, strict=True):
        if name == b"connection":
            named.update(token.strip().lower() for token in value.split(b","))
    if abused := named & _ESSENTIAL:
        raise Malformed(f"Connection may not name {min(abused).decode('latin-1')}")
    dropped = _HOP_BY_HOP | named
    return [field for name, field in zip(names, headers, strict=True) if name not in dropped]


def request_framing(version: str, headers: Headers, names: Sequence[bytes]) -> int:
    """Return the length of a request's body; raise `Malformed` where it is not plain to every reader."""
    if b"transfer-encoding" in names:
        if version != "1.1":
            raise Malformed("HTTP/1.0 knows no Transfer-Encoding")
        if not _is_chunked(headers, names):
            raise Malformed("of transfer codings this server knows chunked alone", 501)
        return CHUNKED
    return _content_length(headers, names) or 0


def reply_framing(method: bytes, status: int, headers: Headers, names: Sequence[bytes]) -> int:
    """Return the length of the body that follows a response's head."""
    if method == b"HEAD" or status in (204, 304):
        return NO_BODY
    if b"transfer-encoding" in names:
        if not _is_chunked(headers, names):
            raise Malformed("its transfer coding is not known")
        return CHUNKED
    length = _content_length(headers, names)
    return UNTIL_CLOSE if length is None else length


def values(wanted: bytes, headers: Headers, names: Sequence[bytes]) -> list[bytes]:
    """Return the values of the headers of one name, in order."""
    if wanted not in names:
        return []
    return [value for name, (_, value) in zip(names, headers, strict=True) if name == wanted]


def _is_chunked(headers: Headers, names: Sequence[bytes]) -> bool:
    return [value.strip().lower() for value in values(b"transfer-encoding", headers, names)] == [b"chunked"]


def _content_length(headers: Headers, names: Sequence[bytes]) -> int | None:
    lengths = values(b"content-length", headers, names)
    if not lengths:
        return None
    if len(lengths) > 1 or not _LENGTH.fullmatch(lengths[0]):
        raise Malformed("Content-Length is no number, or there are several")
    return int(lengths[0])


def head_lines(first: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return a head as it goes over the wire; the values are those of a parser, which lets no line break through."""
    return b"\r\n".join([first, *[name + b": " + value for name, value in headers], b"", b""])


_LENGTH = re.compile(rb"[0-9]{1,18}")
_HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"transfer-encoding",
        b"upgrade",
        b"http2-settings",
    }
)
_ESSENTIAL = frozenset(
    {
        b"authorization",
        b"x-api-key",
        b"api-key",
        b"x-goog-api-key",
        b"host",
        b"content-length",
        b"content-type",
        b"content-encoding",
        b"cookie",
        b"set-cookie",
        b"expect",
        b"date",
        b"via",
    }
)
"""Fields that no honest message nominates as being for one connection."""
