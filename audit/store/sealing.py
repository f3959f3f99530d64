"""Contents that are encrypted at rest: what is sealed on its way into the tables, and opened on its way out.

Where master keys are at hand, an engine carries them (`with_keys`), and all that is written through it is sealed:

- a call's bodies, with the salt of their commitments, as who has the salt can try what a commitment may be of;
- every part, whose digest is then a keyed one, as who has a plain one can try what it may be of.

A content's codec tells that it is sealed. Its key lies in `data_keys`, apart from it: a rotation touches no content,
and when a content goes its key is small enough to be written over at once. The key's id is the call's, or begins the
part's digest. What stands beside a content in its row is sealed with it, so that no row can take another's place.

A record that has the key for digests (`ADDRESSING`) is an encrypted one. Who has no master key may read of it whatever
is no body, and may write nothing: what came in plain would be found by nobody who believes it encrypted.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, select

from audit.encryption.keyring import KEY_BYTES, DataKey, Keyring, open_sealed, seal
from audit.errors import EncryptionError, StoreError
from audit.ledger.leaf import SALT_BYTES
from audit.store import tables
from audit.store.engine import insert_new, translated
from audit.store.loading import insert_rows, take_writing_turn
from audit.store.lots import in_lots

__all__ = [
    "ADDRESSING",
    "SEALED",
    "TWIN",
    "Opener",
    "Sealer",
    "address",
    "addressing_secret",
    "is_encrypted",
    "is_sealed",
    "key_of_part",
    "keys_of",
    "must_be_plain",
    "must_open",
    "open_exchange",
    "open_part",
    "open_sealer",
    "seal_exchange",
    "seal_part",
    "with_keys",
]

SEALED = 256
"""What is added to the codec of a sealed content."""
ID_BYTES = 16
ADDRESSING = bytes(ID_BYTES)
"""The id of the key that makes digests of parts keyed ones: a rotation wraps it anew, and leaves digests alone."""
TWIN = b"twin:"
"""Comes before the digest of a part that is stored once more, so that it is never found: see resealing.py."""
Keys = Callable[[], Keyring]
_OPTION = "audit_keys"
_k = tables.data_keys.c


def with_keys(engine: Engine, keys: Keys) -> Engine:
    """Return the engine with master keys, which are looked for when the first is wanted: who reads no body needs none.

    `keys` may raise `EncryptionError`.
    """
    return engine.execution_options(**{_OPTION: keys})


def keys_of(bind: Engine | Connection) -> Keyring | None:
    """Return the keys that were given with the engine; may raise `EncryptionError`."""
    keys: Keys | None = bind.get_execution_options().get(_OPTION)
    return None if keys is None else keys()


def is_sealed(codec: int) -> bool:
    """Whether a content with this codec is encrypted."""
    return codec >= SEALED


def key_of_part(digest: bytes) -> bytes:
    """Return the id of the key of a part with this digest, which is a keyed one."""
    return bytes(digest)[:ID_BYTES]


@dataclass(slots=True)
class Sealer:
    """Seals contents, and collects their keys until they are put into the database. Not for several threads at once."""

    keys: Keyring
    secret: bytes = field(repr=False)
    """Of the digests."""
    _rows: list[dict[str, Any]] = field(default_factory=list)

    def address(self, digest: bytes) -> bytes:
        """Return a keyed digest: nobody without the key can tell of what it is, or try."""
        return address(self.secret, digest)

    def seal(self, key_id: bytes, label: bytes, content: bytes) -> bytes:
        """Return a content encrypted with a key of its own."""
        secret = os.urandom(KEY_BYTES)
        key = self.keys.wrap(secret, key_id)
        self._rows.append({"id": key_id, "master": key.master, "wrapped": key.wrapped})
        return seal(secret, content, key_id + label)

    def insert(self, connection: Connection) -> None:
        """Put the keys of all that was sealed since into the database."""
        insert_rows(connection, tables.data_keys, self._rows)
        self.forget()

    def forget(self) -> None:
        """Let go of keys whose contents have come to nothing."""
        self._rows = []


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens contents whose keys were looked up together."""

    keys: Keyring | None
    _found: dict[bytes, DataKey]

    @classmethod
    def of(cls, connection: Connection, key_ids: Iterable[bytes]) -> Opener:
        """Return what opens contents with these keys; raise `EncryptionError` if there are any, and no master key."""
        wanted = set(key_ids)
        if not wanted:
            return cls(None, {})
        found = dict(_data_keys(connection, wanted))
        return cls(_keys_for(connection, {key.master for key in found.values()}) if found else None, found)

    def open(self, key_id: bytes, label: bytes, content: bytes) -> bytes:
        """Return what was sealed; raise `StoreError` if it is damaged or its key is gone."""
        key = self._found.get(key_id)
        if self.keys is None or key is None:
            told = "an encrypted body has lost its data key, and cannot be read: restore a backup with audit restore"
            raise StoreError(told, permanent=True)
        return open_sealed(self.keys.unwrap(key, key_id), content, key_id + label)


