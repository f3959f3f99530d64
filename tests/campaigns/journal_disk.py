"""What a journal does to its folder, done to a disk that is simulated too, which can lose its power or fail."""

from __future__ import annotations

import errno
import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from unittest import mock

from audit import files
from audit.recording import journal, lock, stable
from tests.campaigns.disk import Disk, File, Truncation, Write

__all__ = ["MirroredOs", "PowerLost", "mirrored"]


class PowerLost(BaseException):
    """The process is gone: nothing in it may catch this."""


class MirroredOs:
    """The module `os` for who writes in one folder; all else goes to the real one."""

    def __init__(self, disk: Disk, folder: Path, *, failing: float, chance: random.Random) -> None:
        """Let so large a share of syncs fail, each of which drops what was not yet synced, as kernels do."""
        self.disk = disk
        self._folder = folder
        self._failing = failing
        self._chance = chance
        self._guard = threading.RLock()
        self._opened: dict[int, File | Literal["names"]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def open(self, path: str | Path, flags: int, mode: int = 0o777) -> int:
        with self._doing():
            descriptor = os.open(path, flags, mode)
            if Path(path) == self._folder:
                self._opened[descriptor] = "names"
            elif Path(path).parent == self._folder:
                self._opened[descriptor] = self._file(Path(path).name)
            return descriptor

    def dup(self, descriptor: int) -> int:
        with self._doing():
            made = os.dup(descriptor)
            self._opened[made] = self._opened[descriptor]
            return made

    def close(self, descriptor: int) -> None:
        with self._doing():
            self._opened.pop(descriptor, None)
            os.close(descriptor)

    def writev(self, descriptor: int, pieces: list[bytes]) -> int:
        with self._doing():
            file = self._file_of(descriptor)
            self.disk.change(file, Write(len(file.content), b"".join(pieces)))
            return os.writev(descriptor, pieces)

    def pwrite(self, descriptor: int, data: bytes, offset: int) -> int:
        with self._doing():
            self.disk.change(self._file_of(descriptor), Write(offset, data))
            return os.pwrite(descriptor, data, offset)

    def ftruncate(self, descriptor: int, size: int) -> None:
        with self._doing():
            self.disk.change(self._file_of(descriptor), Truncation(size))
            os.ftruncate(descriptor, size)

    def fdatasync(self, descriptor: int) -> None:
        with self._doing():
            file = self._file_of(descriptor)
            if self._chance.random() < self._failing:
                file.unsynced.clear()
                raise OSError(errno.EIO, "Input/output error")
            self.disk.sync(file)

    def fsync(self, descriptor: int) -> None:
        with self._doing():
            if self._opened.get(descriptor) == "names":
                self.disk.sync_names()

    def let_go(self) -> None:
        """Close what a process that is gone had open."""
        for descriptor in self._opened:
            os.close(descriptor)

    def remove(self, name: str) -> None:
        """Note that a file is gone."""
        with self._doing():
            if self.disk.file(name) is not None:
                self.disk.remove(name)

    @contextmanager
    def _doing(self) -> Iterator[None]:
        with self._guard:
            if self.disk.lost:
                raise PowerLost
            yield
            if self.disk.lost:
                raise PowerLost

    def _file(self, name: str) -> File:
        return self.disk.file(name) or self.disk.make(name)

    def _file_of(self, descriptor: int) -> File:
        file = self._opened[descriptor]
        assert isinstance(file, File)
        return file


@contextmanager
def mirrored(disk: Disk, folder: Path, *, failing: float, chance: random.Random) -> Iterator[None]:
    """Have all that a journal does in `folder` done to `disk` as well, as long as the block lasts."""
    there = MirroredOs(disk, folder, failing=failing, chance=chance)
    unlink = Path.unlink

    def unlinked(path: Path, missing_ok: bool = False) -> None:
        if path.parent == folder:
            there.remove(path.name)
        unlink(path, missing_ok=missing_ok)

    with (
        mock.patch.object(journal, "os", there),
        mock.patch.object(stable, "os", there),
        mock.patch.object(files, "os", there),
        mock.patch.object(lock, "os", there),
        mock.patch.object(Path, "unlink", unlinked),
    ):
        try:
            yield
        finally:
            there.let_go()
