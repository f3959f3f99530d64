"""What is stored plainly is encrypted where it stands, when a record begins to be encrypted.

Each lot is a transaction, and what is sealed already is passed over: who breaks off begins again. Bodies, recipes and
the ledger stay as they are; words go from the search index. What a provider quoted in an error or in the details of a
finding stays, and so do the 64 bits by which a call is found to go on from another: the ledger was told of both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Select, Table, bindparam, func, select

from audit.errors import EncryptionError
from audit.store import tables
from audit.store.engine import at_one_moment, translated
from audit.store.loading import take_writing_turn
from audit.store.sealing import SEALED, TWIN, Sealer, open_sealer, seal_exchange, seal_part
from audit.store.unindexed import remove_words

__all__ = ["seal_all"]

AT_ONCE = 32
"""Contents of one transaction: each may have many megabytes."""
_p, _x, _c = tables.parts.c, tables.exchanges.c, tables.calls.c
Progress = Callable[[int, int], None]
Step = tuple[Select[Any], Callable[[Connection, Sealer, Sequence[Any]], None]]


def seal_all(engine: Engine, progress: Progress = lambda _done, _of: None) -> int:
    """Encrypt all contents that are not; return how many. `progress` is told how many are done, and of how many.

    Raises `EncryptionError` without a key, `StoreError`; what is done stays done.
    """
    sealer = open_sealer(engine)
    if sealer is None:
        raise EncryptionError("there is no key to encrypt with: name one in `keys` of [encryption]")
    with translated():
        of, done = _plain(engine), 0
        for rows, put in _STEPS:
            while sealed := _seal_some(engine, sealer, rows, put):
                done += sealed
                progress(done, max(of, done))
    return done


def _seal_some(engine: Engine, sealer: Sealer, wanted: Select[Any], put: Callable[..., None]) -> int:
    sealer.forget()
    with engine.begin() as connection:
        take_writing_turn(connection)
        rows = connection.execute(wanted.limit(AT_ONCE)).all()
        put(connection, sealer, rows)
        sealer.insert(connection)
    return len(rows)


def _seal_parts(connection: Connection, sealer: Sealer, rows: Sequence[Any]) -> None:
    digests = _free(connection, sealer, [bytes(row.digest) for row in rows])
    values = []
    for row, digest in zip(rows, digests, strict=True):
        content = seal_part(sealer, digest, row.codec, row.recipe, row.before, row.content)
        values.append({"at": row.pk, "digest": digest, "codec": row.codec + SEALED, "content": content})
    if values:
        connection.execute(tables.parts.update().where(_p.pk == bindparam("at")), values)


def _free(connection: Connection, sealer: Sealer, digests: Sequence[bytes]) -> list[bytes]:
    """The keyed digests of parts; others, by which they are never found, where the same was stored since."""
    keyed = [sealer.address(digest) for digest in digests]
    taken = {bytes(one) for one in connection.execute(select(_p.digest).where(_p.digest.in_(keyed))).scalars()}
    pairs = zip(keyed, digests, strict=True)
    return [sealer.address(TWIN + digest) if one in taken else one for one, digest in pairs]


def _seal_exchanges(connection: Connection, sealer: Sealer, rows: Sequence[Any]) -> None:
    values = []
    for row in rows:
        content = seal_exchange(sealer, row.id, row.codec, row.recipe, bytes(row.salt), row.content)
        values.append({"at": row.call_pk, "salt": b"", "codec": row.codec + SEALED, "content": content})
    if values:
        connection.execute(tables.exchanges.update().where(_x.call_pk == bindparam("at")), values)
    remove_words(connection, [row.call_pk for row in rows])


def _plain(engine: Engine) -> int:
    with at_one_moment(engine).connect() as connection:
        return sum(_count(connection, table) for table in (tables.parts, tables.exchanges))


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table).where(table.c.codec < SEALED)).scalar_one()


_STEPS: tuple[Step, ...] = (
    (select(tables.parts).where(_p.codec < SEALED).order_by(_p.pk), _seal_parts),
    (
        select(tables.exchanges, _c.id)
        .join_from(tables.exchanges, tables.calls, _x.call_pk == _c.pk)
        .where(_x.codec < SEALED)
        .order_by(_x.call_pk),
        _seal_exchanges,
    ),
)
