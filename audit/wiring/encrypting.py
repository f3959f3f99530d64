"""Encryption of the configured record: its master keys, and who applies them to what is stored."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from audit.errors import AuditError, EncryptionError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from audit.encryption.keyring import Keyring, MasterKey
    from audit.settings import Settings

__all__ = ["keyed", "load_keyring", "make_key"]

_FOR_OTHERS = stat.S_IRWXO


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


def make_key(path: Path) -> str:
    """Write a new master key into a new file that only its owner can read; return its id. Raises `AuditError`."""
    from audit.encryption.keyring import MasterKey

    made = MasterKey.generate()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{made.exported()}\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as exc:
        raise AuditError(f"{path} is there already, and no key is written over: name another file") from exc
    except OSError as exc:
        raise AuditError(f"cannot make {path}: {exc.strerror}") from exc
    return made.id


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
    except (OSError, UnicodeDecodeError) as exc:
        raise EncryptionError(f"cannot read the key of [encryption] in {path}: {exc}") from exc
