"""Which key wraps what, and a rotation: data keys are wrapped anew by the newest master key, and no body is touched.

Each lot is a transaction. Who is killed between two has left some keys wrapped by the old master key and some by the
new: all can be read as long as both are at hand, and whoever begins again goes on with the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Table, bindparam, func, select

from audit.encryption.keyring import DataKey, Keyring
from audit.errors import EncryptionError
from audit.store import tables
from audit.store.engine import at_one_moment, translated
from audit.store.sealing import SEALED, keys_of
from audit.store.search import indexed
from audit.store.unindexed import waiting

__all__ = ["Protection", "protection", "rotate"]

AT_ONCE = 1_000
"""Keys of one transaction: some milliseconds, for which writers wait."""
Progress = Callable[[int, int], None]
_k = tables.data_keys.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """How much of a record is encrypted, and by which keys."""

    encrypted: bool
    """Whether what is new is."""
    wrapped: dict[str, int]
    """How many data keys each master key has wrapped, by its id."""
    sealed: int
    """Contents that are encrypted: of calls, and parts of them."""
    plain: int
    """Contents that are not."""
    indexed: int
    """Calls that are found by their words: these stand as they are in the search index, or on their way there."""


def protection(engine: Engine) -> Protection:
    """Return how much of a record is encrypted; wants no key. Raises `StoreError`."""
    with translated(), at_one_moment(engine).connect() as connection:
        counted = connection.execute(select(_k.master, func.count()).group_by(_k.master).order_by(_k.master))
        wrapped: dict[str, int] = {row[0]: row[1] for row in counted}
        both = [_contents(connection, table) for table in (tables.exchanges, tables.parts)]
        return Protection(
            encrypted=bool(wrapped),
            wrapped=wrapped,
            sealed=sum(sealed for sealed, _ in both),
            plain=sum(plain for _, plain in both),
            indexed=indexed(connection) + waiting(connection),
        )


def rotate(engine: Engine, progress: Progress = lambda _done, _of: None) -> int:
    """Wrap all data keys by the newest master key; return how many were wrapped by others.

    `progress` is told how many are done, and of how many. What is done stays done if it breaks off, and can be gone on
    with. Raises `EncryptionError` if a key is wanted that is not here, before anything is done; `StoreError`.
    """
    keys = keys_of(engine)
    if keys is None:
        raise EncryptionError(
            "there is no key to rotate to: name one in `keys` of [encryption], and the old one behind"
        )
    with translated():
        with at_one_moment(engine).connect() as connection:
            others = _k.master != keys.newest
            keys.must_have(connection.execute(select(_k.master).where(others).distinct()).scalars())
            of = connection.execute(select(func.count()).select_from(tables.data_keys).where(others)).scalar_one()
        done, last = 0, b""
        while rows := _wrap_some(engine, keys, last):
            done, last = done + len(rows), bytes(rows[-1].id)
            progress(done, max(of, done))
    return done


def _wrap_some(engine: Engine, keys: Keyring, last: bytes) -> Sequence[Any]:
    """Wrap the next behind a key that others have wrapped; return them as they were.

    What was erased meanwhile is not brought back, and what another rotation has wrapped meanwhile is left as it is.
    """
    with engine.begin() as connection:
        found = select(tables.data_keys).where(_k.id > last, _k.master != keys.newest)
        rows = connection.execute(found.order_by(_k.id).limit(AT_ONCE)).all()
        if rows:
            put = tables.data_keys.update().where(_k.id == bindparam("key_id"), _k.master == bindparam("old"))
            connection.execute(put, [_wrapped(row, keys) for row in rows])
    return rows


def _wrapped(row: Any, keys: Keyring) -> dict[str, Any]:
    key_id = bytes(row.id)
    made = keys.wrap(keys.unwrap(DataKey(row.master, bytes(row.wrapped)), key_id), key_id)
    return {"key_id": key_id, "old": row.master, "master": made.master, "wrapped": made.wrapped}


def _contents(connection: Connection, table: Table) -> tuple[int, int]:
    """How many contents are sealed, and how many are not."""
    sealed, plain = (func.count().filter(one) for one in (table.c.codec >= SEALED, table.c.codec < SEALED))
    found = connection.execute(select(sealed, plain).select_from(table)).one()
    return found[0], found[1]
