"""Random responses, sound and broken, as exactly the bytes that a provider sends."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random

from tests.campaigns.messages import a_body, a_coding, chunks, cut, fields, lines, some_cuts, some_fields
from tests.proxy.framing import Fields
from tests.proxy.origin import Script, Then

__all__ = ["FAULTS", "Fault", "Framing", "Reply", "a_reply"]


class Framing(StrEnum):
    """How a client knows where the body ends."""

    LENGTH = "length"
    CHUNKED = "chunked"
    CLOSE = "close"
    """By the end of the connection."""
    NONE = "none"
    """There is no body, whatever the headers say: HEAD, 204, 304."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a response."""

    name: str
    head: bool = False
    """Whether it has no head that a client could go by, so that a gateway can only say 502."""
    framings: tuple[Framing, ...] = tuple(Framing)
    """The framings it can happen to."""
    then: Then = Then.CLOSE


_CHUNKED, _COUNTED = (Framing.CHUNKED,), (Framing.LENGTH,)
FAULTS = {
    fault.name: fault
    for fault in (
        Fault("cut", framings=(*_CHUNKED, *_COUNTED)),
        Fault("reset", framings=(*_CHUNKED, *_COUNTED, Framing.CLOSE), then=Then.RESET),
        Fault("no last chunk", framings=_CHUNKED),
        Fault("bad chunk size", framings=_CHUNKED),
        Fault("no line end after a chunk", framings=_CHUNKED),
        Fault("nothing", head=True),
        Fault("reset at once", head=True, then=Then.RESET),
        Fault("half a head", head=True),
        Fault("garbage", head=True),
        Fault("no status line", head=True),
        Fault("status of two digits", head=True),
        Fault("other protocol", head=True),
        Fault("huge head", head=True),
        Fault("two lengths", head=True, framings=_COUNTED),
        Fault("negative length", head=True, framings=_COUNTED),
        Fault("length in words", head=True, framings=_COUNTED),
        Fault("NUL in a header", head=True),
        Fault("blank before the colon", head=True),
        Fault("no colon", head=True),
    )
}
_KNOWN = (
    (b"Content-Type", b"application/json"),
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"set-cookie", b"a=1; Path=/"),
    (b"Set-Cookie", b"b=2; HttpOnly"),
    (b"date", b"Sat, 28 Nov 2026 04:00:00 GMT"),
    (b"Server", b"cloudflare"),
    (b"x-request-id", b"req_1"),
    (b"x-ratelimit-remaining-tokens", b"149984"),
    (b"retry-after", b"1"),
    (b"Connection", b"keep-alive"),
    (b"alt-svc", b'h3=":443"; ma=86400'),
    (b"www-authenticate", b'Bearer realm="x"'),
    (b"etag", b'W/"1"'),
    (b"vary", b""),
    (b"x-audit-project", b"not ours"),
)
_EXTENSIONS = (b"", b"", b";a", b';a=b;c="d e"')
_INTERIM = ((103, ((b"link", b"</a>; rel=preload"), (b"x-early", b"1"))), (102, ()), (199, ((b"x-odd", b""),)))
_BODILESS = (204, 304)
_LET_IT_COME_S = 0.005
"""What was sent right before a connection is broken off does not come, as a rule."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A response to be sent."""

    status: int
    reason: bytes | None
    """None leaves out the blank before it, too."""
    headers: Fields
    """Without those that say how the body ends."""
    chunks: tuple[bytes, ...]
    framing: Framing
    claimed: int | None = None
    """The length told of a body that is not sent."""
    version: bytes = b"1.1"
    extension: bytes = b""
    trailers: Fields = ()
    interim: tuple[tuple[int, Fields], ...] = ()
    fault: Fault | None = None
    cuts: tuple[int, ...] = ()
    pause_s: float = 0.0
    keep: bool = True

    @property
    def body(self) -> bytes:
        """The bytes of the body, all of them."""
        return b"".join(self.chunks)

    def script(self) -> Script:
        """Return what the provider does."""
        wire = self._wire()
        then = self.fault.then if self.fault else Then.KEEP if self.keep else Then.CLOSE
        steps = cut(wire, [place for place in self.cuts if place <= len(wire)], self.pause_s)
        return Script((*steps, _LET_IT_COME_S) if then is Then.RESET and self.pause_s else steps, then)

    def _wire(self) -> bytes:
        early = b"".join(b"HTTP/1.1 %d Early\r\n%s\r\n" % (status, fields(told)) for status, told in self.interim)
        reason = b"" if self.reason is None else b" " + self.reason
        head = b"HTTP/%s %03d%s\r\n%s\r\n" % (self.version, self.status, reason, fields(self._told()))
        if self.fault and self.fault.head:
            return early + _beheaded(self.fault.name, head, self.body)
        return early + head + self._sent()

    def _told(self) -> Fields:
        """Return all headers; what says how the body ends is somewhere among them."""
        told: Fields = ()
        if self.framing is Framing.LENGTH:
            told = ((b"Content-Length", b"%d" % len(self.body)),)
        elif self.framing is Framing.CHUNKED:
            told = ((b"transfer-encoding", b"chunked"),)
        elif self.claimed is not None:
            told = ((b"content-length", b"%d" % self.claimed),)
        half = len(self.headers) // 2
        return self.headers[:half] + told + self.headers[half:]

    def _sent(self) -> bytes:
        if self.framing is Framing.NONE:
            return b""
        wire = lines(self.chunks, self.extension, self.trailers) if self.framing is Framing.CHUNKED else self.body
        if self.fault is None:
            return wire
        if self.fault.name == "no last chunk":
            return lines(self.chunks, self.extension, ()).removesuffix(b"0" + self.extension + b"\r\n\r\n")
        if self.fault.name == "bad chunk size":
            return wire.removesuffix(b"\r\n") + b"-1\r\nabc\r\n" if not self.chunks else b"zz" + wire
        if self.fault.name == "no line end after a chunk":
            return b"3\r\nabcd\r\n" + wire
        return wire[: len(wire) // 2]


def _beheaded(fault: str, head: bytes, body: bytes) -> bytes:
    status_line, _, rest = head.partition(b"\r\n")
    broken = {
        "nothing": b"",
        "reset at once": b"",
        "half a head": head[: len(head) // 2],
        "garbage": b"\x16\x03\x01\x00\x05hello\r\n\r\n",
        "no status line": b'{"error": "no HTTP"}\r\n\r\n',
        "status of two digits": b"HTTP/1.1 20 OK\r\n" + rest + body,
        "other protocol": b"ICY" + head.removeprefix(b"HTTP") + body,
        "huge head": status_line + b"\r\nx-long: " + b"a" * 200_000 + b"\r\n" + rest + body,
        "two lengths": status_line + b"\r\ncontent-length: %d\r\n" % (len(body) + 1) + rest + body,
        "negative length": head.replace(b"Content-Length: ", b"content-length: -") + body,
        "length in words": head.replace(b"Content-Length: ", b"content-length: x") + body,
        "NUL in a header": status_line + b"\r\nx-nul: a\0b\r\n" + rest + body,
        "blank before the colon": status_line + b"\r\nx-blank : a\r\n" + rest + body,
        "no colon": status_line + b"\r\nhello\r\n" + rest + body,
    }
    return broken[fault]


def a_reply(chance: Random, *, head: bool) -> Reply:
    """Return a random response; `head` says that only a head was asked for."""
    coding, body = a_coding(chance, a_body(chance))
    status = _a_status(chance)
    framing = _a_framing(chance, bodiless=head or status in _BODILESS)
    fault = _a_fault(chance, framing, empty=not body)
    told = some_fields(chance, _KNOWN) + coding
    pieces = chunks(chance, body) if framing is not Framing.NONE else ()
    old = framing is Framing.CLOSE and chance.random() < 0.3
    return Reply(
        status=status,
        reason=chance.choice((b"OK", b"", None, b"Odd  r\xe9ason, really", b"Not OK")),
        headers=told,
        chunks=pieces,
        framing=framing,
        claimed=chance.choice((None, len(body))) if framing is Framing.NONE else None,
        version=b"1.0" if old else b"1.1",
        extension=chance.choice(_EXTENSIONS),
        trailers=((b"x-checksum", b"1"),) if framing is Framing.CHUNKED and chance.random() < 0.2 else (),
        interim=tuple(chance.sample(_INTERIM, chance.choice((1, 2)))) if chance.random() < 0.1 and not old else (),
        fault=fault,
        cuts=some_cuts(chance, len(body) + 200),
        pause_s=chance.choice((0.0, 0.0, 0.0, 0.0005)),
        keep=framing is not Framing.CLOSE and chance.random() < 0.9,
    )


def _a_status(chance: Random) -> int:
    usual = (200, 200, 200, 201, 204, 304, 400, 401, 404, 429, 500, 502, 503, 529)
    return chance.choice(usual) if chance.random() < 0.7 else chance.randint(200, 999)


def _a_framing(chance: Random, *, bodiless: bool) -> Framing:
    if bodiless:
        return Framing.NONE
    return chance.choice((Framing.LENGTH, Framing.LENGTH, Framing.CHUNKED, Framing.CHUNKED, Framing.CLOSE))


def _a_fault(chance: Random, framing: Framing, *, empty: bool) -> Fault | None:
    if chance.random() < 0.8:
        return None
    fault = chance.choice(list(FAULTS.values()))
    halved = fault.name in ("cut", "reset") and framing is Framing.LENGTH
    return fault if framing in fault.framings and not (empty and halved) else None
