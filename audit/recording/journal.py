"""The journal: append-only segment files between recording and the database.

A frame is handed to the operating system before `append` returns, so it survives the death of the process. The
folder holds, for each recording process, `NAME.lock`, which it keeps locked while it lives, and its segments
`NAME.0.journal`, `NAME.1.journal`, … A segment goes when all it tells of is in the database.
"""

from __future__ import annotations

import fcntl
import os
import re
import threading
import time
from pathlib import Path

from audit.call import Exchange
from audit.errors import JournalError
from audit.recording.frames import encode_exchange
from audit.recording.identity import writer_name

__all__ = ["SEGMENT_BYTES", "Journal", "WriterLock", "clear_away", "segments", "set_aside", "writers"]

WORTH_TURNING_BYTES = 1024 * 1024
SEGMENT_BYTES = 16 * 1024 * 1024
"""When a new segment is begun: what a long-lived process keeps on disk at least once a call is under way."""


class WriterLock:
    """The sign of life of a recording process: a locked file, which the kernel lets go when it dies."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    @classmethod
    def take(cls, path: Path) -> WriterLock | None:
        """Return the lock, or None if a living process has it."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return cls(path, descriptor)

    def release(self, *, remove: bool) -> None:
        """Let go; `remove` takes the file away first, while nobody else can have it."""
        if remove:
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)


class Journal:
    """Where one process writes down its calls. Safe for several threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.appended_at = 0.0
        self._guard = threading.Lock()
        self._number = 0
        self._size = 0
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.name, self._lock = _claim(folder)
            self._descriptor = self._open(0)
        except OSError as exc:
            raise JournalError(f"cannot write a journal in {folder}: {exc.strerror}") from exc

    def append(self, pieces: list[bytes]) -> None:
        """Write one frame; raise `JournalError` if it cannot be written whole, leaving nothing of it."""
        with self._guard:
            if self._size >= SEGMENT_BYTES:
                self._turn()
            wanted = sum(map(len, pieces))
            try:
                written = os.writev(self._descriptor, pieces)
                if written < wanted:
                    self._write_rest(b"".join(pieces)[written:])
            except OSError as exc:
                self._cut_back()
                raise JournalError(f"cannot write to the journal in {self.folder}: {exc.strerror}") from exc
            self._size += wanted
            self.appended_at = time.monotonic()

    def turn_if_large(self) -> None:
        """Begin a new segment if the present one is worth it, so that it can go once it is drained."""
        with self._guard:
            if self._size > WORTH_TURNING_BYTES:
                self._turn()

    def close(self, *, drained: bool) -> None:
        """End writing. If all is drained nothing is left behind, else the next process to start finds it."""
        with self._guard:
            os.close(self._descriptor)
            if drained:
                clear_away(self.folder, self.name)
            self._lock.release(remove=drained)

    def forsake(self) -> None:
        """Drop the parent's files in a forked child, without touching what the parent does with them."""
        os.close(self._descriptor)
        self._lock.release(remove=False)

    def _open(self, number: int) -> int:
        path = self.folder / f"{self.name}.{number}.journal"
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def _turn(self) -> None:
        try:
            descriptor = self._open(self._number + 1)
        except OSError as exc:
            raise JournalError(f"cannot write a journal in {self.folder}: {exc.strerror}") from exc
        os.close(self._descriptor)
        self._descriptor, self._number, self._size = descriptor, self._number + 1, 0

    def _write_rest(self, rest: bytes) -> None:
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    def _cut_back(self) -> None:
        """Take half a frame away: nothing behind it could be read."""
        try:
            os.ftruncate(self._descriptor, self._size)
        except OSError:
            self._size = SEGMENT_BYTES  # so that the next frame begins a new segment


def _claim(folder: Path) -> tuple[str, WriterLock]:
    while True:
        name = writer_name()
        lock = WriterLock.take(folder / f"{name}.lock")
        if lock is not None:  # else somebody who looks for the dead has taken it between its making and its locking
            return name, lock


def clear_away(folder: Path, name: str) -> None:
    """Remove a writer's segments: all they tell of is in the database."""
    for path in segments(folder, name).values():
        path.unlink(missing_ok=True)


def set_aside(folder: Path, exchange: Exchange) -> None:
    """Keep an exchange that the database refuses, in frames like any other's."""
    with (folder / "rejected.journal").open("ab") as file:
        file.write(b"".join(encode_exchange(exchange)))


def segments(folder: Path, name: str) -> dict[int, Path]:
    """Return a writer's segments by number, in order."""
    found = ((_SEGMENT.fullmatch(path.name), path) for path in folder.glob(f"{name}.*.journal"))
    return dict(sorted((int(match[2]), path) for match, path in found if match))


def writers(folder: Path) -> list[str]:
    """Return the names of all processes that have left something in the journal, living ones too."""
    return sorted(path.name.removesuffix(".lock") for path in folder.glob("*.lock"))


_SEGMENT = re.compile(r"(.+)\.(\d+)\.journal")
