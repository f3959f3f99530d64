"""A response on its way back: what has come of it, as it goes on to the client, and noted on the tape."""

from __future__ import annotations

from audit.proxy.messages import CHUNKED, UNTIL_CLOSE, Reply, RequestHead, end_to_end, head_lines, lowered
from audit.proxy.readers import ReplyReader
from audit.recording.tape import Tape

__all__ = ["Returning", "field_lines"]


class Returning:
    """One response. Each piece that comes goes on as a piece; nothing waits for more."""

    def __init__(self, request: RequestHead, tape: Tape | None) -> None:
        self._request = request
        self._tape = tape
        self._chunked = False
        self.reply: Reply | None = None
        """The head, once it has gone on."""
        self.lasting = False
        """Whether the client's connection can be used again behind it."""

    @property
    def ends_by_closing(self) -> bool:
        """Whether the client takes the connection's end for the response's."""
        return self.reply is not None and not self._chunked and self.reply.length in (UNTIL_CLOSE, CHUNKED)

    def take(self, reader: ReplyReader, *, whole_request: bool) -> list[bytes]:
        """Return what goes on to the client of what has come; raise `Malformed` for a head that may not."""
        out: list[bytes] = []
        if reader.interim:
            self._take_interim(reader, out)
        if reader.head is not None and self.reply is None:
            out.append(self._head(reader.head, whole_request=whole_request))
        if reader.pieces:
            self._take_body(reader, out)
        return out

    def end(self, reader: ReplyReader) -> bytes:
        """Return what tells the client that the response is whole, beside its length."""
        return b"0\r\n" + field_lines(reader.trailers) + b"\r\n" if self._chunked else b""

    def _take_interim(self, reader: ReplyReader, out: list[bytes]) -> None:
        for status, headers in reader.interim:
            if status != 100 and self._request.version == "1.1":  # 100 was said where the request was waited for
                out.append(head_lines(b"HTTP/1.1 %d " % status, end_to_end(headers, lowered(headers))))
        reader.interim = []

    def _head(self, reply: Reply, *, whole_request: bool) -> bytes:
        headers = end_to_end(reply.headers, reply.names)
        self.reply = reply
        if self._tape is not None:
            self._tape.head(reply.status, reply.headers)
        self._chunked = reply.length == CHUNKED and self._request.version == "1.1"
        self.lasting = self._request.keep_alive and whole_request and not self.ends_by_closing
        if self._chunked:
            headers.append((b"transfer-encoding", b"chunked"))
        if not self.lasting:
            headers.append((b"connection", b"close"))
        return head_lines(b"HTTP/1.1 %d %s" % (reply.status, reply.reason), headers)

    def _take_body(self, reader: ReplyReader, out: list[bytes]) -> None:
        tape, chunked = self._tape, self._chunked
        for piece in reader.pieces:
            if tape is not None:
                tape.chunk(piece)
            out.append(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
        reader.pieces = []


def field_lines(fields: list[tuple[bytes, bytes]]) -> bytes:
    """Return fields as lines, as trailers have them."""
    return b"".join(b"%s: %s\r\n" % field for field in fields)
