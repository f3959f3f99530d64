"""Lets calls of the operating system fail in processes that others start, while a file says so.

The file named by `FAILING` has a line such as `writev EIO` for each that fails. Writing and syncing fail for segments
of a journal only; `open` for what is made anew in the journal's folder; `statvfs`, which takes no error, tells of a
disk without room.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["FAILING", "environment", "install"]

FAILING = "TESTS_FAILING_CALLS"
_ROOT = Path(__file__).parents[2]
_SITE = "from tests.campaigns.failing_os import install\ninstall()\n"


def environment(folder: Path, said: Path) -> dict[str, str]:
    """Return what lets Python processes fail as `said` says, by a module in `folder` that each of them imports."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_SITE, encoding="utf-8")
    return {FAILING: str(said), "PYTHONPATH": f"{folder}{os.pathsep}{_ROOT}"}


def install() -> None:
    """Let this process's calls fail as the file says, from now on."""
    said = os.environ[FAILING]
    for name in ("writev", "fdatasync"):
        setattr(os, name, _failing(name, getattr(os, name), said, _is_segment))
    os.open = _failing("open", os.open, said, _is_made_anew)
    statvfs = os.statvfs

    def without_room(path: Any) -> os.statvfs_result:
        found = statvfs(path)
        full = _error("statvfs", said) is not None
        return os.statvfs_result((*found[:3], 0, 0, *found[5:])) if full else found

    os.statvfs = without_room


def _failing(name: str, real: Callable[..., Any], said: str, concerns: Callable[..., bool]) -> Callable[..., Any]:
    def act(*arguments: Any, **options: Any) -> Any:
        if (error := _error(name, said)) is not None and concerns(*arguments):
            number = getattr(errno, error)
            raise OSError(number, os.strerror(number))
        return real(*arguments, **options)

    return act


def _error(name: str, said: str) -> str | None:
    try:
        text = Path(said).read_text(encoding="ascii")
    except FileNotFoundError:
        return None
    return dict(line.split() for line in text.splitlines()).get(name)


def _is_segment(descriptor: int, *_: Any) -> bool:
    return os.readlink(f"/proc/self/fd/{descriptor}").endswith(".journal")


def _is_made_anew(path: Any, flags: int, *_: Any) -> bool:
    return bool(flags & os.O_CREAT) and Path(os.fspath(path)).parent.name == "journal"
