"""Legal holds: what they name is neither erased nor removed by age until they are released.

To place one and to release it are acts of the ledger, as nobody is to do either unseen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Engine, false, func, or_, select

from audit.errors import AuditError
from audit.store import tables
from audit.store.acts import record_act
from audit.store.choosing import By, fitting, sound
from audit.store.columns import member
from audit.store.engine import translated
from audit.store.ledger import Author
from audit.store.loading import take_writing_turn
from audit.store.rows.acts import Kind
from audit.wire.parse import printable

__all__ = ["Hold", "held", "held_back", "holds_of", "in_force", "place_hold", "release_hold", "terms_of"]

_h = tables.holds.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A hold on calls, be it in force or released."""

    id: UUID
    """Also that of the act that placed it."""
    by: By
    value: str
    reason: str
    placed_by: str
    placed_at: datetime
    released_at: datetime | None = None


def place_hold(engine: Engine, by: By, value: str, *, reason: str, actor: str) -> UUID:
    """Hold all calls that are so named, also those that are yet to come; return the hold's id.

    Raises `AuditError` for a name that can name nothing, `StoreError` when the database cannot be used.
    """
    value, reason, author, now = printable(sound(by, value)), printable(reason), Author(), datetime.now(UTC)
    with translated(), author.transaction(engine) as connection:
        take_writing_turn(connection)
        statement = {"by": by.value, "value": value, "reason": reason}
        act = record_act(connection, author, now, kind=Kind.HOLD, actor=actor, statement=statement)
        row = {"id": act, "by": by.value, "value": value, "reason": reason, "placed_by": actor, "placed_at": now}
        connection.execute(tables.holds.insert(), row)
    author.close(engine, now)
    return act


def release_hold(engine: Engine, hold: UUID, *, reason: str, actor: str) -> None:
    """Release a hold; raise `AuditError` if none with this id is in force, `StoreError` likewise."""
    author, now = Author(), datetime.now(UTC)
    with translated(), author.transaction(engine) as connection:
        take_writing_turn(connection)
        release = tables.holds.update().where(_h.id == hold, _h.released_at.is_(None)).values(released_at=now)
        if connection.execute(release).rowcount == 0:
            raise AuditError(f"no hold {hold} is in force; `audit hold list` shows those that are")
        statement = {"hold": str(hold), "reason": printable(reason)}
        record_act(connection, author, now, kind=Kind.RELEASE, actor=actor, statement=statement)
    author.close(engine, now)


def terms_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what acts tell of a row of `holds`: all of it."""
    times = {name: row[name] and row[name].astimezone(UTC).isoformat() for name in ("placed_at", "released_at")}
    return {"hold": row["id"].hex, **{name: row[name] for name in ("by", "value", "reason", "placed_by")}, **times}


def holds_of(connection: Connection) -> list[Hold]:
    """Return all holds, the newest first."""
    rows = connection.execute(select(tables.holds).order_by(_h.placed_at.desc(), _h.id))
    return [Hold(**{**row._mapping, "by": member(By, row.by)}) for row in rows]


def in_force(connection: Connection) -> list[Hold]:
    """Return the holds that are not released."""
    return [hold for hold in holds_of(connection) if hold.released_at is None]


def held_back(
    connection: Connection, holds: Sequence[Hold], where: ColumnElement[bool]
) -> tuple[tuple[Hold, int], ...]:
    """Return which holds hold any of the calls that fit a condition, and how many each."""
    all_calls = select(func.count()).select_from(tables.calls).where(where)
    counts = (connection.execute(all_calls.where(fitting(hold.by, hold.value))).scalar_one() for hold in holds)
    return tuple((hold, count) for hold, count in zip(holds, counts, strict=True) if count)


def held(holds: Sequence[Hold]) -> ColumnElement[bool]:
    """Return the condition that a call is under one of the holds: never null, as it is asked whether it is not."""
    return func.coalesce(or_(false(), *(fitting(hold.by, hold.value) for hold in holds)), false())
