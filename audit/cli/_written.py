"""Writing into tools' own files: what is there stays, a copy is left, and what changes is shown without secrets."""

from __future__ import annotations

import difflib
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from audit.connect.merging import merged
from audit.errors import AuditError

if TYPE_CHECKING:
    from audit.connect.advice import Block

__all__ = ["Written", "write"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of a file."""

    path: Path
    changes: tuple[str, ...]
    """Lines that went and came; none: it has said so already and was left alone."""
    backup: Path | None = None
    """A copy of what it was; None: it was not there, or did not change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edit:
    path: Path
    before: str | None
    after: str


def write(title: str, blocks: Sequence[Block]) -> tuple[Written, ...]:
    """Write all blocks that belong into files; none is written if one cannot be. Raises `AuditError`."""
    edits = [_edit(block) for block in blocks if block.path]
    if not edits:
        raise AuditError(f"{title} has no file that we write; without --write it is printed what to set")
    return tuple(_carried_out(edit) for edit in edits)


def _edit(block: Block) -> _Edit:
    assert block.path is not None
    assert block.kind is not None
    path = block.path.expanduser().resolve()  # the file behind a link, which stays one
    try:
        before = path.read_text(encoding="utf-8") if path.exists() else None
        return _Edit(path=path, before=before, after=merged(block.kind, before or "", block.values))
    except ValueError as exc:
        what = "is no UTF-8" if isinstance(exc, UnicodeDecodeError) else exc
        raise AuditError(f"{path} {what}; nothing was written. To be put in by hand:\n{block.text}") from exc


def _carried_out(edit: _Edit) -> Written:
    if edit.after == edit.before:
        return Written(path=edit.path, changes=())
    backup = _copied(edit.path) if edit.before is not None else None
    edit.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = edit.path.with_name(f".{edit.path.name}.{os.getpid()}")
    try:
        with open(
            os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline=""
        ) as out:
            out.write(edit.after)
        if backup:
            shutil.copymode(edit.path, fresh)
        fresh.replace(edit.path)
    finally:
        fresh.unlink(missing_ok=True)
    return Written(path=edit.path, changes=_changes(edit), backup=backup)


def _copied(path: Path) -> Path:
    """Copy a file beside itself, with its rights: it may hold secrets."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    copy = path.with_name(f"{path.name}.before-audit-{stamp}")
    shutil.copy2(path, copy)
    return copy


def _changes(edit: _Edit) -> tuple[str, ...]:
    """Return lines that differ, and no others: what is beside them is nobody's business."""
    lines = difflib.unified_diff((edit.before or "").splitlines(), edit.after.splitlines(), n=0, lineterm="")
    return tuple(_SECRET.sub(r"\1…", line) for line in list(lines)[2:] if not line.startswith("@@"))


_SECRET = re.compile(
    r"""(?i)((?:(?<!env_)key|token|secret|passw\w*|authorization|cookie)["']?\s*[:=]\s*["']?)(?!\{env:|\$\{)[^"'\s,}][^"',}]*"""
)
"""What stands behind the name of a secret, unless it only names a variable."""
