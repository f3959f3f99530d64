"""Takes calls out of the tables, and the parts of bodies that nothing needs any more. What may go others decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, select, true

from audit.store import tables
from audit.store.loading import among
from audit.store.lots import in_lots
from audit.store.rows.acts import Kind
from audit.store.sealing import key_of_part
from audit.store.unindexed import remove_words

__all__ = ["remove_bodies", "remove_metadata", "remove_parts", "remove_reviews"]

_u, _k, _p, _c = tables.part_uses.c, tables.part_links.c, tables.parts.c, tables.calls.c


def remove_bodies(connection: Connection, pks: Sequence[int]) -> None:
    """Remove the bodies of calls, their salts, keys and words, in one's turn to write; parts go that nothing needs."""
    for some in in_lots(sorted(pks)):
        used = set(connection.execute(select(_u.part_pk).where(among(connection, _u.call_pk, some))).scalars())
        calls = connection.execute(select(_c.id).where(among(connection, _c.pk, some))).scalars()
        _remove_keys(connection, [key.bytes for key in calls])
        for table in (tables.part_uses, tables.exchanges):
            connection.execute(table.delete().where(among(connection, table.c.call_pk, some)))
        remove_words(connection, some)
        remove_parts(connection, used)


def remove_metadata(connection: Connection, pks: Sequence[int]) -> None:
    """Remove all else that is known of calls, whose bodies are gone; their entries stay, without the salt."""
    for some in in_lots(sorted(pks)):
        for table in (tables.findings, tables.call_labels):
            connection.execute(table.delete().where(among(connection, table.c.call_pk, some)))
        connection.execute(tables.calls.delete().where(among(connection, tables.calls.c.pk, some)))
        entered = among(connection, tables.entries.c.pk, some)
        connection.execute(tables.entries.update().where(entered).values(salt=None))


def remove_reviews(connection: Connection, calls: Sequence[UUID]) -> list[UUID]:
    """Remove what was decided about calls, with the acts that tell of it, whose entries stay, without the salt.

    Returns the ids of those acts. A row that is of no such act takes none with it: somebody has put it in.
    """
    acts, reviews, gone = tables.acts.c, tables.reviews.c, list[UUID]()
    for some in in_lots(calls):
        decided = select(acts.id).join_from(tables.acts, tables.reviews, acts.id == reviews.id)
        of_these = among(connection, reviews.call_id, some)
        about = decided.where(of_these, acts.kind == Kind.REVIEW).order_by(reviews.pk)
        gone += connection.execute(about).scalars()
        connection.execute(tables.reviews.delete().where(of_these))
    for some in in_lots(gone):
        connection.execute(tables.acts.delete().where(among(connection, acts.id, some)))
        entered = among(connection, tables.entries.c.id, some)
        connection.execute(tables.entries.update().where(entered).values(salt=None))
    return gone


def remove_parts(connection: Connection, candidates: set[int], going: ColumnElement[bool] | None = None) -> None:
    """Remove those parts that nothing needs, then those that only they needed, until there is none.

    `going` is the condition that a row of `part_uses` counts no longer, as it is about to go.
    """
    counts = true() if going is None else ~going
    while gone := set(_unneeded(connection, candidates, counts)):
        candidates = set()
        for some in in_lots(sorted(gone)):
            linked = among(connection, _k.user_pk, some)
            candidates.update(connection.execute(select(_k.part_pk).where(linked)).scalars())
            connection.execute(tables.part_links.delete().where(linked))
            rest = tables.parts.delete().where(among(connection, _p.pk, some)).returning(_p.before, _p.digest)
            rows = connection.execute(rest).all()
            candidates.update(row.before for row in rows if row.before is not None)
            _remove_keys(connection, [key_of_part(row.digest) for row in rows])


def _remove_keys(connection: Connection, ids: Sequence[bytes]) -> None:
    keys = tables.data_keys
    connection.execute(keys.delete().where(among(connection, keys.c.id, ids)))


def _unneeded(connection: Connection, candidates: Iterable[int], counts: ColumnElement[bool]) -> Iterator[int]:
    after = tables.parts.alias("after")
    needed = (
        select(_u.part_pk).where(_u.part_pk == _p.pk, counts).exists(),
        select(_k.part_pk).where(_k.part_pk == _p.pk).exists(),
        select(after.c.pk).where(after.c.before == _p.pk).exists(),
    )
    for some in in_lots(sorted(candidates)):
        found = select(_p.pk).where(among(connection, _p.pk, some), *(~one for one in needed))
        yield from connection.execute(found).scalars().all()
