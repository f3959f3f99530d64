"""API keys told apart without being kept: a keyed hash, whose secret stays out of the database."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from contextlib import suppress
from pathlib import Path

from audit.errors import JournalError
from audit.files import write_private

__all__ = ["Fingerprints", "load_secret"]

_MOST_REMEMBERED = 10_000
_SECRET_BYTES = 32


class Fingerprints:
    """Turns API keys into fingerprints, the same for the same key and secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._known: dict[str, str] = {}

    def __call__(self, key: str) -> str:
        """Return 16 letters and digits: HMAC-SHA256 of the key, its first 80 bits in base32."""
        if (known := self._known.get(key)) is not None:
            return known
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        digest = hmac.digest(self._secret, key.encode("utf-8", "surrogatepass"), hashlib.sha256)
        fingerprint = self._known[key] = base64.b32encode(digest[:10]).decode().lower()
        return fingerprint


def load_secret(path: Path) -> bytes:
    """Return the secret at `path`, made on first use and readable by its owner only.

    Whoever has it can tell whether a guessed key is the one behind a fingerprint; losing it makes old and new
    fingerprints of one key differ.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            with suppress(FileExistsError):  # another process has made it meanwhile, and both read the same
                write_private(path, os.urandom(_SECRET_BYTES).hex().encode())
        secret = bytes.fromhex(path.read_text(encoding="ascii"))
        if len(secret) < _SECRET_BYTES:
            raise ValueError(f"it has {len(secret)} bytes, not {_SECRET_BYTES}")
    except (OSError, ValueError) as exc:
        raise JournalError(f"cannot use the fingerprint secret {path}: {exc}") from exc
    return secret
