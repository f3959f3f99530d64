"""What is told beside a backup: what is in it, by which it can be seen whether it is whole. No secrets.

It is written last: a file without a manifest is a backup that was never finished.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any

import msgspec

from audit.errors import AuditError
from audit.files import write_private

__all__ = ["FORM", "Manifest", "checked_manifest", "manifest_of", "sha256_of", "write_json"]

FORM = 1
MOST_BYTES = 1_000_000
"""Of a manifest; it has one or two thousand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is in a backup."""

    form: int = FORM
    sha256: str
    """Of the file, in hexadecimal."""
    size_bytes: int
    made_at: datetime
    audit: str
    """The version that made it."""
    revision: str
    """Of the schema."""
    rows: dict[str, int]
    """How many each table has."""
    log_size: int
    """Entries of the ledger that have their place."""
    checkpoint: str | None
    """The newest, as it was signed; None if none was."""
    key: str | None
    """The public key that signatures are checked with; None if there was no ledger yet."""
    not_collected: int
    """Calls that had ended, and of which this machine's journals told, but not the database."""


def manifest_of(backup: Path) -> Path:
    """Return where a backup's manifest lies."""
    return backup.with_name(f"{backup.name}.manifest.json")


def checked_manifest(backup: Path) -> Manifest:
    """Return a backup's manifest; raise `AuditError` for a backup that is not, byte for byte, what was made."""
    manifest = _read(manifest_of(backup), backup)
    try:
        size = backup.stat().st_size
        if size != manifest.size_bytes:
            raise AuditError(
                f"{backup} has {size} bytes, and had {manifest.size_bytes} when it was made: it is not whole"
            )
        if sha256_of(backup) != manifest.sha256:
            raise AuditError(f"{backup} is not what was made: its SHA-256 is another; use another copy of it")
    except OSError as exc:
        raise AuditError(f"cannot read {backup}: {exc.strerror}") from exc
    return manifest


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal; may raise `OSError`."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def write_json(path: Path, told: Any) -> None:
    """Write JSON into a file that only its owner can read, whole or not at all; may raise `OSError`."""
    write_private(path, msgspec.json.format(msgspec.json.encode(told)) + b"\n", over=True)


def _read(path: Path, backup: Path) -> Manifest:
    try:
        with path.open("rb") as file:
            manifest = msgspec.json.decode(file.read(MOST_BYTES), type=Manifest)
    except FileNotFoundError as exc:
        told = f"there is no {path}: {backup} is no backup, or one that was not finished"
        raise AuditError(f"{told}; `audit db copy` copies a database as it is") from exc
    except OSError as exc:
        raise AuditError(f"cannot read {path}: {exc.strerror}") from exc
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise AuditError(f"{path} is no manifest of a backup: {exc}") from exc
    if manifest.form != FORM:
        raise AuditError(f"{path} is of a newer audit (form {manifest.form}); upgrade this one")
    return manifest
