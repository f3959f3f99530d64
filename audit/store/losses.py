"""Calls that could not be recorded, as acts of the ledger: a gap in the record is not to be forgotten either."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from audit.store.acts import record_act
from audit.store.ledger import Author
from audit.store.rows.acts import Kind

__all__ = ["enter_losses", "statement_of"]


def enter_losses(
    connection: Connection, author: Author, now: datetime, losses: Sequence[Mapping[str, Any]], *, actor: str
) -> None:
    """Enter rows of `losses`, in one's turn to write; `actor` is whose process notes them."""
    for row in losses:
        statement = statement_of(row)
        record_act(connection, author, now, kind=Kind.LOSS, actor=actor, statement=statement, act_id=row["id"])


def statement_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an act says of such a row: all of it."""
    at = row["at"].astimezone(UTC).isoformat(timespec="microseconds")
    return {"loss": row["id"].hex, "at": at, "count": row["count"], "reason": row["reason"]}
