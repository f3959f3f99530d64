"""One exchange being watched. The tape knows no HTTP library, holds nothing back, and finishes once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from audit.call import Ending
from audit.errors import JournalError
from audit.recording.frames import REQUEST, RESPONSE
from audit.wire.redact import redact_lines

__all__ = ["Tape", "Unkept", "told"]

Submit = Callable[[str, Callable[[], tuple[dict[str, Any], bytes]], bool], bool]
"""Takes an exchange's id, its finish as what makes head and body, and whether a finalizer hands it in.

Returns whether the finish is kept."""
Spill = Callable[[str, str, bytes], None]
"""Takes an exchange's id, a side and a piece of that side's body; raises when it cannot be kept."""
MOST_HELD = 64 * 1024
"""Bytes of bodies that are held until the end; more is handed over as it comes. A process may have a thousand calls
under way, so it is little; most answers are less."""
MOST_TOLD = 1_000
"""Characters of an exception's text that are kept."""
MOST_MARKS = 2_000
"""Arrivals noted of one response: the first token comes among the first events."""


class Unkept(JournalError):
    """A piece of a body could not be kept; `head` is of the finish that there would have been."""

    def __init__(self, head: dict[str, Any], exc: Exception) -> None:
        self.head = head
        super().__init__(str(exc))


class Tape:
    """Takes down what comes back, and hands it over as one finish when it ends, however it ends."""

    __slots__ = (
        "_chunks",
        "_conceal",
        "_first_byte_us",
        "_headers",
        "_held",
        "_id",
        "_keep_body",
        "_kept",
        "_marks",
        "_missing",
        "_must",
        "_received",
        "_sent",
        "_spill",
        "_start_ns",
        "_status",
        "_submit",
        "finished",
    )

    def __init__(
        self,
        *,
        exchange_id: str,
        submit: Submit,
        conceal: Callable[[str], str],
        keep_body: bool = True,
        spill: Spill | None = None,
        must: bool = False,
    ) -> None:
        """Take down the exchange; `conceal` takes the request's secrets out of an error's text.

        `spill` takes what a large body would fill the memory with; without it all is held. `must` says that the caller
        wants no call that is not recorded whole.
        """
        self._id = exchange_id
        self._submit = submit
        self._conceal = conceal
        self._keep_body = keep_body
        self._spill = spill
        self._must = must
        self._start_ns = time.perf_counter_ns()
        self._status: int | None = None
        self._headers: Iterable[tuple[bytes, bytes]] = ()
        self._first_byte_us: int | None = None
        self._sent: list[bytes] = []
        self._chunks: list[bytes] = []
        self._held = 0
        self._received = 0
        self._marks: list[int] = []
        self._missing: Exception | None = None
        self._kept = False
        self.finished = False

    def sent(self, chunk: bytes) -> None:
        """Note a piece of a request body that is sent as a stream."""
        if self._keep_body:
            self._sent.append(chunk)
            self._held += len(chunk)
            if self._held > MOST_HELD:
                self._hand_over()

    def head(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Note the response's status and headers, at the moment they came."""
        self._first_byte_us = self._now_us()
        self._status = status
        self._headers = headers

    def chunk(self, chunk: bytes) -> None:
        """Note a piece of the response's body, as received, at the moment it came."""
        self._received += len(chunk)
        if self._keep_body:
            self._chunks.append(chunk)
            self._held += len(chunk)
            if self._held > MOST_HELD:
                self._hand_over()
        marks = self._marks
        if len(marks) >= 2 * MOST_MARKS:
            del marks[-2:]
        marks.append(self._received)
        marks.append(self._now_us())

    def fail(self, exc: BaseException) -> bool:
        """End with what the transport raised, as `finish` does; a cancellation or interrupt is nobody's failure."""
        return self.finish(Ending.FAILED if isinstance(exc, Exception) else Ending.CANCELLED, exc)

    def finish(self, ending: Ending, exc: BaseException | None = None) -> bool:
        """End; return whether the whole exchange is kept, else it counts as lost. Only the first end counts."""
        if not self.finished:
            self.finished = True
            self._kept = self._submit(self._id, partial(self._told, ending, exc, self._now_us()), False)
        return self._kept

    def complete(self) -> None:
        """End at the response's own end; raise `JournalError` where that is not kept and it must be."""
        self.hold_to(kept=self.finish(Ending.EOF))

    def hold_to(self, *, kept: bool) -> None:
        """Raise `JournalError` where how it ended is not kept, and must be."""
        if not kept and self._must:
            raise JournalError("the call was made, and how it ended cannot be recorded; `audit doctor` says more")

    def drop(self) -> None:
        """Take note that its beginning is not kept: nothing is written of it; raise `JournalError` if it must be."""
        self.finished, self._keep_body = True, False
        if self._must:
            raise JournalError("the call is not made, as its beginning does not get to stable storage")

    def abandon(self) -> None:
        """End because the caller let go of the response without a word; called by its finalizer."""
        if not self.finished:
            self.finished = True
            self._kept = self._submit(self._id, partial(self._told, Ending.ABANDONED, None, self._now_us()), True)

    def _hand_over(self) -> None:
        """Hand over what is held. Where that fails no more is held, and the exchange counts as lost when it ends."""
        if self._spill is None:
            return
        held = ((REQUEST, self._sent), (RESPONSE, self._chunks))
        self._sent, self._chunks, self._held = [], [], 0
        try:
            for side, pieces in held:
                if pieces:
                    self._spill(self._id, side, b"".join(pieces))
        except Exception as exc:  # noqa: BLE001  # the caller's call goes on; its finish raises what went wrong here
            self._keep_body = False
            self._missing = exc

    def _told(self, ending: Ending, exc: BaseException | None, duration_us: int) -> tuple[dict[str, Any], bytes]:
        """Return the head and the body of the finish; raise `Unkept` where a piece of a body is missing."""
        sent = b"".join(self._sent)
        finish = {
            "id": self._id,
            "status": self._status,
            "headers": redact_lines(self._headers),
            "ending": ending.value,
            "failure": None if exc is None else self._conceal(told(exc))[:MOST_TOLD],
            "first_byte_us": self._first_byte_us,
            "duration_us": duration_us,
            "arrivals": self._marks,
            "request_size": len(sent),
        }
        if self._missing is not None:
            raise Unkept(finish, self._missing) from self._missing
        return finish, sent + b"".join(self._chunks)

    def _now_us(self) -> int:
        return (time.perf_counter_ns() - self._start_ns) // 1000


def told(exc: BaseException) -> str:
    """Return an exception as `module.Class: text`."""
    kind = type(exc)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    try:
        return f"{name}: {exc}"
    except Exception:  # noqa: BLE001  # an exception of somebody's own, which cannot even say what it is
        return f"{name}: (no text)"
