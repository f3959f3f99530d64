"""An installation's keys beside a backup: the secret behind fingerprints of API keys, and the ledger's signing key.

They are no part of a backup, unless they are asked for: who has both can change the record and sign what he made of it.
Without the secret, a restored record's API keys have fingerprints that no new call's key has.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from audit.errors import AuditError
from audit.files import write_private

if TYPE_CHECKING:
    from audit.settings import Settings

__all__ = ["install_keys", "keep_keys", "keys_path"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Both as their files have them; None for one that there is not."""

    secret: str | None
    ledger_key: str | None


def keys_path(backup: Path) -> Path:
    """Return where the keys lie that belong to a backup."""
    return backup.with_name(f"{backup.name}.keys.json")


def keep_keys(settings: Settings, backup: Path) -> Path:
    """Write the installation's keys beside a backup, for its owner's eyes; return where. May raise `AuditError`."""
    from audit.store.manifest import write_json

    path = keys_path(backup)
    try:
        found = {name: _text(place) for name, place in _places(settings).items()}
        write_json(path, Keys(**found))
    except (OSError, UnicodeDecodeError) as exc:
        raise AuditError(f"cannot write the keys into {path}: {exc}") from exc
    return path


def install_keys(settings: Settings, backup: Path) -> None:
    """Put the keys of a backup where this installation looks for them.

    Raises `AuditError` if they cannot be read, and if there are others in their places, which are left alone.
    """
    kept, places = _kept(keys_path(backup)), _places(settings)
    wanted = {place: text for name, place in places.items() if (text := getattr(kept, name)) is not None}
    lacking = [place for place in wanted if _has_none(place, wanted[place])]
    for place in lacking:
        _write(place, wanted[place])


def _places(settings: Settings) -> dict[str, Path]:
    return {"secret": settings.home / "secret", "ledger_key": settings.ledger_key}


def _has_none(place: Path, wanted: str) -> bool:
    try:
        found = _text(place)
    except (OSError, UnicodeDecodeError) as exc:
        raise AuditError(f"cannot use {place}: {exc}") from exc
    if found not in (None, wanted):
        raise AuditError(f"{place} holds another key, and is not written over: move it away, and restore again")
    return found is None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None


def _kept(path: Path) -> Keys:
    import msgspec

    try:
        return msgspec.json.decode(path.read_bytes(), type=Keys)
    except OSError as exc:
        raise AuditError(f"cannot read the keys in {path}: {exc.strerror}") from exc
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise AuditError(f"{path} holds no keys of an installation: {exc}") from exc


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(path, f"{text}\n".encode())
    except OSError as exc:
        raise AuditError(f"cannot write {path}: {exc.strerror}") from exc
