"""An exchange as structures: URL taken apart, encodings undone, JSON parsed, a streamed reply cut into frames.

Everything a dialect needs is here, so that a dialect never touches bytes. Nothing is raised for what a network
may send: what cannot be read is None, with a note that says why.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from audit.call import Exchange, Headers
from audit.wire import eventstream, multipart
from audit.wire.arrays import read_values
from audit.wire.encoding import MAX_DECODED, Decoded, decode
from audit.wire.parse import Parsed, parse_json
from audit.wire.sse import first_lines, looks_like_events, read_events

__all__ = ["Frame", "Transcript", "transcribe"]


@dataclass(frozen=True, slots=True)
class Frame:
    """One event of a streamed reply."""

    name: str
    """The event's name; "" when it has none."""
    data: Any
    """Its JSON value; None when it is not JSON."""
    text: str
    """Its data as text, such as `[DONE]`."""
    end: int
    """The offset in the plain body at which it was complete."""


@dataclass(frozen=True, kw_only=True)
class Transcript:
    """An exchange as structures."""

    exchange: Exchange
    scheme: str
    host: str
    """Lower case, without port."""
    authority: str
    """Host and port as they stand in the URL."""
    path: str
    """Percent-decoded, double and trailing slashes folded."""
    query: Mapping[str, str]
    request_headers: Mapping[str, str]
    response_headers: Mapping[str, str]
    """By lower-case name; of repeated ones the last."""
    request: Any
    """The request's JSON value, or a form's fields as a dict; None when it is neither."""
    response: Any
    """The reply's JSON value; None when it is a stream, or not JSON."""
    frames: tuple[Frame, ...] | None
    """The events of a streamed reply; None when the reply is in one piece."""
    plain: bytes = field(repr=False)
    """The reply's body with its encodings undone."""
    notes: tuple[str, ...] = ()
    decoded: Decoded = field(repr=False)

    def arrived_us(self, end: int) -> int | None:
        """Return when the plain body had come as far as `end`: microseconds from the start; None if unmeasured."""
        arrivals = self.exchange.arrivals
        if not arrivals:
            return None
        received = self.decoded.received_for(end)
        index = bisect_left(arrivals, received, key=lambda arrival: arrival.received)
        return arrivals[min(index, len(arrivals) - 1)].at_us

    @cached_property
    def elements(self) -> tuple[Frame, ...]:
        """The reply as frames when it is a JSON array sent in pieces, or JSON lines; as far as it is whole."""
        return tuple(islice(_value_frames(self.plain), MAX_FRAMES))


def transcribe(exchange: Exchange) -> Transcript:
    """Return the exchange as structures."""
    notes: list[str] = []
    url = _split(exchange.url[:MAX_URL])
    if len(exchange.url) > MAX_URL:
        notes.append(f"request: only the first {MAX_URL} characters of the URL are read")
    request_headers, response_headers = _by_name(exchange.request_headers), _by_name(exchange.response_headers)
    decoded = decode(
        exchange.response_body,
        response_headers.get("content-encoding", ""),
        cuts=tuple(arrival.received for arrival in exchange.arrivals),
    )
    if decoded.problem:
        notes.append(f"response: {decoded.problem}")
    request = _request(exchange.request_body, request_headers, notes)
    response, frames = _response(decoded.body, response_headers.get("content-type", ""), notes)
    return Transcript(
        exchange=exchange,
        **url,
        request_headers=request_headers,
        response_headers=response_headers,
        request=request,
        response=response,
        frames=frames,
        plain=decoded.body,
        decoded=decoded,
        notes=tuple(notes),
    )


def _split(url: str) -> dict[str, Any]:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:  # such as an unclosed IPv6 bracket
        return {"scheme": "", "host": "", "authority": "", "path": "", "query": {}}
    path = "/" + _SLASHES.sub("/", unquote(parts.path)).strip("/")
    authority = parts.netloc.rpartition("@")[2].lower()
    query = dict(parse_qsl(parts.query))
    return {"scheme": parts.scheme, "host": host, "authority": authority, "path": path, "query": query}


def _by_name(headers: Headers) -> dict[str, str]:
    return dict(headers)


def _request(body: bytes, headers: Mapping[str, str], notes: list[str]) -> Any:
    content_type = headers.get("content-type", "")
    if content_type.lower().startswith("multipart/form-data"):
        return multipart.read_form(body, content_type)
    decoded = decode(body, headers.get("content-encoding", ""))
    if decoded.problem:
        notes.append(f"request: {decoded.problem}")
    if not decoded.body.strip() or _is_too_large("request", decoded.body, notes):
        return None
    parsed = parse_json(decoded.body)
    if parsed.problem and ("json" in content_type or not content_type or parsed.value is not None):
        notes.append(f"request: {parsed.problem}")
    notes += [f"request: {odd}" for odd in parsed.odd]
    return parsed.value


