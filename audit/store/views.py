"""Looks at calls' bodies, as acts of the ledger: who has seen what is as much part of the record as what was said."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Engine

from audit.store.acts import record_act
from audit.store.engine import translated
from audit.store.ledger import Author
from audit.store.loading import take_writing_turn
from audit.store.rows.acts import Kind

__all__ = ["enter_view"]


def enter_view(engine: Engine, call: UUID, *, way: str, actor: str) -> UUID:
    """Enter that somebody looks at a call's bodies, by a command or a page; return the act's id.

    Raises `StoreError` when the database cannot be written to.
    """
    author, now = Author(), datetime.now(UTC)
    with translated(), author.transaction(engine) as connection:
        take_writing_turn(connection)
        statement = {"call": call.hex, "way": way}
        act = record_act(connection, author, now, kind=Kind.VIEW, actor=actor, statement=statement)
    author.close(engine, now)
    return act