def open_sealer(engine: Engine) -> Sealer | None:
    """Return what seals for an engine that has keys; the key for digests is made when it is first wanted.

    Raises `EncryptionError` for a record whose key for digests cannot be had with them, `StoreError`.
    """
    keys = keys_of(engine)
    if keys is None:
        return None
    with translated(), engine.begin() as connection:
        take_writing_turn(connection)
        key = _addressing(connection) or _new_addressing(connection, keys)
    return Sealer(keys, keys.unwrap(key, ADDRESSING))


def address(secret: bytes, digest: bytes) -> bytes:
    """Return a digest keyed with the secret of a record's digests."""
    return hmac.digest(secret, digest, sha256)


def addressing_secret(connection: Connection) -> bytes | None:
    """Return that secret; None for a record that has none.

    Raises `EncryptionError` if it cannot be had with the keys at hand, `StoreError` if it is damaged.
    """
    key = _addressing(connection)
    return None if key is None else _keys_for(connection, {key.master}).unwrap(key, ADDRESSING)


def seal_part(
    sealer: Sealer, digest: bytes, codec: int, recipe: str | None, before: int | None, content: bytes
) -> bytes:
    """Return the packed content of a part sealed."""
    return sealer.seal(key_of_part(digest), _beside_part(digest, codec, recipe, before), content)


def open_part(opener: Opener, row: Any) -> bytes:
    """Return the packed content of a part's row; raises as `Opener.open` does."""
    beside = _beside_part(bytes(row.digest), row.codec - SEALED, row.recipe, row.before)
    return opener.open(key_of_part(row.digest), beside, row.content)


def seal_exchange(sealer: Sealer, call: UUID, codec: int, recipe: str | None, salt: bytes, content: bytes) -> bytes:
    """Return the packed content of a call's exchange sealed, with the salt of its commitments in it."""
    return sealer.seal(call.bytes, _beside(codec, recipe), salt + content)


def open_exchange(opener: Opener, call: UUID, codec: int, recipe: str | None, sealed: bytes) -> tuple[bytes, bytes]:
    """Return the salt and the packed content; raises as `Opener.open` does. `codec` is that of what is sealed."""
    opened = opener.open(call.bytes, _beside(codec, recipe), sealed)
    return opened[:SALT_BYTES], opened[SALT_BYTES:]


def is_encrypted(connection: Connection) -> bool:
    """Whether what is new in the record is to be encrypted."""
    return _addressing(connection) is not None


def must_be_plain(connection: Connection) -> None:
    """Raise `EncryptionError` for an encrypted record, to be asked before anything is written without a key."""
    key = _addressing(connection)
    if key is not None:
        raise _no_key({key.master})


def must_open(bind: Connection) -> None:
    """Raise `EncryptionError` if any content cannot be opened for want of a master key."""
    masters = set(bind.execute(select(_k.master).distinct()).scalars())
    if masters:
        _keys_for(bind, masters)


def _beside(codec: int, recipe: str | None) -> bytes:
    return f"{codec};{'-' if recipe is None else recipe}".encode()


def _beside_part(digest: bytes, codec: int, recipe: str | None, before: int | None) -> bytes:
    """What stands in a part's row, but for its key; `codec` is that of what is sealed."""
    return digest[ID_BYTES:] + f"{'-' if before is None else before};".encode() + _beside(codec, recipe)


def _keys_for(connection: Connection, masters: set[str]) -> Keyring:
    keys = keys_of(connection)
    if keys is None:
        raise _no_key(masters)
    keys.must_have(masters)
    return keys


def _no_key(masters: set[str]) -> EncryptionError:
    told = f"bodies of this record are encrypted with the key {', '.join(sorted(masters))}"
    return EncryptionError(f"{told}, and no key is configured here: let `keys` in [encryption] name it")


def _addressing(connection: Connection) -> DataKey | None:
    return dict(_data_keys(connection, {ADDRESSING})).get(ADDRESSING)


def _new_addressing(connection: Connection, keys: Keyring) -> DataKey:
    made = keys.wrap(os.urandom(KEY_BYTES), ADDRESSING)
    row = {"id": ADDRESSING, "master": made.master, "wrapped": made.wrapped}
    connection.execute(insert_new(connection, tables.data_keys, "id"), row)
    return made


def _data_keys(connection: Connection, ids: set[bytes]) -> Iterator[tuple[bytes, DataKey]]:
    for some in in_lots(sorted(ids)):
        for row in connection.execute(select(tables.data_keys).where(_k.id.in_(some))):
            yield bytes(row.id), DataKey(row.master, bytes(row.wrapped))
