"""Acts of the ledger that are as they were entered, and what they say is gone from the record."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from audit.ledger.leaf import METADATA, commit
from audit.store import tables
from audit.store.columns import octets
from audit.store.entries import act_of
from audit.store.erasing import ERASURE, What
from audit.store.rows.verified import Verdict, Verified

__all__ = ["Erased", "intact_acts"]


@dataclass(frozen=True, slots=True)
class Erased:
    """What is gone by the ledger's own word."""

    acts: set[UUID] = field(default_factory=set)
    """Acts that are as they were entered."""
    bodies: set[UUID] = field(default_factory=set)
    """Calls whose bodies are gone."""
    whole: set[UUID] = field(default_factory=set)
    """Calls that are gone with all that was known of them."""


def intact_acts(connection: Connection, found: Verified) -> Erased:
    """Return the acts that fit what they commit to, and what they say is gone; others are told as altered."""
    erased = Erased()
    acts, entries = tables.acts, tables.entries.c
    joined = select(acts, entries.salt, entries.metadata_commitment).join_from(
        acts, tables.entries, acts.c.id == entries.id
    )
    for row in connection.execute(joined.order_by(acts.c.at)):
        try:
            intact = commit(octets(row.salt), METADATA, act_of(_own(row))) == octets(row.metadata_commitment)
        except (TypeError, ValueError):  # a column that was tampered with
            intact = False
        erased.acts.add(row.id)
        if not intact:
            found.tell(Verdict.ALTERED, f"act {row.id}", "it is not what was entered")
        elif row.kind == ERASURE:
            ids = erased.bodies if row.statement.get("what") == What.BODIES else erased.whole
            ids.update(UUID(one) for one in row.statement.get("ids", ()))
    return erased


def _own(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in tables.acts.columns.keys()}  # noqa: SIM118  # a collection of columns, no dict
