"""Which kind of archive a file is, by its content."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from audit.archives._entry import Archive
from audit.archives.har import read_har
from audit.archives.jsonl import read_jsonl
from audit.errors import ArchiveError

__all__ = ["open_archive"]


def open_archive(path: Path) -> Archive:
    """Return the archive at `path`; raise `ArchiveError` if there is none to read."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            opening = file.read(4096)
    except OSError as exc:
        raise ArchiveError(f"cannot read {path}: {exc.strerror}") from exc
    if not opening.strip():
        raise ArchiveError(f"{path} is empty")
    if not opening.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        raise ArchiveError(f"{path} is neither JSON lines nor HAR: it does not begin with a JSON object")
    if _HAR.match(opening):
        return Archive(kind="HAR", size=size, entries=partial(read_har, path))
    return Archive(kind="JSONL", size=size, entries=partial(read_jsonl, path))


_HAR = re.compile(rb'[\xef\xbb\xbf\s]*\{\s*"log"\s*:')
