"""Random requests that are sound, however odd, as exactly the bytes that a client sends."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tests.campaigns.messages import a_body, a_coding, chunks, cut, fields, lines, some_cuts, some_fields
from tests.proxy.framing import Fields

__all__ = ["Ask", "an_ask"]

METHODS = [
    "GET",
    "GET",
    "HEAD",
    "POST",
    "POST",
    "POST",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "PROPFIND",
    "SEARCH",
    "REPORT",
    "PURGE",
]
"""Any that the HTTP parser knows; others are refused."""
_PATHS = (
    "/v1/chat/completions",
    "/v1/models/gpt%3A4o",
    "/v1beta/models/gemini-3:streamGenerateContent",
    "/v1/a;b=c/d,e",
    "/v1/%41%7e%C3%A4/~x",
    "/v1/!$&'()*+,;=:@-._~",
    "/v1/trailing/",
    "/v1/with%20blank%2B",
    "/v1/%e4%c3",
)
_QUERIES = ("", "", "", "?", "?a=b&a=c&=", "?alt=sse", "?x=%2F..%00%zz", "?/../?//", "?q=a+b%20c", '?[]{}|^`"<>')
_KNOWN = (
    (b"Content-Type", b"application/json"),
    (b"accept", b"*/*"),
    (b"User-Agent", b"OpenAI/Python 3.54.0"),
    (b"Accept-Encoding", b"gzip, br, zstd"),
    (b"authorization", b"Bearer token"),
    (b"x-api-key", b"key"),
    (b"Cookie", b"a=1"),
    (b"cookie", b"b=2"),
    (b"anthropic-beta", b"a,b"),
    (b"anthropic-beta", b"c"),
    (b"x-stainless-lang", b"python"),
    (b"TE", b"trailers"),
    (b"Connection", b"keep-alive"),
    (b"x-forwarded-for", b"10.0.0.1"),
    (b"forwarded", b"for=10.0.0.1"),
    (b"range", b"bytes=0-9"),
    (b"if-none-match", b'"a"'),
    (b"Origin", b"null"),
    (b"traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
)


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to be sent."""

    method: str
    target: str
    """Below the place where the provider is served."""
    headers: Fields
    """Without `Host` and those that say how the body ends."""
    chunks: tuple[bytes, ...] = ()
    chunked: bool = False
    counted: bool = True
    """Whether an empty body has a length, too."""
    extension: bytes = b""
    trailers: Fields = ()
    version: str = "1.1"
    cuts: tuple[int, ...] = ()
    pause_s: float = 0.0

    @property
    def body(self) -> bytes:
        """The bytes of the body."""
        return b"".join(self.chunks)

    def pieces(self, place: str, mark: bytes = b"") -> tuple[bytes | float, ...]:
        """Return what is sent to a provider that is served at `place`, with a header more to know it again by."""
        wire = self._wire(place, mark)
        return cut(wire, [at for at in self.cuts if at <= len(wire)], self.pause_s)

    def _wire(self, place: str, mark: bytes) -> bytes:
        line = f"{self.method} {place}{self.target} HTTP/{self.version}\r\n".encode("latin-1")
        told: Fields = ()
        if self.chunked:
            told = ((b"Transfer-Encoding", b"chunked"),)
        elif self.chunks or self.counted:
            told = ((b"content-length", b"%d" % len(self.body)),)
        named = ((b"x-request-id", mark),) if mark else ()
        head = line + fields(((b"Host", b"localhost:1"), *self.headers, *told, *named)) + b"\r\n"
        return head + (lines(self.chunks, self.extension, self.trailers) if self.chunked else self.body)


def an_ask(chance: Random) -> Ask:
    """Return a random request."""
    method = chance.choice(METHODS)
    coding, body = a_coding(chance, a_body(chance))
    old = chance.random() < 0.05
    chunked = not old and chance.random() < 0.3
    told = some_fields(chance, _KNOWN)
    if method in ("GET", "HEAD", "OPTIONS") and chance.random() < 0.9:
        coding, body, chunked = (), b"", False
    if body and not old and chance.random() < 0.05:
        told += ((b"Expect", b"100-continue"),)
    return Ask(
        method=method,
        target=chance.choice(_PATHS) + chance.choice(_QUERIES),
        headers=told + coding,
        chunks=chunks(chance, body),
        chunked=chunked,
        counted=method not in ("GET", "HEAD", "OPTIONS"),
        extension=chance.choice((b"", b";a=b")),
        trailers=((b"x-checksum", b"1"),) if chunked and chance.random() < 0.1 else (),
        version="1.0" if old else "1.1",
        cuts=some_cuts(chance, len(body) + 200),
        pause_s=chance.choice((0.0, 0.0, 0.0, 0.0005)),
    )
