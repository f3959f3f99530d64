"""A disk in memory that keeps apart what was written and what was synced, and can lose its power.

What survives: all that was synced, and of the rest whatever the power left. Writes that were not synced are there or
not, as a whole or by the sector, in any order, one of them torn in the middle of a sector; where a file has grown but
what it grew by is lost there are zeros or rubbish; and names that were made or removed without a sync of their folder
are as before or as after.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Disk", "File", "a_folder"]

SECTORS = (512, 4_096, 1 << 40)
"""What survives or not as a whole; the last: any write."""


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes that were written at an offset."""

    offset: int
    data: bytes

    def apply(self, content: bytearray) -> None:
        """Do to a file's content what was done."""
        if len(content) < self.offset:
            content.extend(bytes(self.offset - len(content)))
        content[self.offset : self.offset + len(self.data)] = self.data

    def pieces(self, sector: int) -> Iterator[Write]:
        """Yield what is of one sector each."""
        start, end = self.offset, self.offset + len(self.data)
        while start < end:
            stop = min(end, (start // sector + 1) * sector)
            yield Write(start, self.data[start - self.offset : stop - self.offset])
            start = stop

    def torn(self, chance: random.Random) -> Write:
        """Return the beginning or the end of it."""
        at = chance.randrange(len(self.data) + 1)
        return chance.choice([Write(self.offset, self.data[:at]), Write(self.offset + at, self.data[at:])])


@dataclass(frozen=True, slots=True)
class Truncation:
    """A file's length that was set."""

    size: int

    def apply(self, content: bytearray) -> None:
        """Do to a file's content what was done."""
        del content[self.size :]
        content.extend(bytes(self.size - len(content)))

    def pieces(self, _sector: int) -> Iterator[Truncation]:
        """Yield it: it is one."""
        yield self


@dataclass(slots=True, eq=False)
class File:
    """What programs see of a file, what is synced of it, and what was done to it since."""

    content: bytearray = field(default_factory=bytearray)
    synced: bytearray = field(default_factory=bytearray)
    unsynced: list[Write | Truncation] = field(default_factory=list)

    def do(self, change: Write | Truncation) -> None:
        """Change the file, not yet on the disk."""
        change.apply(self.content)
        self.unsynced.append(change)

    def sync(self) -> None:
        """Bring all changes to the disk."""
        for change in self.unsynced:
            change.apply(self.synced)
        self.unsynced.clear()

    def survivor(self, chance: random.Random) -> bytes:
        """Return what could be found of it after the power was lost now."""
        content = bytearray(self.synced)
        for change in _kept(self.unsynced, chance):
            if isinstance(change, Write):
                _grow(content, change.offset, chance)
            change.apply(content)
        if chance.random() < 0.25:  # its length has reached the disk, and what was written there has not
            _grow(content, len(self.content), chance)
        return bytes(content)


class Disk:
    """One folder of files by name. Once the power is `lost`, nothing that is done to it counts any more."""

    def __init__(self, files: Mapping[str, bytes], chance: random.Random, lasts: int | None = None) -> None:
        """Make a disk with synced files, whose power lasts for so many operations: without it, as long as wanted."""
        self.found: dict[str, bytes] | None = None
        """What is on it after the cut; None until then."""
        self.unsynced: list[str] = []
        """Names of files that were being written when the power was lost."""
        self.operations = 0
        self._chance = chance
        self._lasts = lasts
        self._files = {name: File(bytearray(data), bytearray(data)) for name, data in files.items()}
        self._synced_names: dict[str, File | None] = dict(self._files)
        self._unsynced_names: list[tuple[str, File | None]] = []

    @property
    def lost(self) -> bool:
        """Whether the power is."""
        return self.found is not None

    def file(self, name: str) -> File | None:
        """Return the file of that name, if there is one."""
        return self._files.get(name)

    def make(self, name: str) -> File:
        """Make an empty file."""
        self._count()
        self._files[name] = File()
        self._unsynced_names.append((name, self._files[name]))
        return self._files[name]

    def remove(self, name: str) -> None:
        """Remove a file; who has it open keeps it."""
        self._count()
        del self._files[name]
        self._unsynced_names.append((name, None))

    def change(self, file: File, change: Write | Truncation) -> None:
        """Change a file."""
        self._count()
        file.do(change)

    def sync(self, file: File) -> None:
        """Bring to the disk what was done to a file."""
        self._count()
        file.sync()

    def sync_names(self) -> None:
        """Bring to the disk which files there are."""
        self._count()
        self._synced_names.update(self._unsynced_names)
        self._unsynced_names.clear()

    def cut(self) -> dict[str, bytes]:
        """Cut the power, unless it is lost already; return what is found by name."""
        if self.found is None:
            names = dict(self._synced_names)
            for name in dict(self._unsynced_names):
                later = [file for changed, file in self._unsynced_names if changed == name]
                names[name] = self._chance.choice([names.get(name), *later])
            self.unsynced = [name for name, file in self._files.items() if file.unsynced]
            self.found = {name: file.survivor(self._chance) for name, file in names.items() if file is not None}
        return self.found

    def _count(self) -> None:
        if self._lasts is not None and self.operations >= self._lasts:
            self.cut()
        self.operations += 1


def a_folder() -> tempfile.TemporaryDirectory[str]:
    """Make a folder for what is not on the disk, in memory where that is possible."""
    memory = Path("/dev/shm")
    return tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)


def _grow(content: bytearray, size: int, chance: random.Random) -> None:
    """Fill up to a size with what stands where nothing was written: zeros, or what was there before."""
    missing = max(0, size - len(content))
    content.extend(chance.choice([bytes(missing), chance.randbytes(missing)]))


def _kept(changes: list[Write | Truncation], chance: random.Random) -> list[Write | Truncation]:
    """Choose what of unsynced changes has reached the disk."""
    likelihood = chance.choice([0.0, 1.0, chance.random(), chance.random()])
    sector = chance.choice(SECTORS)
    pieces = [piece for change in changes for piece in change.pieces(sector)]
    kept = [piece for piece in pieces if chance.random() < likelihood]
    if chance.random() < 0.25:
        chance.shuffle(kept)
    if kept and isinstance(last := kept[-1], Write) and chance.random() < 0.5:
        kept[-1] = last.torn(chance)
    return kept
