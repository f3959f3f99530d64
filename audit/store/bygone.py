"""Past months of which all is due: they go at once, by their partitions, and the ledger tells of each call.

What is told, and what it is told of, goes in one transaction. A month of which anything stays, by a hold or by a policy
that keeps it longer, is left to be gone through call by call (`retaining.py`); likewise one that others read from for
long, and all of SQLite's, which has no partitions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Connection, Engine, case, or_, select, true
from sqlalchemy.exc import OperationalError

from audit.store import tables
from audit.store.acts import record_acts
from audit.store.engine import at_one_moment
from audit.store.erasing import What, told
from audit.store.holds import held, in_force
from audit.store.ledger import Author
from audit.store.loading import MONTH_KEYS, PARTITIONED, take_writing_turn
from audit.store.lots import in_lots
from audit.store.partitions import empty_month
from audit.store.removing import remove_parts, remove_reviews
from audit.store.rows.acts import Kind

__all__ = ["Gone", "Month", "remove_month"]

AT_ONCE = 500
"""Calls of one act, as where they go one by one."""
ACTS_AT_ONCE = 20
_ROWS = 10_000
_STAYS = -1
_c, _x, _u, _e = tables.calls.c, tables.exchanges.c, tables.part_uses.c, tables.entries.c
_BODIES = ("exchanges", "part_uses", "unindexed", "call_words")
"""Tables of what goes with bodies."""


class _StaysError(Exception):
    """Something of the month is to stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """What is to go of a past month, if all of it may."""

    number: int
    """Counted from January 1970."""
    what: What
    grounds: Sequence[tuple[str, ColumnElement[bool]]]
    """By what calls go: of each that may, one of these conditions holds, and none of any other."""
    by: str
    """How calls were chosen, as acts tell it; `actor` is who did."""
    actor: str

    def covers(self, key: Column[Any]) -> ColumnElement[bool]:
        """Return the condition that a call's key is of this month."""
        return key.between(self.number * MONTH_KEYS, (self.number + 1) * MONTH_KEYS - 1)

    @property
    def concerned(self) -> ColumnElement[bool]:
        """The condition that a call is of the month, and has what is to go."""
        with_bodies = select(_x.call_pk).where(_x.call_pk == _c.pk, self.covers(_x.call_pk)).exists()
        return self.covers(_c.pk) & (true() if self.what is What.ALL else with_bodies)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """What has gone with a month."""

    calls: int
    acts: tuple[UUID, ...]


def remove_month(engine: Engine, author: Author, month: Month) -> Gone | None:
    """Remove what is due of a month in one transaction; None if there is nothing, or if anything of it stays."""
    if not _may_go(engine, month):
        return None
    try:
        with author.transaction(engine) as connection:
            take_writing_turn(connection)
            return _remove(connection, author, month)
    except (_StaysError, OperationalError):  # it is held since, or others read from it
        return None


def _may_go(engine: Engine, month: Month) -> bool:
    """Whether it seems so, before the turn to write, which others wait for."""
    there = tables.calls.c.pk if month.what is What.ALL else _x.call_pk
    with at_one_moment(engine).connect() as connection:
        if connection.execute(select(there).where(month.covers(there)).limit(1)).first() is None:
            return False
        stays = or_(held(in_force(connection)), ~or_(*(due for _, due in month.grounds)))
        return connection.execute(select(_c.pk).where(month.concerned, stays).limit(1)).first() is None


def _remove(connection: Connection, author: Author, month: Month) -> Gone | None:
    calls, acts = 0, list[UUID]()
    reviewed = _reviewed(connection, month)
    for lots in in_lots(_lots(connection, month), ACTS_AT_ONCE):
        statements = [_statement(connection, month, ground, ids, reviewed) for ground, ids in lots]
        now = datetime.now(UTC)
        acts += record_acts(connection, author, now, kind=Kind.ERASURE, actor=month.actor, statements=statements)
        calls += sum(len(ids) for _, ids in lots)
    if not calls:  # another has removed them
        return None
    _empty(connection, month)
    return Gone(calls=calls, acts=tuple(acts))


def _lots(connection: Connection, month: Month) -> Iterator[tuple[str, list[UUID]]]:
    """Yield the calls as acts are to tell of them, by their grounds; raise `_StaysError` where one stays."""
    waiting: list[list[UUID]] = [[] for _ in month.grounds]
    for row in _judged(connection, month):
        if row.ground == _STAYS:
            raise _StaysError
        waiting[row.ground].append(row.id)
        if len(waiting[row.ground]) == AT_ONCE:
            yield month.grounds[row.ground][0], waiting[row.ground]
            waiting[row.ground] = []
    yield from ((ground, ids) for (ground, _), ids in zip(month.grounds, waiting, strict=True) if ids)


def _judged(connection: Connection, month: Month) -> Iterator[Any]:
    """Yield each call of which something is to go, once, with the number of its ground: what goes is what was told of,
    whatever names of keys become meanwhile."""
    whens = [(due, number) for number, (_, due) in enumerate(month.grounds)]
    ground = case((held(in_force(connection)), _STAYS), *whens, else_=_STAYS).label("ground")
    rows = select(_c.pk, _c.id, ground).where(month.concerned).order_by(_c.pk).limit(_ROWS)
    after: ColumnElement[bool] = true()
    while some := connection.execute(rows.where(after)).all():
        yield from some
        after = _c.pk > some[-1].pk


def _statement(
    connection: Connection, month: Month, ground: str, ids: Sequence[UUID], reviewed: set[UUID]
) -> dict[str, Any]:
    reviews = remove_reviews(connection, [one for one in ids if one in reviewed])
    return told(ids, reviews, what=month.what, ground=ground, by=month.by)


def _reviewed(connection: Connection, month: Month) -> set[UUID]:
    """The calls about which something was decided that goes with them."""
    if month.what is not What.ALL:
        return set()
    reviews = tables.reviews.c
    decided = select(reviews.call_id).join_from(tables.reviews, tables.calls, reviews.call_id == _c.id)
    return set(connection.execute(decided.where(month.covers(_c.pk))).scalars())


def _empty(connection: Connection, month: Month) -> None:
    """Take out what acts tell of, and what only that needed; the partitions last, as others may wait for them then."""
    uses, calls = month.covers(_u.call_pk), month.covers(_c.pk)
    used = set(connection.execute(select(_u.part_pk).where(uses).distinct()).scalars())
    remove_parts(connection, used, going=uses)
    keys = tables.data_keys
    connection.execute(keys.delete().where(keys.c.id.in_(select(_c.id).where(calls))))
    if month.what is What.ALL:
        entered = month.covers(_e.pk) & _e.pk.in_(select(_c.pk).where(calls))
        connection.execute(tables.entries.update().where(entered).values(salt=None))
    empty_month(connection, month.number, PARTITIONED if month.what is What.ALL else _BODIES)
