"""Responses of a provider that means harm: more than one, or one that two clients might read in two ways."""

from __future__ import annotations

from dataclasses import dataclass

from tests.proxy.origin import Script, Then

__all__ = ["ENDINGS", "REPLIES", "Hostile"]

_EVIL = b"HTTP/1.1 200 OK\r\nset-cookie: evil=1\r\ncontent-length: 4\r\n\r\nevil"
_OK = b"HTTP/1.1 200 OK\r\n"


@dataclass(frozen=True, slots=True)
class Hostile:
    """An answer, and what the client must see of it."""

    script: Script
    status: int | None = 200
    """None if nothing but a 502, or a broken transfer, will do."""
    head: bool = False
    """Whether a head alone is asked for."""
    wait_s: float = 0.0
    """How long the client waits before it asks again."""


def _sent(*steps: bytes | float, status: int | None = 200, head: bool = False, wait_s: float = 0.0) -> Hostile:
    return Hostile(Script(steps), status, head, wait_s)


def _refused(wire: bytes) -> Hostile:
    return Hostile(Script((wire,)), None)


_COUNTED = _OK + b"content-length: 2\r\n\r\nok"
_CHUNKED = _OK + b"transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
REPLIES = {
    "two in one piece": _sent(_COUNTED + _EVIL),
    "two, the second at once": _sent(_COUNTED, _EVIL),
    "two, the second soon": _sent(_COUNTED, 0.02, _EVIL, wait_s=0.05),
    "two in chunks": _sent(_CHUNKED + _EVIL),
    "two in chunks, the second soon": _sent(_CHUNKED, 0.02, _EVIL, wait_s=0.05),
    "many": _sent(_COUNTED + _EVIL * 50),
    "garbage behind the end": _sent(_COUNTED + b"evil"),
    "garbage behind the last chunk": _sent(_CHUNKED + b"evil"),
    "line ends behind the end": _sent(_COUNTED + b"\r\n\r\n"),
    "body for HEAD": _sent(_OK + b"content-length: 4\r\n\r\nevil", head=True),
    "body for HEAD, soon": _sent(_OK + b"content-length: 4\r\n\r\n", 0.02, b"evil", head=True, wait_s=0.05),
    "chunks for HEAD": _sent(_OK + b"transfer-encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n", head=True),
    "response as a body for HEAD": _sent(_OK + b"content-length: %d\r\n\r\n" % len(_EVIL) + _EVIL, head=True),
    "body for 204": _sent(b"HTTP/1.1 204 No Content\r\n\r\nevil", status=204),
    "response as a body for 204": _sent(b"HTTP/1.1 204 No Content\r\ncontent-length: 68\r\n\r\n" + _EVIL, status=204),
    "body for 304": _sent(b"HTTP/1.1 304 Not Modified\r\ncontent-length: 4\r\n\r\nevil", status=304),
    "chunks for 304": _sent(
        b"HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n", status=304
    ),
    "interim response, then two": _sent(b"HTTP/1.1 103 Early\r\nlink: <a>\r\n\r\n" + _COUNTED + _EVIL),
    "many interim responses": _sent(b"HTTP/1.1 102 Wait\r\n\r\n" * 50 + _COUNTED),
    "length and chunks": _refused(_OK + b"content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" + _EVIL),
    "chunks and length": _refused(_OK + b"transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n" + _EVIL),
    "lengths that differ": _refused(_OK + b"content-length: 2\r\ncontent-length: 4\r\n\r\nok" + _EVIL),
    "lengths in a list": _refused(_OK + b"content-length: 2, 4\r\n\r\nok" + _EVIL),
    "length with a plus": _refused(_OK + b"content-length: +4\r\n\r\nevil"),
    "length beyond 64 bits": _refused(_OK + b"content-length: 18446744073709551618\r\n\r\nok" + _EVIL),
    "coding unknown": _refused(_OK + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n" + _EVIL),
    "coding twice": _refused(_OK + b"transfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n" + _EVIL),
    "coding before chunked": _refused(_OK + b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + _EVIL),
    "coding behind VT": _refused(_OK + b"transfer-encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + _EVIL),
    "coding behind a bare LF": _refused(_OK + b"x: y\ntransfer-encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n"),
    "field with a bare CR": _refused(_OK + b"x: y\rset-cookie: evil=1\r\ncontent-length: 2\r\n\r\nok"),
    "field with a bare LF": _refused(_OK + b"x: y\nset-cookie: evil=1\r\ncontent-length: 2\r\n\r\nok"),
    "field with NUL": _refused(_OK + b"x: y\0evil\r\ncontent-length: 2\r\n\r\nok"),
    "field with DEL": _refused(_OK + b"x: y\x7fevil\r\ncontent-length: 2\r\n\r\nok"),
    "field folded": _refused(_OK + b"x: y\r\n evil: 1\r\ncontent-length: 2\r\n\r\nok"),
    "field without a colon": _refused(_OK + b"evil\r\ncontent-length: 2\r\n\r\nok"),
    "field with a blank before the colon": _refused(_OK + b"evil : 1\r\ncontent-length: 2\r\n\r\nok"),
    "reason with a bare CR": _refused(b"HTTP/1.1 200 OK\rset-cookie: evil=1\r\ncontent-length: 2\r\n\r\nok"),
    "reason with NUL": _refused(b"HTTP/1.1 200 O\0evil\r\ncontent-length: 2\r\n\r\nok"),
    "status line ended by LF": _refused(b"HTTP/1.1 200 OK\nset-cookie: evil=1\r\ncontent-length: 2\r\n\r\nok"),
    "head ended by LF": _refused(_OK + b"content-length: 4\r\n\nevil"),
    "status of four digits": _refused(b"HTTP/1.1 2000 OK\r\ncontent-length: 4\r\n\r\nevil"),
    "status below 100": _refused(b"HTTP/1.1 099 OK\r\ncontent-length: 4\r\n\r\nevil"),
    "switching protocols": _refused(b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nevil"),
    "version 2": _refused(b"HTTP/2.0 200 OK\r\ncontent-length: 4\r\n\r\nevil"),
    "version 0.9": _refused(b"evil"),
}
"""Whoever asks next must get their own answer, with nothing of these in it."""


def _cut(wire: bytes, then: Then = Then.CLOSE) -> Script:
    return Script((wire,), then)


_STARTED = _OK + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"
ENDINGS = {
    "short body": _cut(_OK + b"content-length: 50\r\n\r\nhello"),
    "short body, broken off": _cut(_OK + b"content-length: 50\r\n\r\nhello", Then.RESET),
    "no body at all": _cut(_OK + b"content-length: 50\r\n\r\n"),
    "no last chunk": _cut(_STARTED),
    "no last chunk, broken off": _cut(_STARTED, Then.RESET),
    "half a chunk": _cut(_STARTED + b"5\r\nhe"),
    "half a chunk's size": _cut(_STARTED + b"5"),
    "half a last chunk": _cut(_STARTED + b"0\r\n"),
    "half a trailer": _cut(_STARTED + b"0\r\nx: a\r\n"),
    "chunk size of letters": _cut(_STARTED + b"zz\r\nhello\r\n0\r\n\r\n"),
    "chunk below zero": _cut(_STARTED + b"-5\r\nhello\r\n0\r\n\r\n"),
    "chunk beyond 64 bits": _cut(_STARTED + b"10000000000000005\r\nhello\r\n0\r\n\r\n"),
    "chunk longer than said": _cut(_STARTED + b"2\r\nhello\r\n0\r\n\r\n"),
    "chunk size ended by LF": _cut(_STARTED + b"5\nhello\r\n0\r\n\r\n"),
    "extension with LF": _cut(_STARTED + b"5;a\nhello\r\n0\r\n\r\n"),
    "until close, broken off": _cut(_OK + b"\r\nhello", Then.RESET),
    "nothing": _cut(b""),
    "nothing, broken off": _cut(b"", Then.RESET),
    "half a status line": _cut(b"HTTP/1.1 20"),
    "half a head": _cut(_OK + b"content-le"),
    "interim response alone": _cut(b"HTTP/1.1 103 Early\r\n\r\n"),
}
"""None of these may look to the client as if it had come whole."""
