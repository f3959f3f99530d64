"""A body as sheets of text with passages to be read, by what kind of body it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from audit.redaction.deltas import Deltas
from audit.redaction.hit import Span
from audit.redaction.json_texts import looks_like_json, passages_of, values_of
from audit.redaction.passage import Passage, percent_piece, plain_piece
from audit.wire.sse import looks_like_events

__all__ = ["Sheets", "sheets_of", "text_of"]


@dataclass(frozen=True, kw_only=True)
class Sheets:
    """Texts that make up a body."""

    texts: Sequence[str]
    passages: Sequence[Passage]
    places: Sequence[Span] = ()
    """Where in the body each text stands, with what must be made anew when it changes."""
    wrap: Callable[[int, str], bytes] | None = None
    """Makes what stands there of a sheet's number and new text; None: the one text is the body."""


def sheets_of(body: bytes, content_type: str, *, reply: bool) -> Sheets | None:
    """Return a body's texts; None if it is no text. Of a reply in pieces, what goes on from piece to piece is one."""
    kind = content_type.partition(";")[0].strip().lower()
    text = text_of(body, kind)
    if text is None:
        return None
    return Sheets(texts=(text,), passages=list(_passages(body, text, content_type, kind, reply=reply)))


def text_of(body: bytes, kind: str) -> str | None:
    """Return a body as text from which the same bytes can be made; None if it is a picture, a sound or the like."""
    text = body.decode("utf-8", "surrogateescape")
    texts = kind.startswith(("text/", "multipart/")) or "json" in kind or "form" in kind
    return text if texts or text.isascii() or not _SURROGATE.search(text) else None


def _passages(body: bytes, text: str, content_type: str, kind: str, *, reply: bool) -> Iterator[Passage]:
    if kind == "multipart/form-data":
        return _form_parts(text, content_type)
    if kind == "application/x-www-form-urlencoded":
        return _fields(text)
    if reply and (kind == "text/event-stream" or looks_like_events(body)) and not looks_like_json(text):
        return _events(text)
    values = values_of(text) if reply and looks_like_json(text) else None
    return passages_of(text) if values is None or len(values) < 2 else _elements(text, values)


def _events(text: str) -> Iterator[Passage]:
    """Yield the passages of server-sent events; what is no JSON is read line by line."""
    deltas = Deltas()
    for line in _LINE.finditer(text):
        if not deltas.add(line[1], line.start(1)):
            yield plain_piece(line[1], line.start(1))
    yield from deltas.passages()


def _elements(text: str, values: list[Span]) -> Iterator[Passage]:
    """Yield the passages of an array sent in pieces, or of JSON lines."""
    deltas = Deltas()
    for start, end in values:
        begin = start + len(_BETWEEN.match(text, start, end)[0])  # type: ignore[index]  # it matches nothing, too
        if not deltas.add(text[begin:end], begin):
            yield from passages_of(text[begin:end], begin)
    yield from deltas.passages()


def _fields(text: str) -> Iterator[Passage]:
    for match in _FIELD.finditer(text):
        yield percent_piece(match[0], match.start())


def _form_parts(text: str, content_type: str) -> Iterator[Passage]:
    """Yield the passages of a form's fields and of such files as are text."""
    boundary = _BOUNDARY.search(content_type)
    start = 0
    for part in ("\n" + text).split(f"\n--{boundary[1]}") if boundary else [text]:
        head = _HEAD.search(part)
        content = part[head.end() :] if head else part
        if content and not _SURROGATE.search(content):
            yield from passages_of(content, start + len(part) - len(content) - 1)
        start += len(part) + len(f"\n--{boundary[1]}") if boundary else 0


_LINE = re.compile(r"(?:^|(?<=[\r\n]))(?:data: ?|(?!event:|id:|retry:|[\r\n]))([^\r\n]+)")
_BETWEEN = re.compile(r"[\s,\[\x1e\ufeff]*")
_FIELD = re.compile(r"[^&=]+")
_BOUNDARY = re.compile(r'boundary="?([^";\s]+)')
_HEAD = re.compile(r"\r?\n\r?\n")
_SURROGATE = re.compile("[\udc80-\udcff]")
"""Bytes that are no UTF-8."""
