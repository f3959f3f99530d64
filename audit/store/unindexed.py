"""Calls that are stored, and whose words are still to be entered into the search index.

To enter words takes PostgreSQL longer than to store the calls. Where many wait to be stored, what was said in them is
put beside them, many calls in a row, in their own transaction; their words follow when there is time. Until then such
calls are found by all but their words.
"""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

import msgspec
import zstandard
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError

from audit.store import tables
from audit.store.columns import octets
from audit.store.engine import blames_data, translated
from audit.store.loading import insert_rows
from audit.store.lots import in_weighed_lots
from audit.store.search import MAX_INDEXED, Index, Indexed, add_to_index, index_of, remove_from_index

__all__ = ["LATER", "enter_some", "remove_words", "waiting"]

MOST_AT_ONCE = 2_000_000
"""Characters of one row, unless one call has more: tens of milliseconds' work."""
_u = tables.unindexed.c
_OLDEST = select(tables.unindexed).order_by(_u.call_pk).limit(1).with_for_update(skip_locked=True)
_log = logging.getLogger("audit")


def waiting(connection: Connection) -> int:
    """Return how many calls are not found by their words yet."""
    return int(connection.execute(select(func.coalesce(func.sum(_u.calls), 0))).scalar_one())


def enter_some(engine: Engine) -> int:
    """Enter the words of the calls that have waited longest, those of one row; return how many, 0 where none waits.

    Several may do so at once. May raise `StoreError`; what can never be entered is told, and waits no longer.
    """
    row = None
    with translated():
        try:
            with engine.begin() as connection:
                row = connection.execute(_OLDEST).first()
                return 0 if row is None else _enter(connection, row)
        except DBAPIError as exc:
            if row is None or not blames_data(exc):
                raise
            with engine.begin() as connection:
                return _give_up(connection, row, exc.orig)


def remove_words(connection: Connection, pks: Sequence[int]) -> None:
    """Remove the words of calls, in one's turn to write; where they wait, those of others in the row are entered."""
    wanted = sorted(pks)
    if not wanted:
        return
    near = select(_u.call_pk, _u.calls).where(_u.call_pk <= wanted[-1], _u.call_pk + _u.calls > wanted[0])
    for first, calls in connection.execute(near).all():
        at = bisect_left(wanted, first)
        if at < len(wanted) and wanted[at] < first + calls:
            # Whoever enters them at this moment is waited for: then they are in the index, and not here any more.
            row = connection.execute(select(tables.unindexed).where(_u.call_pk == first).with_for_update()).first()
            if row is not None:
                _enter(connection, row)
    remove_from_index(connection, wanted)


def _put_aside(connection: Connection, rows: Sequence[tuple[int, Indexed]]) -> None:
    """Put aside what was said in calls whose keys follow upon each other."""
    lots = in_weighed_lots(rows, lambda row: len(row[1]), MOST_AT_ONCE)
    kept = [_row(lot) for lot in lots if any(said for _, said in lot)]
    insert_rows(connection, tables.unindexed, kept)


def _row(lot: Sequence[tuple[int, Indexed]]) -> dict[str, Any]:
    said = msgspec.json.encode([one for _, one in lot])
    packed = zstandard.ZstdCompressor(level=1).compress(said)
    return {"call_pk": lot[0][0], "calls": len(lot), "content": packed}


def _enter(connection: Connection, row: Any) -> int:
    try:
        said = msgspec.json.decode(zstandard.ZstdDecompressor().decompress(octets(row.content)), type=list[str])
    except (zstandard.ZstdError, msgspec.MsgspecError, TypeError) as exc:
        return _give_up(connection, row, exc)
    made_of = index_of(connection).made_of
    add_to_index(connection, [(pk, made_of(one)) for pk, one in enumerate(said, start=row.call_pk)])
    return _take(connection, row)


def _give_up(connection: Connection, row: Any, why: BaseException | None) -> int:
    _log.error("%d calls from key %d on will not be found by their words: %s", row.calls, row.call_pk, why)
    return _take(connection, row)


def _take(connection: Connection, row: Any) -> int:
    connection.execute(tables.unindexed.delete().where(_u.call_pk == row.call_pk))
    return int(row.calls)


LATER = Index(made_of=lambda said: said[:MAX_INDEXED], enter=_put_aside)
"""Has words entered later, by `enter_some`."""
