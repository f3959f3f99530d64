"""Bytes of a connection to messages: httptools parses (llhttp, in its strict mode), and what it lets pass is looked at.

No sockets in here: a reader is fed and then asked what has come.
"""

from __future__ import annotations

import re
from collections import deque

import httptools

from audit.proxy.messages import (
    CHUNKED,
    NO_BODY,
    UNTIL_CLOSE,
    Malformed,
    Reply,
    Request,
    RequestHead,
    lowered,
    reply_framing,
    request_framing,
    values,
)

__all__ = ["ReplyReader", "RequestReader"]

MOST_HEADERS = 500
MOST_READ = 256 * 1024
"""Bytes that come at once."""


class _Reader:
    """What both directions share: header fields, counted."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._size = self._fed = 0
        self._quiet = True
        """Whether what came last was neither a whole head nor a part of a body."""
        self._fields: list[tuple[bytes, bytes]] = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self._size += len(name) + len(value) + 4
        if self._size > self._most or len(self._fields) >= MOST_HEADERS:
            raise self._too_large()
        plain = value.strip(b" \t")
        if plain != value and name.lower() == b"transfer-encoding":
            raise Malformed("the transfer coding has blanks behind it, which not all readers take for nothing")
        self._fields.append((name, plain))

    def _bound(self, fed: int) -> None:
        """Bound what comes and is nothing yet: the parser says nothing of a line, or of a chunk's extension, until it
        is whole."""
        self._fed += fed
        if self._fed > self._most + MOST_READ:
            raise self._too_large()

    def _too_large(self) -> Malformed:
        return Malformed(f"the head is larger than {self._most} bytes, or has more than {MOST_HEADERS} fields", 431)


class RequestReader(_Reader):
    """Reads the requests of one client's connection, which may come one behind the other."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__(most_bytes)
        self.requests: deque[Request] = deque()
        """Those whose heads have come and that nobody has taken yet."""
        self.begun = False
        """Whether a part of a head has come."""
        self._current: Request | None = None
        self._target = b""
        self._parser = httptools.HttpRequestParser(self)

    def feed(self, data: bytes) -> None:
        """Take in what has come; raise `Malformed`, after which nothing more can be read."""
        self._quiet = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as exc:
            self._go_on_without_upgrade(data[exc.args[0] :])
        except httptools.HttpParserCallbackError as exc:
            raise (exc.__context__ if isinstance(exc.__context__, Malformed) else Malformed(str(exc))) from None
        except httptools.HttpParserInvalidMethodError:
            raise Malformed("the method is not known", 501) from None
        except httptools.HttpParserError as exc:
            raise Malformed(str(exc)) from None
        if self._quiet:
            self._bound(len(data))

    def _go_on_without_upgrade(self, rest: bytes) -> None:
        """Read on as if no other protocol had been asked for, as RFC 9110 §7.8 allows; the parser has stopped here."""
        head = self.requests[-1].head
        protocol = b",".join(values(b"upgrade", head.headers, head.names))
        if protocol.lower() != b"h2c":
            head.upgrade = protocol
            return
        self._parser = httptools.HttpRequestParser(self)
        self.requests.pop()
        kept = [field for field in head.headers if field[0].lower() not in (b"upgrade", b"connection")]
        lines = [b" ".join((head.method, head.target, b"HTTP/1.1")), *(name + b": " + value for name, value in kept)]
        self._current = None
        self.feed(b"\r\n".join(lines) + b"\r\n\r\n" + rest)

    def on_message_begin(self) -> None:
        self._fields, self._size, self._fed, self._target = [], 0, 0, b""
        self.begun = True

    def on_url(self, url: bytes) -> None:
        self._size += len(url)
        self._target += url

    def on_headers_complete(self) -> None:
        self._current = Request(self._head())
        self._fields = []
        self.requests.append(self._current)
        self.begun = self._quiet = False

    def _head(self) -> RequestHead:
        version, method = self._parser.get_http_version(), self._parser.get_method()
        if version not in ("1.0", "1.1"):
            raise Malformed("this server speaks HTTP/1.1", 505)
        if method == b"CONNECT":
            raise Malformed("this is no forward proxy", 405)
        headers, names = self._fields, lowered(self._fields)
        hosts = values(b"host", headers, names)
        if len(hosts) > 1 or (not hosts and version == "1.1"):
            raise Malformed("a request has one Host")
        if hosts and not _HOST.fullmatch(hosts[0]):
            raise Malformed("Host is no host")
        if not _TARGET.fullmatch(self._target):
            raise Malformed("the target must be a path, as in GET /v1/models HTTP/1.1")
        length = request_framing(version, headers, names)
        expects = [value.lower() for value in values(b"expect", headers, names)]
        if expects not in ([], [b"100-continue"]):
            raise Malformed("of expectations this server meets 100-continue alone", 417)
        return RequestHead(
            method=method,
            target=self._target,
            version=version,
            headers=headers,
            names=names,
            length=length,
            keep_alive=version == "1.1" and self._parser.should_keep_alive(),
            expects_continue=bool(expects) and version == "1.1" and length != NO_BODY,
        )

    def on_body(self, body: bytes) -> None:
        assert self._current is not None
        self._quiet, self._fed = False, 0
        self._current.pieces.append(body)

    def on_message_complete(self) -> None:
        assert self._current is not None
        self._current.trailers, self._fields = self._fields, []
        self._current.complete = True
        self._current = None


