"""What was stored before there was a ledger: entered once, when the ledger comes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from audit.ledger.leaf import METADATA, REQUEST, RESPONSE, commit, new_salt
from audit.store import tables
from audit.store.ledger import Author, Entry
from audit.store.losses import enter_losses
from audit.store.lots import in_weighed_lots
from audit.store.prices import digest_of, enter_prices
from audit.store.read.committed import MOST_BYTES, Committed, committed, sizes_of_bodies

__all__ = ["enter_record"]

LOT = 500
ACTOR = "before the ledger"
"""Whose prices and losses these are: nobody wrote it down."""


def enter_record(connection: Connection, now: datetime) -> int:
    """Enter all calls as they are stored, in the order in which they were, then prices and losses; return how many.

    What was changed before is not found out: a ledger vouches for what came after it. For the migration that makes it.
    """
    author, entered, last = Author(), 0, 0
    while pks := _after(connection, last):
        for some in in_weighed_lots(pks, sizes_of_bodies(connection, pks).__getitem__, MOST_BYTES):
            for one in committed(connection, some):
                author.enter(connection, one.pk, now, [_entry(one)])
        entered, last = entered + len(pks), pks[-1]
    _enter_prices_and_losses(connection, author, now)
    return entered


def _enter_prices_and_losses(connection: Connection, author: Author, now: datetime) -> None:
    workings = connection.execute(select(tables.prices.c.working)).scalars().all()
    enter_prices(connection, author, now, {digest_of(one): one for one in workings}, actor=ACTOR)
    losses = connection.execute(select(tables.losses).order_by(tables.losses.c.pk)).all()
    enter_losses(connection, author, now, [row._asdict() for row in losses], actor=ACTOR)


def _after(connection: Connection, last: int) -> Sequence[int]:
    calls = tables.calls.c
    return connection.execute(select(calls.pk).where(calls.pk > last).order_by(calls.pk).limit(LOT)).scalars().all()


def _entry(one: Committed) -> Entry:
    assert one.body_salt is not None
    assert one.request is not None
    assert one.response is not None
    salt = new_salt()
    return Entry(
        id=one.id,
        salt=salt,
        metadata=commit(salt, METADATA, one.metadata),
        request=commit(one.body_salt, REQUEST, one.request),
        response=commit(one.body_salt, RESPONSE, one.response),
    )
