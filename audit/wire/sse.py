"""Server-sent events, as WHATWG HTML §9.2.6 defines them, read incrementally.

Each event says at which byte of the stream it was complete, so that a recorder can tell when it arrived.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

__all__ = ["Event", "EventStream", "first_lines", "looks_like_events", "read_events"]


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its name ("" when none was given), its data, the byte offset at which it was complete."""

    name: str
    data: str
    end: int


class EventStream:
    """An incremental decoder: LF, CRLF and CR line ends, chunks split anywhere, comments, a BOM."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._offset = 0
        self._name = ""
        self._data: list[str] = []
        self._first = True

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Yield the events that `chunk` completes."""
        self._buffer += chunk
        yield from self._take(last=False)

    def close(self) -> Iterator[Event]:
        """Yield what an ended stream leaves open: many servers omit the last blank line."""
        yield from self._take(last=True)
        yield from self._dispatch()

    def _take(self, *, last: bool) -> Iterator[Event]:
        buffer, start = self._buffer, 0
        if self._first:
            if len(buffer) < len(_BOM) and not last:
                return
            self._first = False
            start = self._searched = len(_BOM) if buffer.startswith(_BOM) else 0
        self._searched = max(self._searched, start)
        for match in _LINE_END.finditer(buffer, self._searched):
            if match.end() == len(buffer) and match.group() == b"\r" and not last:
                break  # a CR at the edge may be half of a CRLF
            line = buffer[start : match.start()]
            start = match.end()
            if line:
                self._field(line)
            else:
                yield from self._dispatch(self._offset + start)
        if last and start < len(buffer):
            self._field(buffer[start:])
            start = len(buffer)
        self._offset += start
        del buffer[:start]
        self._searched = len(buffer) - buffer.endswith(b"\r")

    def _field(self, line: bytearray) -> None:
        name, _, value = line.decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._name = value

    def _dispatch(self, end: int | None = None) -> Iterator[Event]:
        if self._data:
            yield Event(self._name, "\n".join(self._data), self._offset if end is None else end)
        self._name, self._data = "", []


def read_events(body: bytes) -> Iterator[Event]:
    """Yield all events of a whole body, each as it is asked for."""
    stream = EventStream()
    yield from stream.feed(body)
    yield from stream.close()


def first_lines(body: bytes, most: int) -> bytes:
    """Return a body as far as its line number `most`: lines cost time even where none of them is an event's."""
    if body.count(b"\n") + body.count(b"\r") <= most:
        return body
    last = next(islice(_LINE_END.finditer(body), most - 1, None), None)
    return body if last is None else body[: last.end()]


def looks_like_events(body: bytes) -> bool:
    """Whether a body is an event stream although its content type does not say so."""
    return bool(_OPENING.match(body[:4096]))


_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\n|\r")
_OPENING = re.compile(rb"\s*+(?:\xef\xbb\xbf)?+\s*+(?::[^\r\n]*+[\r\n]\s*+)*+(?:data|event|id|retry):")
"""Comments, then a field; possessive throughout, or a body could be made that takes for ever."""