class ReplyReader(_Reader):
    """Reads the response to one request."""

    def __init__(self, method: bytes, most_bytes: int) -> None:
        super().__init__(most_bytes)
        self._method = method
        self._parser = httptools.HttpResponseParser(self)
        self._reason = b""
        self.interim: list[tuple[int, list[tuple[bytes, bytes]]]] = []
        """Heads of 1xx responses, not yet taken."""
        self.head: Reply | None = None
        self.pieces: list[bytes] = []
        """Of the body, not yet taken."""
        self.trailers: list[tuple[bytes, bytes]] = []
        self.complete = False
        self.surplus = False
        """Whether something came behind the end: the connection cannot be trusted any more."""

    def feed(self, data: bytes) -> None:
        """Take in what has come; raise `Malformed` where it is not HTTP. What came before that has been read."""
        if self.complete:
            self.surplus = True
            return
        self._quiet = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as exc:
            if not self._stopped():
                raise (exc.__context__ if isinstance(exc.__context__, Malformed) else Malformed(str(exc))) from None
        except httptools.HttpParserError as exc:
            if not self._stopped():
                raise Malformed(str(exc)) from None
        if self._quiet:
            self._bound(len(data))

    def close(self) -> None:
        """Let go of the parser, which holds on to this reader: nothing is left for the garbage collector."""
        del self._parser

    def end(self) -> bool:
        """Take in that the connection has ended; return whether the response has with it."""
        if self.head is not None and self.head.length == UNTIL_CLOSE:
            self.complete = True
        return self.complete

    def _stopped(self) -> bool:
        """Whether the response had ended when the parser found fault with what follows."""
        self.surplus = self.surplus or self.complete
        return self.complete

    def on_message_begin(self) -> None:
        if self.complete:
            self.surplus = True
        self._fields, self._size, self._reason = [], 0, b""

    def on_status(self, reason: bytes) -> None:
        self._reason += reason

    def on_headers_complete(self) -> None:
        if self.complete:
            return
        status = self._parser.get_status_code()
        if status < 100 or _CONTROLS.search(self._reason):
            raise Malformed(f"the status line is none: {status:03} {self._reason[:40]!r}")
        if self._parser.get_http_version() not in ("1.0", "1.1"):
            raise Malformed("the response is none of HTTP/1.1")
        self._quiet, self._fed = False, 0
        if status == 101:
            raise Malformed("101 Switching Protocols, which was not asked for")
        if status < 200:
            self.interim.append((status, self._fields))
            self._fields, self._size = [], 0
            return
        names = lowered(self._fields)
        length = reply_framing(self._method, status, self._fields, names)
        lasting = self._parser.get_http_version() == "1.1" and self._parser.should_keep_alive()
        self.head = Reply(status, self._reason, self._fields, names, length, lasting and length != UNTIL_CLOSE)
        self._fields = []
        if length == NO_BODY and self._method == b"HEAD":  # which the parser does not know of: it waits for a body
            self.complete = True

    def on_body(self, body: bytes) -> None:
        if self.complete:
            self.surplus = True
        else:
            self._quiet, self._fed = False, 0
            self.pieces.append(body)

    def on_message_complete(self) -> None:
        if self.head is not None and not self.complete:
            if self.head.length == CHUNKED:
                self.trailers = self._fields
            self.complete = True


_HOST = re.compile(rb"(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})*(?::[0-9]{0,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{0,5})?")
_CONTROLS = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_TARGET = re.compile(rb"/[!\"$-~]*")
"""A path with its query: neither a whole URL nor a fragment."""
