"""A record's way into another database: back from a backup, or from one database into the next."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from audit.errors import LedgerError, StoreError
from audit.wiring.encrypting import keyed

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from audit.ledger.note import Checkpoint, VerifierKey
    from audit.settings import Settings
    from audit.store.copying import Copied
    from audit.store.manifest import Manifest
    from audit.store.rows.verified import Verified

__all__ = ["Moved", "copy_database", "restore_backup"]

Progress = Callable[[str, int, int], None]
"""Told what is being counted, how many are done, and of how many."""
_log = logging.getLogger("audit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A record that was brought into another database."""

    copied: Copied
    verified: Verified | None
    """None when nothing was kept, as what was written was not what had been read."""
    unreached: int = 0
    """Entries that an anchor knows of, and that came after the backup."""

    @property
    def is_sound(self) -> bool:
        """Whether the same is there, and nothing of it is altered or missing."""
        return self.verified is not None and self.verified.is_whole


@dataclass(frozen=True, slots=True)
class _Held:
    """What a record is held to."""

    key: VerifierKey | None = None
    """None: no signature is looked at."""
    anchored: tuple[Checkpoint, ...] = ()

    def checkpoints(self, notes: Sequence[str]) -> list[Checkpoint]:
        from audit.wiring.ledger import checkpoints_of

        return [*self.anchored, *(checkpoints_of(notes, self.key) if self.key else ())]


def _silent(_what: str, _done: int, _of: int) -> None:
    pass


def copy_database(
    settings: Settings,
    source: str,
    target: str,
    *,
    sample: int | None = None,
    progress: Progress = _silent,
    say: Callable[[str], None] = _log.warning,
) -> Moved:
    """Copy a record into an empty database, and look whether its contents, or those of a sample, are what was entered.

    The ledger of the source notes who copies it; where it cannot, that is told to `say`. Raises `StoreError` for a
    source that is not there or not up to date, for a target that is not empty, and when either cannot be used;
    `EncryptionError` for bodies that are encrypted with a key that is not here, `LedgerError` where it has to be noted
    and cannot.
    """
    from audit.store.engine import hidden, is_there
    from audit.wiring.viewing import note_copy

    if not is_there(source):
        raise StoreError(f"there is no database at {hidden(source)}", permanent=True)
    note = partial(note_copy, settings, "audit db copy", hidden(target), say, source)
    return _moved(settings, source, target, _Held(), sample, progress, note)


def restore_backup(
    settings: Settings,
    backup: Path,
    *,
    to: str | None = None,
    key: str | None = None,
    with_keys: bool = False,
    sample: int | None = None,
    progress: Progress = _silent,
) -> Moved:
    """Bring a backup into an empty database, the configured one or `to`, and look whether it is whole.

    It is held to the checkpoints in it, and to those of the configured anchors as far as it reaches.
    Raises `AuditError` for a backup that is not as it was made, `LedgerError` for one that the key has not signed,
    `StoreError` for a database that holds a record already or cannot be used.
    """
    from audit.store.backup import readable_backup
    from audit.store.manifest import checked_manifest
    from audit.wiring.spare_keys import install_keys

    manifest = checked_manifest(backup)
    if with_keys:
        install_keys(settings, backup)
    held = _held_to(settings, manifest, key)
    within = tuple(one for one in held.anchored if one.size <= manifest.log_size)
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with readable_backup(backup, manifest, settings.home) as source:
        moved = _moved(settings, source, to or settings.database_url, _Held(held.key, within), sample, progress)
    last = max((one.size for one in held.anchored), default=0)
    return Moved(copied=moved.copied, verified=moved.verified, unreached=max(last - manifest.log_size, 0))


def _moved(
    settings: Settings,
    source: str,
    target: str,
    held: _Held,
    sample: int | None,
    progress: Progress,
    begin: Callable[[], None] = lambda: None,
) -> Moved:
    from audit.store.copying import copy_record
    from audit.store.engine import open_engine
    from audit.store.read.ledger import LedgerReader

    with ExitStack() as stack:
        old, new = (keyed(one, settings) for one in (open_engine(source, read_only=True), open_engine(target)))
        stack.callback(old.dispose)
        reader = stack.enter_context(closing(LedgerReader(new)))
        _must_open(old)
        copied = copy_record(old, new, lambda done, of: progress("rows", done, of), begin)
        if not copied.is_equal:
            return Moved(copied=copied, verified=None)
        verified = reader.verify(
            held.checkpoints,
            anchored=max((one.size for one in held.anchored), default=0),
            since=None,
            sample=sample,
            progress=lambda done, of: progress("entries", done, of),
        )
    return Moved(copied=copied, verified=verified)


def _must_open(engine: Engine) -> None:
    """Bodies are looked at when they are copied: whose key is missing is told before."""
    from audit.store.engine import at_one_moment
    from audit.store.schema import head, revision
    from audit.store.sealing import must_open

    if revision(engine) == head():
        with at_one_moment(engine).begin() as connection:
            must_open(connection)


def _held_to(settings: Settings, manifest: Manifest, given: str | None) -> _Held:
    """Return the key that was given, else ours, else that of the manifest; and what our anchors keep, if it is ours."""
    from audit.ledger.note import VerifierKey
    from audit.wiring.ledger import anchors, checkpoints_of, load_signer, verifier_of

    ours = load_signer(settings).verifier if settings.ledger_key.exists() else None
    key = verifier_of(settings, given) if given else ours
    if key is None and manifest.key is not None:
        key = VerifierKey.parse(manifest.key)
    if key is not None and manifest.checkpoint is not None:
        _must_have_signed(key, manifest.checkpoint)
    if key is None or key != ours:
        return _Held(key)
    notes = [note for anchor in anchors(settings) for note in anchor.notes()]
    return _Held(key, tuple(checkpoints_of(notes, key)))


def _must_have_signed(key: VerifierKey, note: str) -> None:
    from audit.wiring.ledger import checkpoints_of

    try:
        checkpoints_of([note], key)
    except LedgerError as exc:
        told = f"the backup's last checkpoint is not signed by {key}"
        raise LedgerError(f"{told} ({exc}); --key says whose signature is to be believed") from exc
