"""What can keep a journal from taking more, and how it ends: by a real small disk, or by errors that are injected."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from audit.settings import Settings
from audit.wiring.collecting import collect_once

__all__ = ["WAYS", "Disk", "Way", "a_disk"]

DISK = "8m"
LEFT_BYTES = 1024 * 1024
"""What is left of the disk where more is to stay free."""
LIMIT_BYTES = 128 * 1024
MOST_COLLECTED = 100
_BLOCK = bytes(64 * 1024)


@dataclass(frozen=True, slots=True)
class Disk:
    """Where a home lies."""

    home: Path
    failing: Path
    """The file that says which calls are to fail."""
    real: bool
    """Whether it is a file system of its own; else what a full one does is injected."""

    @property
    def journal_bytes(self) -> int:
        """How large the journal is."""
        return sum(path.stat().st_size for path in self.home.glob("journal/*.journal"))

    def fail(self, call: str, error: str) -> None:
        """Let a call of the operating system fail from now on."""
        said = self.failing.with_suffix(".new")
        said.write_text(f"{call} {error}\n", encoding="ascii")
        said.rename(self.failing)

    def fill(self, *, left: int = 0) -> None:
        """Leave so little of the disk."""
        if not self.real:
            self.fail(*(("statvfs", "ENOSPC") if left else ("writev", "ENOSPC")))
            return
        with (self.home / "ballast").open("wb", buffering=0) as ballast:
            for block in (_BLOCK, b"x" * 512):
                try:
                    while _free(self.home) > left:
                        ballast.write(block)
                except OSError as exc:
                    if exc.errno != errno.ENOSPC:
                        raise

    def lock(self) -> None:
        """Let nobody write to it."""
        if self.real:
            _run("mount", "-o", "remount,ro", str(self.home))
        else:
            self.fail("open", "EROFS")

    def free(self) -> None:
        """Take all trouble away."""
        self.failing.unlink(missing_ok=True)
        if self.real:
            _run("mount", "-o", "remount,rw", str(self.home))
        (self.home / "ballast").unlink(missing_ok=True)


def _collect(disk: Disk, settings: Settings) -> None:
    """Store what is there; again where a call was under way that had begun in what is to go."""
    for _ in range(MOST_COLLECTED):
        collect_once(settings)
        if disk.journal_bytes < LIMIT_BYTES // 2:
            return


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One kind of trouble."""

    journal: str = ""
    """What stands below `[journal]`."""
    begin: Callable[[Disk], None]
    end: Callable[[Disk, Settings], None] = lambda disk, _settings: disk.free()
    from_the_start: bool = False
    """Whether it is there when processes start: a disk with open files cannot be locked."""


WAYS = {
    "full": Way(journal="free_reserve = 0", begin=Disk.fill),
    "reserve": Way(journal='free_reserve = "2MiB"', begin=lambda disk: disk.fill(left=LEFT_BYTES)),
    "limit": Way(
        journal=f"free_reserve = 0\nmax_bytes = {LIMIT_BYTES}",
        begin=lambda _disk: None,  # it comes by itself
        end=_collect,
    ),
    "write-error": Way(begin=lambda disk: disk.fail("writev", "EIO")),
    "sync-error": Way(journal='durability = "power"', begin=lambda disk: disk.fail("fdatasync", "EIO")),
    "read-only": Way(begin=Disk.lock, from_the_start=True),
}


@contextmanager
def a_disk(folder: Path) -> Iterator[Disk]:
    """Yield a small disk for a home; one that is no file system of its own where none may be mounted."""
    home = folder / "home"
    home.mkdir()
    real = _run("mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(home))
    try:
        yield Disk(home, folder / "failing", real)
    finally:
        if real:
            _run("umount", "--lazy", str(home))


def _free(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def _run(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
