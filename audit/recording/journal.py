"""The journal: append-only segment files between recording and the database.

A frame is handed to the operating system before `append` returns, so it survives the death of the process. The
folder holds, for each recording process, `NAME.lock`, which it keeps locked while it lives, and its segments
`NAME.0.journal`, `NAME.1.journal`, … A segment goes when all it tells of is in the database; `NAME.stored` says how far
that is so.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
import zlib
from contextlib import suppress
from functools import cache
from pathlib import Path

from audit.errors import JournalError
from audit.recording.identity import writer_name
from audit.recording.lock import WriterLock

__all__ = [
    "NONE",
    "SEGMENT_BYTES",
    "SETTLED",
    "Journal",
    "Position",
    "clear_away",
    "mark_path",
    "note_stored",
    "segments",
    "stored_up_to",
    "writers",
]

WORTH_TURNING_BYTES = 1024 * 1024
SEGMENT_BYTES = 16 * 1024 * 1024
"""When a new segment is begun: what a long-lived process keeps on disk for each call that stays under way."""
LOOK_EVERY_S = 1.0
"""How often to look whether the journal is still there."""
_MARK_BYTES = 56
"""Always as many, so that one mark covers another: to cut the file off first makes some file systems write it out."""
Position = tuple[int, int]
"""A segment's number, and an offset in it."""
NONE = -1
"""The descriptor of a journal that is closed."""
SETTLED = 0
"""The ticket of a frame that need not be waited for."""
_log = logging.getLogger("audit")


