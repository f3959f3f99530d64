"""A backup: the record as it is at one moment, in a SQLite file that stands alone, of whatever kind the database is."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import SQLAlchemyError

from audit.errors import AuditError, StoreError
from audit.store import tables
from audit.store.copying import Progress, copy_record
from audit.store.digests import counts
from audit.store.engine import at_one_moment, opened, sqlite_url, translated, write_snapshot
from audit.store.lots import in_lots
from audit.store.manifest import Manifest
from audit.store.schema import head, revision, upgrade
from audit.store.sequencing import last_note, log_size

__all__ = ["Content", "content_of", "readable_backup", "write_backup"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is in a backup, as it tells itself."""

    revision: str
    rows: dict[str, int]
    log_size: int
    checkpoint: str | None
    lacks: int
    """How many it has not of the calls that were asked for."""


def write_backup(engine: Engine, path: Path, progress: Progress, begin: Callable[[], None] = lambda: None) -> None:
    """Write the record into a new file that only its owner can read, and bring it to the disk.

    `begin` is called when the file is there and nothing has been read: what it writes is in the backup. Raises
    `AuditError` if there is such a file or none can be made, `StoreError` if the record cannot be read or there is no
    room, and what `begin` raises; what was begun is taken away then.
    """
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError as exc:
        raise AuditError(f"{path} is there already, and no backup is written over: name another file") from exc
    except OSError as exc:
        raise AuditError(f"cannot make {path}: {exc.strerror}") from exc
    try:
        begin()
        _fill(engine, path, progress)
        _bring_to_disk(path)
    except BaseException as exc:  # whatever it was, Ctrl-C too: half a backup may not pass for one
        path.unlink(missing_ok=True)
        if isinstance(exc, OSError):
            raise AuditError(f"cannot write {path}: {exc.strerror}") from exc
        raise


def content_of(path: Path, wanted: Sequence[UUID]) -> Content:
    """Return what is in a backup, and how many of the `wanted` calls are not; raise `StoreError`."""
    with opened(sqlite_url(path), read_only=True) as engine, translated(), at_one_moment(engine).begin() as connection:
        return Content(
            revision=str(revision(engine)),
            rows=counts(connection),
            log_size=log_size(connection),
            checkpoint=last_note(connection),
            lacks=_lacks(connection, wanted),
        )


@contextmanager
def readable_backup(path: Path, manifest: Manifest, scratch: Path) -> Iterator[str]:
    """Yield the URL of a backup with the schema of this version; an older one is copied into `scratch` for that.

    Raises `StoreError` if it is of a newer version or does not hold what its manifest says.
    """
    with tempfile.TemporaryDirectory(prefix="restoring-", dir=scratch) as folder:
        current = path
        if manifest.revision != head():
            current = Path(shutil.copyfile(path, Path(folder) / "record.db"))
            with opened(sqlite_url(current)) as engine:
                upgrade(engine)
        _must_hold(sqlite_url(current), manifest)
        yield sqlite_url(current)


def _fill(engine: Engine, path: Path, progress: Progress) -> None:
    try:
        if not write_snapshot(engine, path):
            _copy(engine, path, progress)
    except SQLAlchemyError as exc:
        raise StoreError(f"cannot back up into {path}: {getattr(exc, 'orig', exc)}", permanent=True) from exc
    except StoreError as exc:
        raise StoreError(f"cannot back up into {path}: {exc}", permanent=exc.permanent) from exc


def _copy(engine: Engine, path: Path, progress: Progress) -> None:
    """Copy a database of another kind into SQLite, in a folder beside the file, and make a snapshot of that."""
    with (
        tempfile.TemporaryDirectory(prefix=f"{path.name}.", dir=path.parent) as folder,
        opened(sqlite_url(Path(folder) / "record.db")) as target,
    ):
        if not copy_record(engine, target, progress).is_equal:
            raise StoreError("what was written is not what was read", permanent=True)
        write_snapshot(target, path)


def _bring_to_disk(path: Path) -> None:
    for place, flags in ((path, os.O_RDWR), (path.parent, os.O_RDONLY | os.O_DIRECTORY)):
        descriptor = os.open(place, flags | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _must_hold(url: str, manifest: Manifest) -> None:
    """Compare what both have: a schema that was brought up to date may have more tables."""
    with opened(url, read_only=True) as engine, translated(), engine.begin() as connection:
        found = counts(connection)
    common = manifest.rows.keys() & found.keys() - _FILLED_BY_UPGRADES
    if odd := sorted(name for name in common if found[name] != manifest.rows[name]):
        name = odd[0]
        told = f"{found[name]} rows of {name} where the manifest tells of {manifest.rows[name]}"
        raise StoreError(f"the backup has {told}: one of the two has been changed", permanent=True)


def _lacks(connection: Connection, ids: Sequence[UUID]) -> int:
    entries, known = tables.entries.c, 0
    for some in in_lots(ids):
        known += len(connection.execute(select(entries.id).where(entries.id.in_(some))).all())
    return len(ids) - known


_FILLED_BY_UPGRADES = {"entries", "ledger_writers"}
