"""Encryption of the configured record: its master keys, and who applies them to what is stored."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from audit.errors import AuditError, EncryptionError
from audit.files import write_private

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from audit.encryption.keyring import Keyring, MasterKey
    from audit.settings import Settings
    from audit.store.rewrapping import Protection
    from audit.surroundings import Finding

__all__ = [
    "Standing",
    "keyed",
    "load_keyring",
    "look_at_encryption",
    "make_key",
    "rotate_keys",
    "seal_record",
    "standing",
]

_FOR_OTHERS = stat.S_IRWXO
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How much of the configured record is encrypted, and what can be read of it here."""

    keys: tuple[str, ...]
    """The ids of the keys at hand, the newest first."""
    trouble: str | None
    """Why they cannot be had."""
    record: Protection | None
    """None for a record that is not there yet."""

    @property
    def missing(self) -> tuple[str, ...]:
        """The ids of keys that are wanted, and not here."""
        return () if self.record is None else tuple(sorted(self.record.wrapped.keys() - set(self.keys)))

    @property
    def old(self) -> int:
        """Data keys that another than the newest key has wrapped."""
        if self.record is None or not self.keys:
            return 0
        return sum(number for master, number in self.record.wrapped.items() if master != self.keys[0])


def keyed(engine: Engine, settings: Settings) -> Engine:
    """Return an engine with the configured keys, which are looked for when a body is first written or read."""
    if not settings.encryption.keys:
        return engine
    from audit.store.sealing import with_keys

    return with_keys(engine, cache(lambda: load_keyring(settings.encryption.keys, os.environ)))


def load_keyring(places: tuple[str, ...], environ: Mapping[str, str]) -> Keyring:
    """Return the keys at these places, the newest first; raise `EncryptionError` for what is no key, or not there."""
    from audit.encryption.keyring import Keyring

    return Keyring([_key(place, environ) for place in places])


def standing(settings: Settings) -> Standing:
    """Return how it stands, without any key; raise `StoreError` if the database cannot be read."""
    from audit.store.engine import is_there, open_engine
    from audit.store.rewrapping import protection
    from audit.store.schema import head, revision

    keys, trouble = _ids(settings)
    if not is_there(settings.database_url):
        return Standing(keys=keys, trouble=trouble, record=None)
    engine = open_engine(settings.database_url, read_only=True)
    try:
        record = protection(engine) if revision(engine) == head() else None
    finally:
        engine.dispose()
    return Standing(keys=keys, trouble=trouble, record=record)


def rotate_keys(settings: Settings, progress: Progress, *, scrubbed: bool = False) -> int:
    """Wrap all data keys by the newest configured key; return how many. Raises `EncryptionError`, `StoreError`."""
    from audit.store.rewrapping import rotate
    from audit.store.scrubbing import scrub
    from audit.wiring.erasing import open_writable

    with open_writable(settings) as engine:
        rotated = rotate(engine, progress)
        if scrubbed:
            scrub(engine)
    return rotated


def seal_record(settings: Settings, progress: Progress) -> int:
    """Encrypt what is stored plainly, from the database's files too; return how many contents. Raises likewise."""
    from audit.store.resealing import seal_all
    from audit.store.scrubbing import scrub
    from audit.wiring.erasing import open_writable

    with open_writable(settings) as engine:
        sealed = seal_all(engine, progress)
        scrub(engine)
    return sealed


def look_at_encryption(settings: Settings) -> Iterator[Finding]:
    """Yield what is to be said of encryption; raises `StoreError`."""
    from audit.surroundings import Finding, Level

    found = standing(settings)
    if found.trouble is not None:
        yield Finding(Level.BAD, f"{found.trouble}; until it is there calls wait in the journal, and no body is read")
    if found.record is None or not found.record.encrypted:
        if found.keys:
            yield Finding(Level.NOTE, "begins with the next call that is recorded")
        return
    if found.missing and found.trouble is None:
        lacking = f"bodies are encrypted with the key {', '.join(found.missing)}, which is not here"
        yield Finding(Level.BAD, f"{lacking}: let `keys` in [encryption] name it")
    if found.old and not found.missing:
        yield Finding(Level.NOTE, f"{found.old} data keys are wrapped by an older key; run `audit encryption rotate`")
    if found.record.plain or found.record.indexed:
        yield Finding(Level.NOTE, f"{found.record.plain} contents are stored plainly; run `audit encryption apply`")
    yield Finding(Level.GOOD, f"{found.record.sealed} contents are encrypted")


def make_key(path: Path) -> str:
    """Write a new master key into a new file that only its owner can read; return its id. Raises `AuditError`."""
    from audit.encryption.keyring import MasterKey

    made = MasterKey.generate()
    try:
        write_private(path, f"{made.exported()}\n".encode())
    except FileExistsError as exc:
        raise AuditError(f"{path} is there already, and no key is written over: name another file") from exc
    except OSError as exc:
        raise AuditError(f"cannot make {path}: {exc.strerror}") from exc
    return made.id


def _ids(settings: Settings) -> tuple[tuple[str, ...], str | None]:
    if not settings.encryption.keys:
        return (), None
    try:
        return load_keyring(settings.encryption.keys, os.environ).ids, None
    except EncryptionError as exc:
        return (), str(exc)


def _key(place: str, environ: Mapping[str, str]) -> MasterKey:
    from audit.encryption.keyring import MasterKey

    kind, _, name = place.partition(":")
    text = _in_file(Path(name)) if kind == "file" else environ.get(name, "")
    if not text.strip():
        raise EncryptionError(
            f"{name} is {'empty' if kind == 'file' else 'not set'}, where a key of [encryption] is to be"
        )
    try:
        return MasterKey.parse(text)
    except ValueError as exc:
        raise EncryptionError(f"{name} holds no key of [encryption]: {exc}") from exc


def _in_file(path: Path) -> str:
    try:
        with path.open(encoding="ascii") as file:
            if os.fstat(file.fileno()).st_mode & _FOR_OTHERS:
                raise EncryptionError(f"everybody on this machine may read the key in {path}: chmod o-rwx {path}")
            return file.read()
    except OSError as exc:
        raise EncryptionError(f"cannot read the key of [encryption] in {path}: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise EncryptionError(f"{path} holds no key of [encryption], but bytes that are no text") from exc