class Journal:
    """Where one process writes down its calls. Safe for several threads, and for signal handlers."""

    def __init__(self, folder: Path, *, left: bool = False) -> None:
        """Begin a journal in `folder`; `left` leaves it to a collector while this process lives."""
        self.folder = folder
        self.appended_at = 0.0
        self._guard = threading.RLock()  # a signal's handler may end a call while this very thread is in here
        self._number = 0
        self._size = 0
        self._torn = False
        self._looked_at = time.monotonic()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.name, self._lock = _claim(folder, left=left)
            try:
                self._descriptor = self._open(0)
            except OSError:
                self._lock.release(remove=True)
                raise
        except OSError as exc:
            raise JournalError(f"cannot write a journal in {folder}: {exc.strerror}") from exc

    def append(self, pieces: list[bytes], *, wait: bool = True) -> int:
        """Write one frame; raise `JournalError` if it cannot be written whole, leaving nothing of it.

        Returns `SETTLED`: whatever is to outlive this process does.
        """
        with self._guard:
            if self._descriptor == NONE:
                raise JournalError(f"the journal in {self.folder} is closed")
            now = time.monotonic()
            if now - self._looked_at > LOOK_EVERY_S:
                self._look()
            if self._size >= SEGMENT_BYTES or self._torn:
                self._turn()
            if self._torn:
                raise JournalError(f"the journal in {self.folder} is torn, and no new file can be made")
            self._write(pieces)
            self.appended_at = now
            return SETTLED

    def settle(self, ticket: int) -> None:
        """Wait for a frame by what `append` returned: no time here."""

    @property
    def end(self) -> Position:
        """Where the next frame goes, as the file has it: an interrupt at the keyboard can come between it and us."""
        with self._guard:
            if self._descriptor != NONE:
                self._size = os.fstat(self._descriptor).st_size
            return self._number, self._size

    def turn_if_large(self) -> None:
        """Begin a new segment if the present one is worth it, so that it can go once it is drained."""
        if self._size > WORTH_TURNING_BYTES:
            self.turn()

    def turn(self) -> None:
        """Begin a new segment unless the present one is empty, so that it can go once it is drained."""
        with self._guard:
            if self._size and self._descriptor != NONE:
                self._turn()

    def close(self, *, stored: Position | None) -> bool:
        """End writing; return whether all is stored, as it is when `stored` is the journal's very end.

        Then nothing is left behind; else the next process to start finds it.
        """
        with self._guard:
            drained = stored is not None and stored >= self.end
            if self._descriptor != NONE:
                self._close()
                if drained:
                    clear_away(self.folder, self.name)
                self._lock.release(remove=drained)
            return drained

    def forsake(self) -> None:
        """Drop the parent's files in a forked child, without touching what the parent does with them."""
        self._guard = threading.RLock()
        if self._descriptor != NONE:
            self._close()
            self._lock.release(remove=False)

    def _open(self, number: int) -> int:
        path = self.folder / f"{self.name}.{number}.journal"
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def _close(self) -> None:
        """Forget the descriptor as it is closed: its number may be another file's at once."""
        descriptor, self._descriptor = self._descriptor, NONE
        os.close(descriptor)

    def _look(self) -> None:
        """Make folder, sign of life and segment anew if someone has deleted them: what is written would be gone."""
        if os.fstat(self._descriptor).st_nlink:
            self._looked_at = time.monotonic()
            return
        _log.error("the journal in %s has been deleted under a running process; another is begun", self.folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = WriterLock.take(self.folder / f"{self.name}.lock")
        except OSError as exc:
            raise JournalError(f"the journal in {self.folder} has been deleted: {exc.strerror}") from exc
        if lock is not None:  # else the segment alone is gone
            self._lock.release(remove=False)
            self._lock = lock
        self._torn = True

    def _turn(self) -> None:
        """Begin a new segment; where that fails, the present one has to serve on."""
        try:
            descriptor = self._open(self._number + 1)
        except OSError:
            return
        os.close(self._descriptor)
        self._descriptor, self._number, self._size, self._torn = descriptor, self._number + 1, 0, False

    def _write(self, pieces: list[bytes]) -> None:
        wanted, written = sum(map(len, pieces)), 0
        try:
            written = os.writev(self._descriptor, pieces)
            if written < wanted:
                raise OSError(0, "only a part could be written; is the disk full?")
        except OSError as exc:
            self._cut_back(written)
            raise JournalError(f"cannot write to the journal in {self.folder}: {exc.strerror}") from exc
        self._size += wanted

    def _cut_back(self, written: int) -> None:
        """Take half a frame away: nothing behind it could be read."""
        if not written:
            return
        try:
            os.ftruncate(self._descriptor, os.fstat(self._descriptor).st_size - written)
        except OSError:
            self._torn = True


def _claim(folder: Path, *, left: bool) -> tuple[str, WriterLock]:
    while True:
        name = writer_name(left=left)
        lock = WriterLock.take(folder / f"{name}.lock")
        if lock is not None:  # else somebody who looks for the dead has taken it between its making and its locking
            return name, lock


def clear_away(folder: Path, name: str) -> None:
    """Remove a writer's segments: all they tell of is in the database."""
    for path in segments(folder, name).values():
        path.unlink(missing_ok=True)
    mark_path(folder, name).unlink(missing_ok=True)


def mark_path(folder: Path, name: str) -> Path:
    """Return where it stands how far a writer's journal is in the database."""
    return folder / f"{name}.stored"


def note_stored(folder: Path, name: str, stored: Position) -> None:
    """Write down how far a journal is stored, so that who looks next need not read it all again."""
    told = _with_checksum(f"{stored[0]} {stored[1]} {_boot()}").ljust(_MARK_BYTES)
    with suppress(OSError):  # a full disk; storing twice does no harm
        descriptor = os.open(mark_path(folder, name), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.pwrite(descriptor, told.encode("ascii"), 0)
        finally:
            os.close(descriptor)


def stored_up_to(folder: Path, name: str) -> Position:
    """Return how far a journal is stored; its beginning where that is not known, as it does no harm to store twice.

    A mark counts until the machine is started anew: where the power was lost, what a segment had lost to a failed sync,
    and was never stored, may stand there again.
    """
    try:
        mark = mark_path(folder, name).read_text(encoding="ascii").strip()
        number, offset, boot, _ = mark.split()
        whole = mark == _with_checksum(f"{number} {offset} {boot}") and boot == _boot()
        return (int(number), int(offset)) if whole else (0, 0)
    except (OSError, ValueError):
        return 0, 0


@cache
def _boot() -> str:
    """Return a name of this start of the machine; always the same one where there is none to be had."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")[:8]
    return "-"


def _with_checksum(told: str) -> str:
    """As a mark covers another, one that lost its power halfway may be made of both."""
    return f"{told} {zlib.crc32(told.encode()):08x}"


def segments(folder: Path, name: str) -> dict[int, Path]:
    """Return a writer's segments by number, in order."""
    found = ((_SEGMENT.fullmatch(path.name), path) for path in folder.glob(f"{name}.*.journal"))
    return dict(sorted((int(match[2]), path) for match, path in found if match))


def writers(folder: Path) -> list[str]:
    """Return the names of all processes that have left something in the journal, living ones too."""
    return sorted(path.name.removesuffix(".lock") for path in folder.glob("*.lock"))


_SEGMENT = re.compile(r"(.+)\.(\d+)\.journal")
