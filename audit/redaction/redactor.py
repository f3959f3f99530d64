"""Exchanges without what the rules find in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from audit.call import Arrival, Exchange, Headers, Tags
from audit.redaction.body import Redacted, redacted_body
from audit.redaction.cutting import Cutter, Found, spliced
from audit.redaction.passage import Piece, percent_piece, plain_piece

__all__ = ["Outcome", "Redactor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """An exchange after redaction, and what was found."""

    exchange: Exchange
    found: tuple[Found, ...] = ()
    notes: tuple[str, ...] = ()
    """For whoever looks at the call: what was taken out, and what could not be searched."""


class Redactor:
    """Takes personal data out of exchanges."""

    def __init__(self, cutter: Cutter, *, drop: bool = False) -> None:
        """Take what finds and cuts; `drop` takes away bodies that cannot be searched."""
        self._cutter = cutter
        self._drop = drop

    def __call__(self, exchange: Exchange) -> Outcome:
        """Return the exchange without what is found."""
        found: list[Found] = []
        request = self._body(exchange.request_body, exchange.request_headers, reply=False)
        arrived = tuple(arrival.received for arrival in exchange.arrivals)
        reply = self._body(exchange.response_body, exchange.response_headers, reply=True, cuts=arrived)
        found += (*request.found, *reply.found)
        left = iter(self._texts(list(_texts_of(exchange)), found))
        return Outcome(
            exchange=replace(
                exchange,
                url=next(left),
                request_headers=_plain(_headers(exchange.request_headers, left), request),
                request_body=request.body,
                response_headers=_plain(_headers(exchange.response_headers, left), reply),
                response_body=reply.body,
                arrivals=_arrivals(exchange.arrivals, reply),
                failure=exchange.failure and next(left),
                tags=_tags(exchange.tags, left),
            ),
            found=tuple(found),
            notes=(*_told("request", request, self._drop), *_told("response", reply, self._drop), *_counted(found)),
        )

    def _body(self, body: bytes, headers: Headers, *, reply: bool, cuts: tuple[int, ...] = ()) -> Redacted:
        if not body:
            return Redacted(body=body, marks=tuple((at, at) for at in cuts))
        named = dict(headers)
        return redacted_body(
            body,
            encoding=named.get("content-encoding", ""),
            content_type=named.get("content-type", ""),
            cutter=self._cutter,
            reply=reply,
            drop=self._drop,
            cuts=cuts,
        )

    def _texts(self, texts: list[_Text], found: list[Found]) -> list[str]:
        """Return texts without what is found in them; they are searched at once, as most are short."""
        pieces = [replace(piece, sheet=number) for number, (_, of_text) in enumerate(texts) for piece in of_text]
        cuts = self._cutter.cuts(pieces)
        found += (cut.found for cut in cuts if cut.found)
        if not cuts:
            return [text for text, _ in texts]
        return [spliced(text, [cut for cut in cuts if cut.sheet == number]) for number, (text, _) in enumerate(texts)]


_Text = tuple[str, list[Piece]]
"""A text, and what of it is to be searched."""


def _texts_of(exchange: Exchange) -> Iterator[_Text]:
    """Yield the texts around the bodies, in the order in which they are put in again."""
    yield exchange.url, list(_url_pieces(exchange.url))
    for name, value in (*exchange.request_headers, *exchange.response_headers):
        if not _is_ours(name):
            yield value, [plain_piece(value)]
    tags = exchange.tags
    labels = [value for _, value in tags.labels]
    for text in (exchange.failure, tags.project, tags.user, tags.session, *labels):
        if text:
            yield text, [plain_piece(text)]


def _url_pieces(url: str) -> Iterator[Piece]:
    """Leave the host alone, which may be an address: it says who the provider is."""
    match = _URL.match(url)
    path, query = (match.end(1), match.end(2)) if match else (0, 0)
    yield percent_piece(url[path:query], path, plus="+")
    for part in _PARAMETER.finditer(url, query):
        yield percent_piece(part[0], part.start())


def _headers(headers: Headers, left: Iterator[str]) -> Headers:
    return tuple((name, value if _is_ours(name) else next(left)) for name, value in headers)


def _tags(tags: Tags, left: Iterator[str]) -> Tags:
    said = {name: getattr(tags, name) for name in ("project", "user", "session")}
    changed = {name: value and next(left) for name, value in said.items()}
    return replace(tags, **changed, labels=tuple((name, value and next(left)) for name, value in tags.labels))


@lru_cache(maxsize=1024)
def _is_ours(name: str) -> bool:
    return bool(_OURS.fullmatch(name))


def _plain(headers: Headers, redacted: Redacted) -> Headers:
    """Return a body's headers as they fit what is stored of it."""
    return tuple(pair for pair in headers if pair[0] != "content-encoding") if redacted.decoded else headers


def _arrivals(arrivals: tuple[Arrival, ...], redacted: Redacted) -> tuple[Arrival, ...]:
    moved = dict(redacted.marks)
    return tuple(Arrival(moved[arrival.received], arrival.at_us) for arrival in arrivals)


def _told(what: str, redacted: Redacted, drop: bool) -> Iterable[str]:
    if redacted.problem:
        yield f"redaction: the {what} could not all be searched ({redacted.problem})" + (
            "; what could not was dropped" if drop or redacted.decoded else ""
        )
    if redacted.decoded:
        yield f"redaction: the {what} is stored without its content encoding"


def _counted(found: Iterable[Found]) -> Iterable[str]:
    counts = Counter(rule for rule, _ in found)
    if counts:
        yield "redacted: " + ", ".join(f"{rule} {count}" for rule, count in sorted(counts.items()))


_URL = re.compile(r"((?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#]*|)([^?#]*)")
_PARAMETER = re.compile(r"[^?&=;#]+")
_OURS = re.compile(
    r"host|via|date|etag|traceparent|server(-.*)?|content-.*|.*-id|.*requestid|.*rate-?limit.*|last-modified|age"
)
"""Headers whose values identify the exchange and not a person, or say how its body is to be read."""
