"""Takes calls out of the tables, and the parts of bodies that nothing needs any more. What may go others decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy import Connection, select

from audit.store import tables
from audit.store.lots import in_lots
from audit.store.rows.acts import Kind
from audit.store.sealing import key_of_part
from audit.store.search import remove_from_index

__all__ = ["remove_bodies", "remove_metadata", "remove_reviews"]

_u, _k, _p, _c = tables.part_uses.c, tables.part_links.c, tables.parts.c, tables.calls.c


def remove_bodies(connection: Connection, pks: Sequence[int]) -> None:
    """Remove the bodies of calls, their salts, keys and words, in one's turn to write; parts go that nothing needs."""
    for some in in_lots(sorted(pks)):
        used = set(connection.execute(select(_u.part_pk).where(_u.call_pk.in_(some))).scalars())
        _remove_keys(
            connection, [key.bytes for key in connection.execute(select(_c.id).where(_c.pk.in_(some))).scalars()]
        )
        for table in (tables.part_uses, tables.exchanges):
            connection.execute(table.delete().where(table.c.call_pk.in_(some)))
        remove_from_index(connection, some)
        _remove_parts(connection, used)


def remove_metadata(connection: Connection, pks: Sequence[int]) -> None:
    """Remove all else that is known of calls, whose bodies are gone; their entries stay, without the salt."""
    for some in in_lots(sorted(pks)):
        for table in (tables.findings, tables.call_labels):
            connection.execute(table.delete().where(table.c.call_pk.in_(some)))
        connection.execute(tables.calls.delete().where(tables.calls.c.pk.in_(some)))
        connection.execute(tables.entries.update().where(tables.entries.c.pk.in_(some)).values(salt=None))


def remove_reviews(connection: Connection, calls: Sequence[UUID]) -> list[UUID]:
    """Remove what was decided about calls, with the acts that tell of it, whose entries stay, without the salt.

    Returns the ids of those acts. A row that is of no such act takes none with it: somebody has put it in.
    """
    acts, reviews, gone = tables.acts.c, tables.reviews.c, list[UUID]()
    for some in in_lots(calls):
        decided = select(acts.id).join_from(tables.acts, tables.reviews, acts.id == reviews.id)
        about = decided.where(reviews.call_id.in_(some), acts.kind == Kind.REVIEW).order_by(reviews.pk)
        gone += connection.execute(about).scalars()
        connection.execute(tables.reviews.delete().where(reviews.call_id.in_(some)))
    for some in in_lots(gone):
        connection.execute(tables.acts.delete().where(acts.id.in_(some)))
        connection.execute(tables.entries.update().where(tables.entries.c.id.in_(some)).values(salt=None))
    return gone


def _remove_parts(connection: Connection, candidates: set[int]) -> None:
    """Remove those parts that nothing needs, then those that only they needed, until there is none."""
    while gone := set(_unneeded(connection, candidates)):
        candidates = set()
        for some in in_lots(sorted(gone)):
            befores = select(_p.before).where(_p.pk.in_(some), _p.before.is_not(None))
            linked = select(_k.part_pk).where(_k.user_pk.in_(some))
            candidates |= {pk for found in (befores, linked) for pk in connection.execute(found).scalars() if pk}
            digests = connection.execute(select(_p.digest).where(_p.pk.in_(some))).scalars()
            _remove_keys(connection, [key_of_part(digest) for digest in digests])
            connection.execute(tables.part_links.delete().where(_k.user_pk.in_(some)))
            connection.execute(tables.parts.delete().where(_p.pk.in_(some)))


def _remove_keys(connection: Connection, ids: Sequence[bytes]) -> None:
    connection.execute(tables.data_keys.delete().where(tables.data_keys.c.id.in_(ids)))


def _unneeded(connection: Connection, candidates: set[int]) -> Iterator[int]:
    after = tables.parts.alias("after")
    needed = (
        select(_u.part_pk).where(_u.part_pk == _p.pk).exists(),
        select(_k.part_pk).where(_k.part_pk == _p.pk).exists(),
        select(after.c.pk).where(after.c.before == _p.pk).exists(),
    )
    for some in in_lots(sorted(candidates)):
        found = select(_p.pk).where(_p.pk.in_(some), *(~one for one in needed))
        yield from connection.execute(found).scalars().all()
