"""Recording by hand, for libraries that no transport of ours sees: Bedrock through boto3, xAI through gRPC."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from audit.call import Origin
from audit.recording.recorder import Recorder
from audit.recording.tape import Tape

__all__ = ["Reply", "record"]

Body = bytes | bytearray | memoryview | str | Mapping[str, Any] | list[Any]
"""Bytes as they are; text as UTF-8; anything else as JSON, or as Python shows it if it is none."""


class Reply:
    """Takes the reply to a request that is recorded by hand."""

    def __init__(self, tape: Tape | None) -> None:
        self._tape = tape
        self._headed = False

    def head(self, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Note status and headers; without a content type, JSON is assumed."""
        self._headed = True
        if self._tape is not None:
            self._tape.head(status, _raw(headers))

    def chunk(self, body: Body) -> None:
        """Note a piece of the reply at the moment it came; a reply in one piece is one chunk."""
        if not self._headed:
            self.head()
        if self._tape is not None:
            self._tape.chunk(_encoded(body))


@contextmanager
def record(
    recorder: Recorder,
    *,
    url: str,
    request: Body,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
) -> Iterator[Reply]:
    """Record what happens inside the `with` block as one exchange; give the reply to what it yields.

    `url` tells provider and format, so give the one that the library calls, such as
    `https://bedrock-runtime.us-east-1.amazonaws.com/model/MODEL/converse`. An exception is recorded and passed on.
    Raises `JournalError` where calls that cannot be recorded are refused: before the block, or at its end.
    """
    tape = recorder.begin(method=method, url=url, headers=_raw(headers), body=_encoded(request), origin=Origin.MANUAL)
    reply = Reply(tape)
    try:
        yield reply
    except BaseException as exc:  # cancellations and interrupts end a call too; all are handed on
        if tape is not None:
            tape.fail(exc)
        raise
    if tape is not None:
        tape.complete()


def _raw(headers: Mapping[str, str] | None) -> list[tuple[bytes, bytes]]:
    told = {str(name).lower(): str(value) for name, value in (headers or {}).items()}
    given = {"content-type": "application/json", **told}
    return [(name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in given.items()]


def _encoded(body: Body) -> bytes:
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body)
    if isinstance(body, str):
        return body.encode("utf-8", "surrogatepass")
    try:
        return json.dumps(body, default=str).encode()
    except (TypeError, ValueError, RecursionError):  # keys that are no text, or a body that holds itself
        return repr(body).encode("utf-8", "backslashreplace")
