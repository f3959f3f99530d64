"""A journal that outlives the machine's power: what is appended is on stable storage before `append` returns.

One fdatasync serves all threads whose frames were written before it began. A segment whose fdatasync has failed is
never synced again, as the kernel may have dropped what it could not write and say so but once: the frames that are not
known to be on stable storage are kept in memory until they are, and go to a new segment. Whoever cannot wait where it
appends, as an event loop cannot, has a ticket to wait by in another thread.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

from audit.errors import JournalError
from audit.files import sync_folder
from audit.recording import journal
from audit.recording.journal import SETTLED, Journal

__all__ = ["StableJournal", "journal_kind"]

MOST_PENDING_BYTES = 8 * 1024 * 1024
"""From so many on that are not known to be on stable storage, who appends waits in any case: they are in memory."""
ATTEMPTS = 3
"""How often one append is synced: where it stands, in a new segment, and in one more that others may have begun."""


class StableJournal(Journal):
    """As `Journal`. A signal's handler that interrupts an append writes its frame, but does not wait for it.

    Whoever holds `_syncing` may take the guard; whoever holds the guard never waits for `_syncing`.
    """

    _ticket: int
    _inside: bool

    def __init__(self, folder: Path, *, left: bool = False) -> None:
        """Begin a journal in `folder`, as `Journal` does."""
        self._begin_syncing()
        super().__init__(folder, left=left)

    def append(self, pieces: list[bytes], *, wait: bool = True) -> int:
        """Write one frame and wait until it is on stable storage; raise `JournalError` if it does not get there.

        Without `wait` it returns a ticket to `settle` it by; `SETTLED` where there is nothing to wait for.
        """
        with self._guard:
            nested = self._inside
            self._inside = True
            try:
                if not nested:  # else it may be at this very thing
                    self._renew_if_failed()
                super().append(pieces)
                self._ticket = ticket = self._ticket + 1
                self._pending[ticket] = pieces
                self._pending_bytes += sum(map(len, pieces))
            finally:
                self._inside = nested
        if nested or self._leader == threading.get_ident():
            return SETTLED  # a handler: whom it has interrupted would be waited for without end
        if not wait and self._pending_bytes < MOST_PENDING_BYTES:
            return ticket
        self.settle(ticket)
        return SETTLED

    def settle(self, ticket: int) -> None:
        """Wait until a frame is on stable storage; raise `JournalError`, with nothing left of it, if it never is."""
        try:
            self._wait(ticket)
        except JournalError:
            if self._taken_back(ticket):
                raise

    def turn(self) -> None:
        """Begin a new segment, as `Journal` does; where that fails, the next append tells."""
        with suppress(JournalError):
            super().turn()

    def forsake(self) -> None:
        """Drop the parent's files in a forked child, and what the parent waits for."""
        self._begin_syncing()
        super().forsake()

    def _begin_syncing(self) -> None:
        self._syncing = threading.RLock()
        self._pending: dict[int, list[bytes]] = {}
        self._pending_bytes = 0
        self._ticket = 0
        self._firm = 0  # how much of the segment is on stable storage
        self._failed = self._inside = False
        self._leader: int | None = None

    def _open(self, number: int) -> int:
        descriptor = super()._open(number)
        try:
            sync_folder(self.folder)
            if not number:
                sync_folder(self.folder.parent)
        except OSError:
            os.close(descriptor)
            (self.folder / f"{self.name}.{number}.journal").unlink(missing_ok=True)
            raise
        return descriptor

    def _close(self) -> None:
        """Close, with what others still wait for on stable storage if it can be, and nobody is about that already."""
        if self._pending and not self._failed and self._leader is None and _synced(self._descriptor):
            self._note(self._ticket, self._size)
        super()._close()

    def _turn(self) -> None:
        """Begin a new segment when this one is on stable storage; not while it is being synced, whose error is told
        but once."""
        if self._torn or self._failed:  # to sync it once more would tell that all is well
            self._renew()
        elif self._leader is None:
            try:
                os.fdatasync(self._descriptor)
            except OSError:
                self._failed = True
                self._renew()
            else:
                self._note(self._ticket, self._size)
                self._next_segment()

    def _wait(self, ticket: int) -> None:
        for _ in range(ATTEMPTS):
            if self._sync(ticket):
                return
        raise JournalError(f"the journal in {self.folder} cannot be brought to stable storage; is the disk failing?")

    def _sync(self, ticket: int) -> bool:
        """Sync all that is written, unless another thread just did; return whether the frame is on stable storage."""
        with self._syncing:
            if ticket not in self._pending:
                return True
            with self._guard:
                if self._descriptor == journal.NONE:
                    raise JournalError(f"the journal in {self.folder} was closed before it was on stable storage")
                self._renew_if_failed()
                if self._size >= journal.SEGMENT_BYTES:
                    self._turn()
                number, size, last = self._number, self._size, self._ticket
                descriptor = os.dup(self._descriptor)  # another thread may turn and close it
                self._leader = threading.get_ident()  # nobody else syncs it meanwhile: one alone is told of an error
            failed = True  # as long as it is not known: an interrupt at the keyboard may come in between
            try:
                failed = not _synced(descriptor)
            finally:
                os.close(descriptor)
                with self._guard:  # at once: whoever syncs it next would be told that all is well
                    self._leader = None
                    if number == self._number:  # else all that was pending is in the one that came after
                        self._failed |= failed
                        if not self._failed:
                            self._note(last, size)
            return ticket not in self._pending

    def _note(self, last: int, size: int) -> None:
        """Forget the frames that are on stable storage now."""
        self._firm = size
        for ticket in list(self._pending):
            if ticket <= last:
                self._forget(ticket)

    def _forget(self, ticket: int) -> bool:
        pieces = self._pending.pop(ticket, None)
        if pieces is not None:
            self._pending_bytes -= sum(map(len, pieces))
        return pieces is not None

    def _taken_back(self, ticket: int) -> bool:
        """Take a frame out of the journal; return whether that was due: it may have got to stable storage after all."""
        with self._guard:
            if not self._forget(ticket):
                return False
            self._failed = True  # all others that stand with it go to a new segment
            self._cut()
            return True

    def _renew_if_failed(self) -> None:
        if self._failed and self._descriptor != journal.NONE:
            self._renew()

    def _renew(self) -> None:
        """Write what may not be on stable storage to a new segment; raise `JournalError` if that is not possible."""
        self._failed = True
        self._cut()
        if not self._next_segment():
            raise JournalError(f"the journal in {self.folder} could not be synced, and no new file can be made")
        for pieces in list(self._pending.values()):  # a handler may add one
            self._write(pieces)
        self._failed = False

    def _next_segment(self) -> bool:
        before = self._number
        super()._turn()
        if self._number == before:
            return False
        self._firm = 0
        return True

    def _cut(self) -> None:
        """Take what may not be on stable storage out of the segment: it would be read twice."""
        with suppress(OSError):  # then it is read twice, which does no harm to calls that are whole
            os.ftruncate(self._descriptor, self._firm)


def journal_kind(outlives_power: bool) -> type[Journal]:
    """Return the kind of journal that outlives the machine's power, or the one that outlives its process only."""
    return StableJournal if outlives_power else Journal


def _synced(descriptor: int) -> bool:
    try:
        os.fdatasync(descriptor)
    except OSError:
        return False
    return True
