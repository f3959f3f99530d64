"""What was done to the record itself, by whom: each act is an entry of the ledger, as a call is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection

from audit.ledger.leaf import METADATA, REQUEST, RESPONSE, commit, new_salt
from audit.store import tables
from audit.store.entries import act_of
from audit.store.ledger import Author, Entry
from audit.store.loading import insert_rows, make_partitions, next_key

__all__ = ["record_act"]


def record_act(
    connection: Connection,
    author: Author,
    now: datetime,
    *,
    kind: str,
    actor: str,
    statement: Mapping[str, Any],
    act_id: UUID | None = None,
) -> UUID:
    """Write down an act and enter it into the ledger, in one's turn to write; return its id.

    `kind` is one of `Kind`; `actor` is who did it, as far as is known; `statement` is JSON that
    says what was done, with whole numbers, texts, lists and objects only, as databases give those back
    unchanged. `act_id` is the id of what it is of, where that has one and no entry.
    """
    act_id = act_id or uuid4()
    row = {"id": act_id, "at": now, "kind": str(kind), "actor": actor, "statement": dict(statement)}
    insert_rows(connection, tables.acts, [row])
    salt = new_salt()
    key = next_key(connection, now)
    make_partitions(connection, key)
    entry = Entry(
        id=act_id,
        salt=salt,
        metadata=commit(salt, METADATA, act_of(row)),
        request=commit(salt, REQUEST, b""),
        response=commit(salt, RESPONSE, b""),
    )
    author.enter(connection, key, now, [entry])
    return act_id
