"""Looks at calls' bodies, as acts of the ledger: who has seen what is as much part of the record as what was said.

One look is at one call, or at many at once: of a copy, or of what is shown of them together, there is one act.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, func, select

from audit.store import tables
from audit.store.acts import record_act
from audit.store.engine import translated
from audit.store.ledger import Author
from audit.store.loading import take_writing_turn
from audit.store.looks import Look
from audit.store.rows.acts import Kind

__all__ = ["enter_look", "enter_view"]


def enter_view(engine: Engine, call: UUID, *, way: str, actor: str) -> UUID:
    """Enter that somebody looks at a call's bodies, by a command or a page; return the act's id.

    Raises `StoreError` when the database cannot be written to.
    """
    return _enter(engine, {"call": call.hex, "way": way}, actor)


def enter_look(engine: Engine, look: Look, *, actor: str) -> UUID:
    """Enter that somebody looks at many calls' bodies, or copies them; return the act's id. Raises likewise."""
    calls = _count(engine) if look.calls is None else look.calls
    told = {"calls": calls, "way": look.way, "selection": look.selection, "into": look.into}
    return _enter(engine, {name: value for name, value in told.items() if value is not None}, actor)


def _enter(engine: Engine, statement: Mapping[str, Any], actor: str) -> UUID:
    author, now = Author(), datetime.now(UTC)
    with translated(), author.transaction(engine) as connection:
        take_writing_turn(connection)
        act = record_act(connection, author, now, kind=Kind.VIEW, actor=actor, statement=statement)
    author.close(engine, now)
    return act


def _count(engine: Engine) -> int:
    """How many calls there are: counted before one's turn to write, which others wait for."""
    with translated(), engine.execution_options(reads=True).connect() as connection:
        return connection.execute(select(func.count()).select_from(tables.calls)).scalar_one()
