"""What was done to the record itself, by whom: each act is an entry of the ledger, as a call is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection

from audit.ledger.leaf import METADATA, REQUEST, RESPONSE, commit, new_salt
from audit.store import tables
from audit.store.entries import act_of
from audit.store.ledger import Author, Entry
from audit.store.loading import insert_rows, make_partitions, next_key

__all__ = ["record_act", "record_acts"]

Statement = Mapping[str, Any]


def record_act(
    connection: Connection,
    author: Author,
    now: datetime,
    *,
    kind: str,
    actor: str,
    statement: Statement,
    act_id: UUID | None = None,
) -> UUID:
    """Write down an act and enter it into the ledger, in one's turn to write; return its id.

    `kind` is one of `Kind`; `actor` is who did it, as far as is known; `statement` is JSON that
    says what was done, with whole numbers, texts, lists and objects only, as databases give those back
    unchanged. `act_id` is the id of what it is of, where that has one and no entry.
    """
    act_id = act_id or uuid4()
    act = {"id": act_id, "at": now, "kind": str(kind), "actor": actor, "statement": dict(statement)}
    _record(connection, author, now, [act])
    return act_id


def record_acts(
    connection: Connection, author: Author, now: datetime, *, kind: str, actor: str, statements: Sequence[Statement]
) -> list[UUID]:
    """Write down several acts of one kind, in their order, as `record_act` does; return their ids."""
    ids = [uuid4() for _ in statements]
    same = {"at": now, "kind": str(kind), "actor": actor}
    told = zip(ids, statements, strict=True)
    _record(connection, author, now, [{"id": one, **same, "statement": dict(statement)} for one, statement in told])
    return ids


def _record(connection: Connection, author: Author, now: datetime, acts: Sequence[dict[str, Any]]) -> None:
    insert_rows(connection, tables.acts, acts)
    key = next_key(connection, now)
    make_partitions(connection, key)
    author.enter(connection, key, now, [_entry(act) for act in acts])


def _entry(act: Mapping[str, Any]) -> Entry:
    salt = new_salt()
    return Entry(
        id=act["id"],
        salt=salt,
        metadata=commit(salt, METADATA, act_of(act)),
        request=commit(salt, REQUEST, b""),
        response=commit(salt, RESPONSE, b""),
    )
