"""Parts of bodies against the digests by which they are found again.

Who reads a call takes its parts by their keys, and the ledger tells whether they are what was sent. By its digest a
part is found when the same is sent again: a wrong one would give a call that is yet to come the bytes of another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from audit.errors import EncryptionError, StoreError
from audit.store import tables
from audit.store.bodies import begin_run, digest_of_block
from audit.store.columns import octets
from audit.store.parts import expanded
from audit.store.rows.verified import Verdict, Verified
from audit.store.sealing import TWIN, address, addressing_secret, is_sealed

if TYPE_CHECKING:
    from _hashlib import HASH

__all__ = ["Addresses"]

LOT = 10_000
"""Keys at a time."""


class Addresses:
    """Looks at parts as they are read for calls, and tells of each once."""

    def __init__(self, connection: Connection, found: Verified) -> None:
        self._connection = connection
        self._found = found
        self._seen = _Keys()

    def expanded(self, connection: Connection, wanted: Iterable[int]) -> Mapping[int, bytes]:
        """Return what `parts.expanded` does, and raise as it does; all that is read on the way is looked at."""
        runs: dict[int, HASH] = {}
        return expanded(connection, wanted, partial(self._look, runs))

    def look_at_others(self) -> None:
        """Look at those that have not been read for any call; raise `EncryptionError` for want of a key."""
        keys = select(tables.parts.c.pk).order_by(tables.parts.c.pk.desc()).execution_options(yield_per=LOT)
        for pk in [pk for pk in self._connection.execute(keys).scalars() if pk not in self._seen]:
            if pk in self._seen:  # by now: another goes on from it
                continue
            try:
                self.expanded(self._connection, [pk])
            except EncryptionError:  # nothing is wrong with what needs but a key
                raise
            except Exception as exc:  # noqa: BLE001  # rows that were tampered with raise whatever
                self._found.tell(Verdict.ALTERED, f"part {pk}", f"it cannot be read: {type(exc).__name__}: {exc}"[:200])

    def _look(self, runs: dict[int, HASH], row: Any, own: bytes) -> None:
        """Look at a part of a block, or of what was said up to there, of which `runs` keep the hashes."""
        seen = row.pk in self._seen
        self._seen.add(row.pk)
        if row.before is None and row.recipe is None and self._is_found_by(row, digest_of_block(own)):
            return
        before = None if row.before is None else runs.get(row.before)
        run = begin_run() if before is None else before.copy()
        run.update(own)
        runs[row.pk] = run
        if not seen and not self._is_found_by(row, run.digest()):
            self._found.tell(Verdict.ALTERED, f"part {row.pk}", "its digest is not that of what it holds")

    def _is_found_by(self, row: Any, digest: bytes) -> bool:
        if not is_sealed(row.codec):
            return octets(row.digest) == digest
        secret = self._secret
        return secret is None or octets(row.digest) in (address(secret, digest), address(secret, TWIN + digest))

    @cached_property
    def _secret(self) -> bytes | None:
        """What makes digests of encrypted parts; without it, which is told, nothing can be told of these."""
        what = "the key for digests of encrypted parts"
        try:
            secret = addressing_secret(self._connection)
        except StoreError as exc:
            self._found.tell(Verdict.ALTERED, what, str(exc))
            return None
        if secret is None:
            self._found.tell(Verdict.MISSING, what, "it is not in the record")
        return secret


class _Keys:
    """A set of keys that lie close together, a bit for each."""

    def __init__(self) -> None:
        self._bits: dict[int, int] = {}

    def __contains__(self, key: int) -> bool:
        return bool(self._bits.get(key >> 10, 0) >> (key & 1023) & 1)

    def add(self, key: int) -> None:
        self._bits[key >> 10] = self._bits.get(key >> 10, 0) | 1 << (key & 1023)
