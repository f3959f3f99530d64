"""SQLite on a `Disk`: a virtual file system for `apsw`, which syncs folders where that of Unix does.

Locks and shared memory are those of Unix, on an empty file in a real folder: like a process's memory they are gone
after a cut, when one starts in another folder.
"""

from __future__ import annotations

from pathlib import PurePath

import apsw

from tests.campaigns.disk import Disk, File, Truncation, Write

__all__ = ["DiskVFS"]

_ATTACHED = apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_WAL
SECTOR_BYTES = 4_096


class DiskVFS(apsw.VFS):
    """For one disk, under a name by which connections ask for it; `unregister` ends it."""

    def __init__(self, name: str, disk: Disk) -> None:
        super().__init__(name, base="")
        self._disk = disk

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        """Open one of the disk's files; those that SQLite needs for itself, as to sort, are none of them."""
        if name is None or not flags[0] & (apsw.SQLITE_OPEN_MAIN_DB | _ATTACHED):
            return apsw.VFSFile("", name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        if (file := self._disk.file(_key(path))) is None:
            if not flags[0] & apsw.SQLITE_OPEN_CREATE:
                raise apsw.CantOpenError(f"{path} is not there")
            file = self._disk.make(_key(path))
        opened = flags[0] & (apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_CREATE)
        if flags[0] & _ATTACHED:
            flags[1] = opened
            creates = bool(
                flags[0] & apsw.SQLITE_OPEN_CREATE
            )  # or might have: another may have made it, and not synced
            return _DiskFile(self._disk, file, names_too=creates)  # type: ignore[return-value]  # has its methods
        return _Main(name, flags, self._disk, file)

    def xAccess(self, pathname: str, flags: int) -> bool:
        """Whether there is such a file, and not an empty one, as that of Unix says it."""
        file = self._disk.file(_key(pathname))
        return file is not None and (bool(file.content) or flags != apsw.SQLITE_ACCESS_EXISTS)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        """Remove a file."""
        if self._disk.file(_key(filename)) is None:
            raise apsw.exception_for(apsw.SQLITE_IOERR_DELETE_NOENT)
        self._disk.remove(_key(filename))
        if syncdir:
            self._disk.sync_names()

    def xSleep(self, microseconds: int) -> int:
        """Wait for nobody: all connections are of one thread."""
        return microseconds


class _DiskFile:
    """An open file."""

    def __init__(self, disk: Disk, file: File, *, names_too: bool) -> None:
        self._disk, self._file, self._names_too = disk, file, names_too

    def xRead(self, amount: int, offset: int) -> bytes:
        return bytes(self._file.content[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.change(self._file, Write(offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:
        self._disk.change(self._file, Truncation(newsize))

    def xSync(self, flags: int) -> None:
        self._disk.sync(self._file)
        if self._names_too:
            self._disk.sync_names()
            self._names_too = False

    def xFileSize(self) -> int:
        return len(self._file.content)

    def xSectorSize(self) -> int:
        return SECTOR_BYTES

    def xDeviceCharacteristics(self) -> int:
        """As of any disk for Unix: a write leaves alone what is beside it, and no more is promised."""
        return apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE

    def xFileControl(self, op: int, ptr: int) -> bool:
        return False

    def xLock(self, level: int) -> None:
        """Only the database itself is locked."""

    def xUnlock(self, level: int) -> None:
        """Only the database itself is locked."""

    def xCheckReservedLock(self) -> bool:
        return False

    def xClose(self) -> None:
        """Nothing is to be done, nor synced."""


class _Main(_DiskFile, apsw.VFSFile):
    """The open database: what `_DiskFile` has not is that of the empty file."""

    def __init__(self, name: str | apsw.URIFilename, flags: list[int], disk: Disk, file: File) -> None:
        apsw.VFSFile.__init__(self, "", name, flags)
        _DiskFile.__init__(self, disk, file, names_too=False)

    xFileControl = apsw.VFSFile.xFileControl
    xLock = apsw.VFSFile.xLock
    xUnlock = apsw.VFSFile.xUnlock
    xCheckReservedLock = apsw.VFSFile.xCheckReservedLock
    xClose = apsw.VFSFile.xClose


def _key(path: str) -> str:
    return PurePath(path).name
