"""Master keys: they encrypt nothing but data keys, and stand nowhere in the record.

Each content has a data key of its own, which encrypts it once and goes when it goes: without the key, nobody can read
what a database's log, a replica or a free page still has of it. A data key is kept *wrapped*, that is encrypted by a
master key and bound to what it is the key of. A rotation wraps data keys anew and touches no content.

Both are AES-256-GCM with 96 random bits as the nonce: a master key may wrap 2³² data keys before two nonces are likely
to meet (NIST SP 800-38D, 8.3), which is no bound for a data key that is used once.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.errors import EncryptionError, StoreError

__all__ = ["KEY_BYTES", "WRAPPED_BYTES", "DataKey", "Keyring", "MasterKey", "open_sealed", "seal"]

KEY_BYTES = 32
_NONCE_BYTES = 12
WRAPPED_BYTES = _NONCE_BYTES + KEY_BYTES + 16
_ID_DIGITS = 8


@dataclass(frozen=True, slots=True)
class MasterKey:
    """A key that wraps others."""

    secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """By which a wrapped key tells who can unwrap it: made of the key, so that nobody has to name keys."""
        return sha256(b"audit master key:" + self.secret).hexdigest()[:_ID_DIGITS]

    @classmethod
    def parse(cls, text: str) -> MasterKey:
        """Return the key that is written as 64 hexadecimal digits or in base64; raise `ValueError` for anything else.

        What is wrong with it is said without a word of it.
        """
        word = text.strip()
        try:
            secret = bytes.fromhex(word) if len(word) == 2 * KEY_BYTES else _of_base64(word)
        except (ValueError, binascii.Error):
            raise ValueError("it is neither hexadecimal nor base64") from None
        if len(secret) != KEY_BYTES:
            raise ValueError(f"it has {len(secret)} bytes, not {KEY_BYTES}")
        return cls(secret)

    @classmethod
    def generate(cls) -> MasterKey:
        """Return a new one."""
        return cls(os.urandom(KEY_BYTES))

    def exported(self) -> str:
        """Return it as text that `parse` reads."""
        return base64.b64encode(self.secret).decode()


@dataclass(frozen=True, slots=True)
class DataKey:
    """The key of one content, wrapped."""

    master: str
    """The id of the key that can unwrap it."""
    wrapped: bytes


class Keyring:
    """The master keys at hand. The first wraps, all of them unwrap."""

    def __init__(self, masters: Sequence[MasterKey]) -> None:
        self._ciphers = {one.id: AESGCM(one.secret) for one in masters}
        self.newest = masters[0].id

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all keys, the newest first."""
        return tuple(self._ciphers)

    def wrap(self, secret: bytes, label: bytes) -> DataKey:
        """Return a key wrapped by the newest; `label` is what it is the key of."""
        return DataKey(self.newest, _encrypt(self._ciphers[self.newest], secret, label))

    def unwrap(self, key: DataKey, label: bytes) -> bytes:
        """Return the key; raise `EncryptionError` if its master key is not here, `StoreError` if it is damaged."""
        self.must_have([key.master])
        return _decrypt(self._ciphers[key.master], key.wrapped, label)

    def must_have(self, masters: Iterable[str]) -> None:
        """Raise `EncryptionError` that names those of some master keys that are not here."""
        if lacking := sorted(set(masters) - self._ciphers.keys()):
            raise EncryptionError(
                f"bodies are encrypted with the key {', '.join(lacking)}, which is not here (there is "
                f"{', '.join(self.ids)}): let `keys` in [encryption] name it too, behind the newest"
            )


def seal(secret: bytes, content: bytes, label: bytes) -> bytes:
    """Return a content encrypted by its data key, which encrypts no other, and bound to its label."""
    return _encrypt(AESGCM(secret), content, label)


def open_sealed(secret: bytes, sealed: bytes, label: bytes) -> bytes:
    """Return what was sealed; raise `StoreError` if any bit of it, or of its label, is another."""
    return _decrypt(AESGCM(secret), sealed, label)


def _encrypt(cipher: AESGCM, content: bytes, label: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, content, label)


def _decrypt(cipher: AESGCM, sealed: bytes, label: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], label)
    except (InvalidTag, ValueError) as exc:  # ValueError: too short to have a nonce
        raise StoreError(
            "an encrypted body is damaged: it, its key or the row around it has been changed; restore a backup with "
            "audit restore",
            permanent=True,
        ) from exc


def _of_base64(word: str) -> bytes:
    return base64.b64decode(word.replace("-", "+").replace("_", "/"), validate=True)
