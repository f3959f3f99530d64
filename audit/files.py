"""Files that are whole or not there, on stable storage, and their owner's alone: secrets, keys, what tells of calls."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["sync_folder", "write_private"]


def write_private(path: Path, content: bytes, *, over: bool = False) -> None:
    """Write a file that only its owner can read, whole or not at all, and bring it to stable storage.

    Raises `FileExistsError` where there is one, unless that may be written `over`: of several processes that make the
    same file at once, one does. May raise `OSError`.
    """
    draft = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        if over:
            os.replace(draft, path)
        else:
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring to stable storage which files a folder has; may raise `OSError`."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