def _response(body: bytes, content_type: str, notes: list[str]) -> tuple[Any, tuple[Frame, ...] | None]:
    kind = content_type.partition(";")[0].strip().lower()
    if _is_too_large("response", body, notes):
        return None, None
    if kind == "application/vnd.amazon.eventstream":
        return None, _as_far(_gather(_aws_frames(body), notes), body, notes)
    if body and looks_like_events(body):
        return None, _events(body, notes)
    opening = body[:_MOST_BLANK].lstrip(_BLANK)[:1]
    if kind == "text/event-stream" and opening not in (b"{", b"["):
        return None, _events(body, notes)
    if opening not in (b"{", b"[") and "json" not in kind:
        return None, None  # sound, an image, a page: kept, not read
    if not body.strip():
        return None, None
    parsed = parse_json(body)
    if parsed.problem and "Extra data" in parsed.problem:
        _note_bytes(body, notes)
        return None, _as_far(_gather(_value_frames(body), notes), body, notes)
    if parsed.problem:
        notes.append(f"response: {parsed.problem}")
    notes += [f"response: {odd}" for odd in parsed.odd]
    return parsed.value, None


def _is_too_large(what: str, body: bytes, notes: list[str]) -> bool:
    """Whether a body that was not packed is larger than one may be that was: structures take many times its room."""
    if len(body) <= MAX_DECODED:
        return False
    notes.append(f"{what}: more than {MAX_DECODED} bytes are kept and not read")
    return True


def _events(body: bytes, notes: list[str]) -> tuple[Frame, ...]:
    readable = first_lines(body, MAX_LINES)
    if len(readable) < len(body):
        notes.append(f"response: only the first {MAX_LINES} lines are read")
    _note_bytes(readable, notes)
    odd: dict[str, None] = {}
    frames = _gather(_sse_frames(readable, odd), notes)
    notes += [f"response: {what}" for what in odd]
    return frames


def _note_bytes(body: bytes, notes: list[str]) -> None:
    """Say where a body that is read with replacement characters needs the first."""
    try:
        body.decode()
    except UnicodeDecodeError as exc:
        notes.append(f"response: not UTF-8 at byte {exc.start}")


def _as_far(frames: tuple[Frame, ...], body: bytes, notes: list[str]) -> tuple[Frame, ...]:
    """Say from where on nothing can be read."""
    end = frames[-1].end if frames else 0
    if len(frames) < MAX_FRAMES and body[end:].strip(_BETWEEN):
        notes.append(f"response: what follows byte {end} cannot be read")
    return frames


def _gather(frames: Iterator[Frame], notes: list[str]) -> tuple[Frame, ...]:
    taken = tuple(islice(frames, MAX_FRAMES))
    if len(taken) == MAX_FRAMES:
        notes.append(f"response: only the first {MAX_FRAMES} events are read")
    unread = sum(frame.data is None and frame.text.strip() not in ("", "[DONE]") for frame in taken)
    if unread:
        notes.append(f"response: {unread} of {len(taken)} events are not JSON")
    return taken


def _sse_frames(body: bytes, odd: dict[str, None]) -> Iterator[Frame]:
    for event in read_events(body):
        parsed = parse_json(event.data) if event.data.lstrip()[:1] in ("{", "[", '"') else _NO_JSON
        if parsed.odd and len(odd) < _MOST_ODD:
            odd.update(dict.fromkeys(parsed.odd))
        yield Frame(event.name, parsed.value, event.data, event.end)


def _value_frames(body: bytes) -> Iterator[Frame]:
    text = body.decode("utf-8", "replace")
    last = offset = 0
    for value, end in read_values(text):
        offset += len(text[last:end].encode())
        last = end
        yield Frame("", value, "", offset)


def _aws_frames(body: bytes) -> Iterator[Frame]:
    for message in eventstream.read_messages(body):
        name = message.headers.get(":event-type") or message.headers.get(":exception-type") or ""
        text = message.payload.decode("utf-8", "replace")
        yield Frame(name, parse_json(text).value, text, message.end)


MAX_FRAMES = 200_000
"""Events of one reply: a reply of a million tokens has fewer; a hostile one has no end."""
MAX_URL = 4_000
"""Characters of a URL that are read: real ones have hundreds; some searches in it take time by its square."""
MAX_LINES = 1_000_000
"""Lines of one stream of events, comments and empty ones too: 64 KB of Brotli can hold sixty million."""
_SLASHES = re.compile(r"/{2,}")
_NO_JSON = Parsed(None)
_MOST_ODD = 5
_BETWEEN = b" \t\r\n,]\x1e\xef\xbb\xbf"
"""What may stand between values and behind the last, besides blanks the commas and the end of an array."""
_BLANK = b" \t\r\n\xef\xbb\xbf"
_MOST_BLANK = 64 * 1024
"""Blank lines before a reply: DeepSeek and OpenRouter send them while a caller has to wait."""
