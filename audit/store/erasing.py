"""Erasure: calls that somebody names lose their bodies, or all that is known of them, and the ledger tells so.

Each batch is one transaction with the act that tells which calls lost what, so that `verify` knows what was erased
from what is missing. What a hold names stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, func, select

from audit.store import tables
from audit.store.acts import record_act
from audit.store.choosing import By, fitting
from audit.store.engine import translated
from audit.store.holds import Hold, held, held_back, in_force
from audit.store.ledger import Author
from audit.store.loading import take_writing_turn
from audit.store.removing import remove_bodies, remove_metadata, remove_reviews
from audit.store.rows.acts import Kind
from audit.wire.parse import printable

__all__ = ["Due", "Erased", "Request", "What", "due", "erase", "ground_of", "take_out", "told"]

AT_ONCE = 500
"""Calls of one act, and of one transaction."""
_c, _x = tables.calls.c, tables.exchanges.c


class What(StrEnum):
    """What calls lose."""

    BODIES = "bodies"
    """Requests and responses, and the words they can be found by."""
    ALL = "all"
    """Also all that is known of them, and what reviewers have decided about them; entries of the ledger stay, and tell
    nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody wants erased."""

    by: By
    value: str
    """A sound one: see `choosing.sound`."""
    what: What
    ground: str
    """Why it may be, such as an article of a law."""
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What would go."""

    calls: int
    bytes: int
    """Of the bodies as they were received."""
    held: tuple[tuple[Hold, int], ...]
    """What stays: holds, and how many of the calls that were named each of them holds."""


@dataclass(slots=True)
class Erased:
    """What has gone."""

    calls: int = 0
    acts: list[UUID] = field(default_factory=list)


def due(connection: Connection, request: Request) -> Due:
    """Return what would go by a request, for a transaction that reads."""
    holds, named = in_force(connection), _named(request)
    sums = select(func.count(), func.coalesce(func.sum(_c.request_bytes + _c.response_bytes), 0))
    calls, size = connection.execute(sums.where(named, ~held(holds))).one()
    return Due(calls=calls, bytes=int(size), held=held_back(connection, holds, named))


def erase(engine: Engine, request: Request, progress: Callable[[int], None] = lambda _gone: None) -> Erased:
    """Erase what a request names and no hold holds; `progress` is told how many calls have gone.

    What has gone stays gone if it breaks off, and can be gone on with. Raises `StoreError`.
    """
    author, erased, last = Author(), Erased(), 0
    with translated():
        while rows := _erase_some(engine, author, request, last, erased):
            last = rows[-1].pk
            progress(erased.calls)
    author.close(engine, datetime.now(UTC))
    return erased


def ground_of(connection: Connection, call: UUID, since: datetime) -> tuple[datetime, str] | None:
    """Return when the bodies of a call recorded at `since` were erased, and the ground; None if no act tells of it."""
    acts = tables.acts.c
    erasures = select(acts.at, acts.statement).where(acts.kind == Kind.ERASURE, acts.at >= since).order_by(acts.at)
    for row in connection.execute(erasures):
        if call.hex in row.statement.get("ids", ()):
            return row.at, str(row.statement.get("ground", ""))
    return None


def take_out(
    connection: Connection, author: Author, rows: Sequence[Any], *, what: What, ground: str, by: str, actor: str
) -> UUID:
    """Take calls (`pk`, `id`) out of the record, in one's turn to write; return the id of the act that tells of it.

    `by` is what they were chosen by. The act does not repeat whose they were: that would keep what is to be erased. For
    the same reason decisions about calls of which all goes are taken out whole, as their reasons may repeat anything:
    their acts come behind the calls among the `ids`, and `reviews` says how many they are.
    """
    pks, ids = [row.pk for row in rows], [row.id for row in rows]
    remove_bodies(connection, pks)
    reviews = remove_reviews(connection, ids) if what is What.ALL else []
    if what is What.ALL:
        remove_metadata(connection, pks)
    statement = told(ids, reviews, what=what, ground=ground, by=by)
    return record_act(connection, author, datetime.now(UTC), kind=Kind.ERASURE, actor=actor, statement=statement)


def told(ids: Sequence[UUID], reviews: Sequence[UUID], *, what: What, ground: str, by: str) -> dict[str, Any]:
    """Return what an act tells of calls that were taken out with the acts of `reviews`, as `take_out` says."""
    named = [one.hex for one in (*ids, *reviews)]
    statement = {"ground": printable(ground), "by": by, "what": what.value, "ids": named}
    return {**statement, "reviews": len(reviews)} if reviews else statement


def _erase_some(engine: Engine, author: Author, request: Request, last: int, erased: Erased) -> list[Any]:
    """Erase the next calls behind a key, in one transaction; return them."""
    with author.transaction(engine) as connection:
        take_writing_turn(connection)
        rows = list(connection.execute(_next(request, in_force(connection), last)))
        if not rows:
            return rows
        why = {"ground": request.ground, "by": request.by.value, "actor": request.actor}
        act = take_out(connection, author, rows, what=request.what, **why)
    erased.calls += len(rows)
    erased.acts.append(act)
    return rows


def _next(request: Request, holds: list[Hold], last: int) -> Select[Any]:
    named = select(_c.pk, _c.id).where(_named(request), ~held(holds), _c.pk > last)
    return named.order_by(_c.pk).limit(AT_ONCE)


def _named(request: Request) -> ColumnElement[bool]:
    named = fitting(request.by, request.value)
    has_bodies = select(_x.call_pk).where(_x.call_pk == _c.pk).exists()
    return and_(named, has_bodies) if request.what is What.BODIES else named
