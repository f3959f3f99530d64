"""Where transports report exchanges: intent first, then a tape that ends in a finish.

What goes wrong in here reaches the caller only where calls that cannot be recorded are to be refused. Else such a call
is counted, told in the log, and written down as a loss as soon as the journal can be written again.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import count as counting
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from audit.call import Exchange, Origin
from audit.errors import JournalError
from audit.recording.destination import Destination
from audit.recording.frames import (
    FINISH,
    INTENT,
    LOSS,
    PIECE,
    Frame,
    encode,
    exchange_of,
    tags_told,
    unknown_finish,
    without_bodies,
)
from audit.recording.hearing import heard_here
from audit.recording.identity import Ids
from audit.recording.journal import SETTLED, Journal
from audit.recording.reminder import Reminder
from audit.recording.room import Room
from audit.recording.settling import Deferring, Settling
from audit.recording.sink import Sink
from audit.recording.tagging import current_tags, tagged_by_headers
from audit.recording.tape import Tape, Unkept
from audit.wire.redact import credential, holds_credentials, redact_lines, redact_text, redact_url

__all__ = ["Recorder"]

_log = logging.getLogger("audit")
MAKE_ROOM_EVERY_S = 1.0
RawHeaders = Sequence[tuple[bytes, bytes]]
Finish = Callable[[], tuple[dict[str, Any], bytes]]


class Recorder:
    """Records the exchanges of one process. Safe for threads, tasks and forks."""

    def __init__(
        self,
        folder: Path,
        *,
        fingerprint: Callable[[str], str],
        destination: Callable[[], Destination] | None,
        journal: type[Journal] = Journal,
        room: Room | None = None,
        refuse: bool = False,
    ) -> None:
        """Write a journal in `folder` and move it to what `destination` opens; None leaves it to a collector.

        `journal` is the kind to write: `StableJournal` outlives the machine's power. `room` says how much of it there
        may be; None: as much as the disk has. Calls that cannot be recorded go on and count as lost, or with `refuse`
        they are not made. Where no journal can be begun that is told, and tried again at each call.
        """
        self._kind = journal
        self._folder = folder
        self._fingerprint = fingerprint
        self._destination = destination
        self._room = room or Room(folder, most=None, reserve=0)
        self._refuse = refuse
        self._journal: Journal | None = None
        self._sink: Sink | None = None
        self._ids = Ids()
        self._deferring = Deferring()
        self._begin_counting()
        self._try_to_begin()
        forking, forked = weakref.WeakMethod(self._forking), weakref.WeakMethod(self._forked)
        os.register_at_fork(
            before=lambda: (method := forking()) and method(),
            after_in_child=lambda: (method := forked()) and method(),
        )

    def begin(
        self,
        *,
        method: str,
        url: str,
        headers: RawHeaders,
        body: bytes,
        tags: RawHeaders = (),
        origin: Origin = Origin.CLIENT,
    ) -> Tape | None:
        """Write down what is about to be sent; return the tape that watches the reply, None if it can't be recorded.

        `tags` are `x-audit-…` headers, which are no part of the exchange; of one that comes twice the later holds.
        `body` is empty for a request that is sent as a stream; the tape takes that. Where calls that can't be recorded
        are refused it raises `JournalError` for such a one, and none counts as lost.
        """
        try:
            now_us = time.time_ns() // 1000
            exchange_id = self._ids.next_hex(now_us // 1000)
            secret = credential(headers, url)
            keep_body = not holds_credentials(url)
            intent = {
                "id": exchange_id,
                "at": now_us,
                "origin": origin.value,
                "method": method,
                "url": redact_url(url),
                "headers": redact_lines(headers),
                "key": self._fingerprint(secret) if secret else None,
                "tags": tags_told(tagged_by_headers(current_tags(), tags)),
            }
            if self._lost or self._endless or not self._abandoned.empty():
                self._catch_up()
            sent = body if keep_body else b""
            self._write(INTENT, intent, sent, new=True, unkept=self._go_without)
            heard = heard_here()
            return Tape(
                exchange_id=exchange_id,
                submit=self._finish if heard is None else partial(self._hear, heard, intent, sent),
                conceal=partial(redact_text, headers=headers, url=url),
                keep_body=keep_body,
                spill=self._write_piece if heard is None else None,  # who hears it needs all of it
                must=self._refuse,
            )
        except Exception as exc:  # the caller's call goes on; the loss is counted and told
            self._go_without(exc)
            if self._refuse:
                raise JournalError(f"the call is not made, as it cannot be recorded: {exc}") from exc
            return None

    def deferring(self) -> Settling:
        """Return a block in which this thread begins or ends a call without waiting until that is on stable storage.

        What the block yields does, and is called by another thread before the call goes on, or its end is seen.
        """
        return Settling(self._deferring)

    def flush(self, timeout_s: float) -> bool:
        """Wait until all that ended so far is in the database; return whether it is."""
        self._catch_up()
        return self._sink.flush(timeout_s) if self._sink else False

    def close(self, timeout_s: float = 5.0) -> bool:
        """Stop recording; return whether all is in the database. The next process to start brings there what is not."""
        self._catch_up(last=True)
        stored = self._sink.close(timeout_s) if self._sink else None
        return self._left if self._journal is None else self._journal.close(stored=stored)

    def leave(self, timeout_s: float) -> bool:
        """Close as `close` does, but go on recording for what the ending process still does: the next one stores it.

        Daemon threads go on, and what was registered to be done at the exit before us is done after us.
        """
        self._catch_up(last=True)
        stored = self._sink.close(timeout_s) if self._sink else None
        journal = self._journal
        if journal is not None and stored is not None and stored >= journal.end and journal.close(stored=stored):
            self._left, self._journal, self._sink = True, None, None
        return self._left and self._journal is None

    @property
    def lost(self) -> int:
        """Exchanges that could not be recorded and are not yet written down as lost."""
        return self._lost

    @property
    def lost_ever(self) -> int:
        """Exchanges that could not be recorded since this process began to record, written down as lost or not."""
        return self._lost_ever

    def _begin_counting(self) -> None:
        self._guard = threading.RLock()
        self._of_losses, self._of_refusals, self._of_debts = Reminder(), Reminder(), Reminder()
        self._abandoned: SimpleQueue[tuple[str, Finish]] = SimpleQueue()
        self._endless: list[dict[str, Any]] = []
        self._lost = self._lost_ever = 0
        self._lost_why = ""
        self._left = False
        self._made_room_at = -MAKE_ROOM_EVERY_S
        self._piece_numbers = counting()

    def _try_to_begin(self) -> None:
        try:
            self._begin_journal()
        except JournalError as exc:
            _log.error("nothing that process %s does is recorded, until this can be: %s", os.getpid(), exc)

    def _begin_journal(self) -> Journal:
        with self._guard:
            if self._journal is None:
                journal = self._kind(self._folder, left=self._destination is None)
                if self._destination and not self._left:  # else the next process stores what comes now
                    self._sink = Sink(journal, self._destination, before_drain=self._catch_up)
                self._journal = journal
            return self._journal

    def _write(
        self,
        kind: bytes,
        head: dict[str, Any],
        body: bytes = b"",
        *,
        new: bool = False,
        unkept: Callable[[Exception], object] | None = None,
    ) -> None:
        """Write a frame; raise `JournalError` if that is not possible, or it is `new` and there is no room for more.

        With `unkept` it may be waited for by another thread, which calls that if the frame does not get to stable
        storage. A piece of a body is not waited for: it is there when what ends the call is.
        """
        settling = self._deferring.settling if unkept else None
        frame = encode(kind, head, body)
        try:
            self._room.take(sum(map(len, frame)), new=new)
        except JournalError:
            self._make_room()
            raise
        journal = self._journal or self._begin_journal()
        ticket = journal.append(frame, wait=settling is None and kind is not PIECE)
        if settling is not None and unkept is not None and ticket != SETTLED:
            settling.add(partial(_settled, journal, ticket, unkept))

    def _make_room(self) -> None:
        """Let what is stored go, as nothing can of a segment that is still written to; once a second will do."""
        if self._journal is None or time.monotonic() < self._made_room_at + MAKE_ROOM_EVERY_S:
            return
        self._made_room_at = time.monotonic()
        self._journal.turn()
        if self._sink is not None:
            self._sink.wake()

    def _forking(self) -> None:
        if self._sink:
            self._sink.prepare_for_fork()

    def _forked(self) -> None:
        """A forked child has the parent's files and none of its threads: it begins a journal of its own."""
        if self._journal is not None:
            self._journal.forsake()
        self._journal = self._sink = None
        self._ids = Ids(after=self._ids.last)  # whose lock nobody holds
        self._begin_counting()
        self._try_to_begin()

    def _hear(
        self,
        heard: list[Exchange],
        intent: dict[str, Any],
        sent: bytes,
        exchange_id: str,
        finish: Finish,
        by_finalizer: bool,
    ) -> bool:
        try:
            told = finish()
            heard.append(exchange_of(Frame(INTENT, intent, sent, 0, 0), Frame(FINISH, *told, 0, 0)))
            finish = partial(_same, told)
        except Exception as exc:  # noqa: BLE001  # whoever listens hears nothing, and what went wrong is told below
            _log.error("a call could not be heard: %r", exc)
        return self._finish(exchange_id, finish, by_finalizer)

    def _finish(self, exchange_id: str, finish: Finish, by_finalizer: bool) -> bool:
        """Write down how an exchange went, or have it written down soon; return whether that can be said."""
        kept = True
        if by_finalizer:  # which may have interrupted whoever holds the journal's lock
            self._abandoned.put((exchange_id, finish))
        else:
            if self._lost:
                self._catch_up()
            kept = self._write_finish(exchange_id, finish, deferred=True)
            if not kept:
                with suppress(JournalError, OSError):  # there may be room for the outcome, if not now then later
                    self._end_the_endless()
        if self._sink:
            self._sink.wake()
        return kept

    def _write_finish(self, exchange_id: str, finish: Finish, *, deferred: bool = False) -> bool:
        outcome = unknown_finish(exchange_id)
        try:
            head, body = finish()
            outcome = without_bodies(head)
            self._write(FINISH, head, body, unkept=partial(self._owe_end, outcome) if deferred else None)
        except Exception as exc:  # noqa: BLE001  # the intent stands; that more is missing is counted and told
            self._owe_end(without_bodies(exc.head) if isinstance(exc, Unkept) else outcome, exc)
            return False
        return True

    def _owe_end(self, outcome: dict[str, Any], exc: Exception) -> None:
        with self._guard:
            self._endless.append(outcome)
        self._lose(exc)

    def _go_without(self, exc: Exception) -> None:
        """Take note that a call is not recorded, and so is refused or lost."""
        if self._refuse:
            self._of_refusals.tell("a call was refused because it cannot be recorded: %s", exc)
        else:
            self._lose(exc)

    def _write_piece(self, exchange_id: str, side: str, piece: bytes) -> None:
        number = next(self._piece_numbers)  # one that is written anew is read once
        self._write(PIECE, {"id": exchange_id, "side": side, "number": number}, piece, new=True)

    def _catch_up(self, *, last: bool = False) -> None:
        """Write down what finalizers have left, and what was lost; `last` says that there may be no other time."""
        with suppress(Empty):  # asked for until there is none: other threads take them too
            while True:
                self._write_finish(*self._abandoned.get_nowait())
        for write_down in (partial(self._confess, last=last), self._end_the_endless):
            try:
                write_down()
            except (JournalError, OSError) as exc:
                owed = max(self._lost, len(self._endless))
                self._of_debts.tell("%s lost calls are not written down: %s", owed, exc)

    def _lose(self, exc: Exception) -> None:
        with self._guard:
            self._lost += 1
            self._lost_ever += 1
            self._lost_why = f"{type(exc).__name__}: {exc}"
        self._of_losses.tell("a call could not be recorded: %s", self._lost_why)

    def _confess(self, *, last: bool) -> None:
        """Write down how many exchanges were lost before this one.

        Where there is no room for new calls that waits, as it may be one loss after the other that is told.
        """
        with self._guard:  # not held while the journal is written, whose own lock others hold who lose a call
            count, why, self._lost = self._lost, self._lost_why, 0
        if not count:
            return
        now_us = time.time_ns() // 1000
        try:
            told = {"id": self._ids.next_hex(now_us // 1000), "at": now_us, "count": count, "reason": why}
            self._write(LOSS, told, new=not last)
        except BaseException:  # an interrupt too: what is not written down stays counted
            with self._guard:
                self._lost += count
            raise

    def _end_the_endless(self) -> None:
        """Write down what is known of how these went, or they would be waited for while this process lives."""
        while self._endless:
            with self._guard:
                ending, self._endless = self._endless, []
            try:
                while ending:
                    self._write(FINISH, ending[-1])
                    ending.pop()
            finally:
                with self._guard:
                    self._endless += ending


def _settled(journal: Journal, ticket: int, unkept: Callable[[Exception], object]) -> bool:
    try:
        journal.settle(ticket)
    except Exception as exc:  # noqa: BLE001  # counted and told; who waits is told that it is not kept
        unkept(exc)
        return False
    return True


def _same(told: tuple[dict[str, Any], bytes]) -> tuple[dict[str, Any], bytes]:
    return told
