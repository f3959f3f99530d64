"""Acts of the ledger that are as they were entered, and what they say is gone from the record."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select

from audit.ledger.leaf import METADATA, commit
from audit.store import tables
from audit.store.columns import octets
from audit.store.entries import act_of
from audit.store.erasing import What
from audit.store.rows.acts import Kind
from audit.store.rows.verified import Verdict, Verified

__all__ = ["Erased", "intact_acts"]

_OF_ROWS = (Kind.PRICE, Kind.LOSS, Kind.REVIEW, Kind.HOLD, Kind.RELEASE)


@dataclass(frozen=True, slots=True)
class Erased:
    """What is gone by the ledger's own word."""

    acts: dict[UUID, Verdict] = field(default_factory=dict)
    """Acts that are in the record, and whether each is as it was entered (`OK`) or not (`ALTERED`)."""
    bodies: set[UUID] = field(default_factory=set)
    """Calls whose bodies are gone."""
    whole: set[UUID] = field(default_factory=set)
    """Calls that are gone with all that was known of them, and acts that told what was decided about them."""
    told: dict[Kind, list[Row[Any]]] = field(default_factory=dict)
    """Intact acts that tell of rows which stay beside them: of prices, losses, decisions and holds."""


def intact_acts(connection: Connection, found: Verified) -> Erased:
    """Return how acts stand, and what those that fit what they commit to say is gone.

    These are counted by their kinds, others are told as altered.
    """
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
        erased.acts[row.id] = Verdict.OK if intact else Verdict.ALTERED
        if not intact:
            found.tell(Verdict.ALTERED, f"act {row.id}", "it is not what was entered")
            continue
        found.acts[row.kind] += 1
        if row.kind == Kind.ERASURE:
            ids = erased.bodies if row.statement.get("what") == What.BODIES else erased.whole
            ids.update(UUID(one) for one in row.statement.get("ids", ()))
        elif row.kind in _OF_ROWS:
            erased.told.setdefault(Kind(row.kind), []).append(row)
    return erased


def _own(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in tables.acts.columns.keys()}  # noqa: SIM118  # a collection of columns, no dict
