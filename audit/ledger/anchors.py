"""Where signed checkpoints are kept beside the database, so that who holds the database alone cannot rewrite it.

A file is appended to and fsynced, a line of JSON for each checkpoint: `{"at": …, "note": …}`. A repository of git gets
the newest as a commit. Syslog gets a line. A witness is asked to sign it too: `witness.py`.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import syslog
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from audit.errors import LedgerError

__all__ = ["Anchor", "FileAnchor", "GitAnchor", "SyslogAnchor", "last_note_in", "notes_in"]

GIT_TIMEOUT_S = 30.0
_BLOCK = 4_096
"""Bytes read at a time, from the end: a line has some 300."""


class Anchor(Protocol):
    """A place that keeps checkpoints."""

    @property
    def name(self) -> str:
        """What it is called when something is wrong with it."""
        ...

    @property
    def remembers(self) -> bool:
        """Whether it can tell again what it was given."""
        ...

    def notes(self) -> Sequence[str]:
        """Return the notes that it can tell again, oldest first; raise `LedgerError` if they cannot be read."""
        ...

    def last(self) -> str | None:
        """Return the newest of these, without reading all; None when there is none."""
        ...

    def put(self, note: str) -> None:
        """Keep a note; raise `LedgerError` if it cannot be kept."""
        ...


@dataclass(frozen=True, slots=True)
class FileAnchor:
    """A file that only grows."""

    path: Path
    remembers: bool = True

    @property
    def name(self) -> str:
        return str(self.path)

    def notes(self) -> Sequence[str]:
        return notes_in(self.path)

    def last(self) -> str | None:
        return last_note_in(self.path)

    def put(self, note: str, **beside: str) -> None:
        """Keep a note, and `beside` it what else is said of it; raise `LedgerError` if it cannot be kept."""
        line = json.dumps({"at": datetime.now(UTC).isoformat(timespec="seconds"), "note": note, **beside}) + "\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "a+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                _take_torn_line_away(file)
                file.write(line.encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as exc:
            raise LedgerError(f"cannot anchor the ledger in {self.path}: {exc.strerror}") from exc


@dataclass(frozen=True, slots=True)
class GitAnchor:
    """A repository of git, which gets each checkpoint as a commit; to push it elsewhere is its own hooks' work."""

    folder: Path
    remembers: bool = True

    @property
    def name(self) -> str:
        return f"git repository {self.folder}"

    def notes(self) -> Sequence[str]:
        return notes_in(self.folder / "checkpoints.jsonl")

    def last(self) -> str | None:
        return last_note_in(self.folder / "checkpoints.jsonl")

    def put(self, note: str) -> None:
        FileAnchor(self.folder / "checkpoints.jsonl").put(note)
        self._git("add", "checkpoints.jsonl")
        self._git("commit", "--quiet", "--message", f"Checkpoint at {note.splitlines()[1]} entries")

    def _git(self, *words: str) -> None:
        whose = ("-c", "user.name=audit", "-c", "user.email=audit@localhost", "-c", "commit.gpgsign=false")
        command = ["git", "-C", str(self.folder), *whose, *words]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=GIT_TIMEOUT_S)  # noqa: S603
        except subprocess.CalledProcessError as exc:
            raise LedgerError(f"cannot anchor the ledger in {self.name}: {exc.stderr.strip()}") from exc
        except (OSError, subprocess.TimeoutExpired) as exc:
            raise LedgerError(f"cannot anchor the ledger in {self.name}: {exc}") from exc


@dataclass(frozen=True, slots=True)
class SyslogAnchor:
    """The system's log, from which an operator's own collection takes it elsewhere; it tells nothing again."""

    name: str = "syslog"
    remembers: bool = False

    def notes(self) -> Sequence[str]:
        return ()

    def last(self) -> None:
        return None

    def put(self, note: str) -> None:
        origin, size, root, *_ = note.splitlines()
        syslog.syslog(syslog.LOG_NOTICE, f"audit checkpoint {origin} {size} {root}")


def notes_in(path: Path) -> list[str]:
    """Return the notes of a file of checkpoints, oldest first: none if it is not there.

    A last line that was cut off is passed over: it was never promised. Raises `LedgerError` for any other that cannot
    be read.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as exc:
        raise LedgerError(f"cannot read the anchor {path}: {exc}") from exc
    return [_note(path, f"line {number}", line) for number, line in enumerate(lines[:-1], start=1)]


def last_note_in(path: Path) -> str | None:
    """Return the last note of such a file, of which only the end is read; None if it has none. Raises likewise."""
    try:
        with path.open("rb") as file:
            whole_to = _end_of_lines(file)
            line = _line_before(file, whole_to)
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise LedgerError(f"cannot read the anchor {path}: {exc}") from exc
    return _note(path, "the last line", line) if line else None


def _take_torn_line_away(file: BinaryIO) -> None:
    """What a crash left of a line would spoil the next one; a file that is whole is only appended to."""
    whole_to = _end_of_lines(file)
    if whole_to < file.seek(0, os.SEEK_END):
        file.truncate(whole_to)


def _end_of_lines(file: BinaryIO) -> int:
    """Return where the last whole line ends."""
    return _found_backwards(file, file.seek(0, os.SEEK_END))


def _line_before(file: BinaryIO, end: int) -> bytes:
    """Return the line that ends there, without its end."""
    start = _found_backwards(file, max(end - 1, 0))
    file.seek(start)
    return file.read(max(end - 1 - start, 0))


def _found_backwards(file: BinaryIO, end: int) -> int:
    """Return the offset behind the last line's end that stands before an offset; 0 if none does."""
    while end > 0:
        start = max(end - _BLOCK, 0)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _note(path: Path, which: str, line: str | bytes) -> str:
    try:
        return str(json.loads(line)["note"])
    except (ValueError, KeyError, TypeError) as exc:
        raise LedgerError(f"{which} of the anchor {path} is not a checkpoint") from exc
