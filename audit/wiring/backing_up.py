"""Backups of the configured record."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from audit.errors import AuditError, StoreError

if TYPE_CHECKING:
    from audit.settings import Settings
    from audit.store.manifest import Manifest

__all__ = ["Made", "make_backup"]

_AT_ONCE = 200
_log = logging.getLogger("audit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A backup that was made."""

    path: Path
    manifest: Manifest
    keys: Path | None
    """Where the installation's keys lie, if they were wanted."""


def make_backup(
    settings: Settings,
    place: Path,
    *,
    with_keys: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
    say: Callable[[str], None] = _log.warning,
) -> Made:
    """Back up the configured record into a new file, or into one named by the time in a folder that is there.

    What dead processes left in the journal is brought in first, and the ledger notes who makes the backup; where it
    cannot, that is told to `say`. Raises `AuditError` for a file that is there already or cannot be made, `StoreError`
    when the record cannot be read or there is no room, `LedgerError` where it has to be noted and cannot.
    """
    from audit.store.backup import write_backup
    from audit.store.engine import hidden, is_there, opened
    from audit.store.manifest import manifest_of, write_json
    from audit.wiring import open_reader
    from audit.wiring.spare_keys import keep_keys, keys_path
    from audit.wiring.viewing import note_copy

    if not is_there(settings.database_url):
        raise StoreError(f"there is no record yet at {hidden(settings.database_url)}", permanent=True)
    open_reader(settings).close()
    now = datetime.now(UTC)
    path = place / f"audit-{now:%Y%m%dT%H%M%SZ}.db" if place.is_dir() else place
    for beside in (manifest_of(path), keys_path(path)):
        if beside.exists():
            raise AuditError(f"{beside} is there already, and no backup is written over: name another file")
    waiting = list(_journalled(settings.journal))
    with opened(settings.database_url) as engine:
        write_backup(engine, path, progress, partial(note_copy, settings, "audit backup", str(path.absolute()), say))
    keys = keep_keys(settings, path) if with_keys else None
    manifest = _described(settings, path, now, waiting)
    try:
        write_json(manifest_of(path), manifest)
    except OSError as exc:
        raise AuditError(f"cannot write {manifest_of(path)}, and without it {path} is no backup: {exc}") from exc
    return Made(path=path, manifest=manifest, keys=keys)


def _described(settings: Settings, path: Path, made_at: datetime, waiting: list[UUID]) -> Manifest:
    from importlib.metadata import version

    from audit.store.backup import content_of
    from audit.store.manifest import Manifest, sha256_of
    from audit.wiring.ledger import load_signer

    content = content_of(path, waiting)
    return Manifest(
        sha256=sha256_of(path),
        size_bytes=path.stat().st_size,
        made_at=made_at,
        audit=version("audit"),
        revision=content.revision,
        rows=content.rows,
        log_size=content.log_size,
        checkpoint=content.checkpoint,
        key=str(load_signer(settings).verifier) if settings.ledger_key.exists() else None,
        not_collected=content.lacks,
    )


def _journalled(folder: Path) -> Iterator[UUID]:
    """The calls that have ended and stand in journals, whether or not the database has them by now."""
    from audit.recording.backlog import Backlog
    from audit.recording.journal import writers

    for name in writers(folder) if folder.is_dir() else ():
        backlog = Backlog(folder, name)
        while batch := backlog.take(_AT_ONCE):
            yield from (exchange.id for exchange in batch.exchanges)
