"""A record of two months: a conversation that goes on from the first into the second, and other calls in both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, inspect, select

from audit.call import Call, Outcome, Tags
from audit.store import bygone, retaining, tables
from audit.store.engine import is_sqlite
from audit.store.partitions import drop_empty_months
from audit.store.read.exchanges import stored_exchanges
from audit.store.read.ledger import LedgerReader
from audit.store.retaining import Policy, Removed, remove_due
from audit.store.rows.verified import Verified
from audit.store.sequencing import advance
from audit.store.write import Writer
from tests.store.bodies_of import a_conversation, talking
from tests.store.samples import a_call, a_finding, said

__all__ = [
    "ALL",
    "BETWEEN",
    "BODIES",
    "EVERYTHING",
    "NEW_ONES",
    "NOW",
    "OLD_ONES",
    "apply",
    "at_once",
    "call_by_call",
    "count",
    "filled",
    "looked_at",
    "numbers",
    "of_month",
    "read",
    "verified",
]

JANUARY, FEBRUARY = datetime(2022, 1, 15, tzinfo=UTC), datetime(2022, 2, 15, tzinfo=UTC)
BETWEEN, NOW = datetime(2022, 2, 1, tzinfo=UTC), datetime(2022, 3, 5, tzinfo=UTC)
ALL = Policy(name="all", bodies_before=BETWEEN, metadata_before=BETWEEN)
BODIES = Policy(name="bodies", bodies_before=BETWEEN)
EVERYTHING = Policy(name="everything", bodies_before=NOW, metadata_before=NOW)
OLD_ONES, NEW_ONES = [1, 2, 3, 11, 12, 13], [4, 5, 6, 21, 22, 23]
"""Calls of January and of February."""


def filled(engine: Engine) -> Engine:
    """Fill an empty database with both months, and return it."""
    drop_empty_months(engine, NOW)  # what other tests have left behind
    turns = list(a_conversation(6))
    for month, bodies, first in ((JANUARY, turns[:3], 1), (FEBRUARY, turns[3:], 4)):
        writer = Writer(engine, clock=lambda at=month: at)
        talk = talking(bodies, first, started_at=month, tags=Tags(user="ann"))
        writer.append([*talk, *_others(10 if month is JANUARY else 20, month)], words_later=month is JANUARY)
        writer.close()
    advance(engine)
    return engine


def _others(first: int, month: datetime) -> list[Call]:
    """Return a call that was blocked, one with findings, labels and words, and one with a part that no other has."""
    exchange = {"started_at": month, "tags": Tags(user="bob", labels=(("team", "red"),))}
    (alone,) = talking(list(a_conversation(1, topic=f"pears of {first}")), first + 2, started_at=month)
    return [
        a_call(first + 1, outcome=Outcome.BLOCKED_PROMPT, exchange={"started_at": month}),
        a_call(first + 2, exchange=exchange, findings=(a_finding(),), input=said("quince")),
        a_call(first + 3, exchange={"request_body": alone.exchange.request_body, "started_at": month}),
    ]


def apply(engine: Engine, *policies: Policy) -> Removed:
    """Remove what is due by policies."""
    return remove_due(engine, policies, actor="root", now=NOW)


def one_by_one(*_args: Any, **_more: Any) -> None:
    raise AssertionError("a call went by itself")


def at_one_go(*_args: Any, **_more: Any) -> None:
    raise AssertionError("a month went at once")


@contextmanager
def at_once(engine: Engine) -> Iterator[None]:
    """Fail if calls go one by one where they lie in partitions."""
    with pytest.MonkeyPatch.context() as patched:
        if not is_sqlite(engine):
            patched.setattr(retaining, "take_out", one_by_one)
        yield


@contextmanager
def call_by_call(step: str = "_remove") -> Iterator[None]:
    """Fail if any month goes at once, or gets as far as a step of that."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(bygone, step, at_one_go)
        yield


def numbers(engine: Engine) -> list[int]:
    """Return the numbers of the calls that are there."""
    with engine.begin() as connection:
        return sorted(int(one.hex[-12:]) for one in connection.execute(select(tables.calls.c.id)).scalars())


def read(engine: Engine) -> dict[UUID, Any]:
    """Return all exchanges that are there, by their ids."""
    with engine.begin() as connection:
        return {one.id: one for _, one in stored_exchanges(connection, tables.calls.c.pk > 0, limit=999)}


def count(engine: Engine, table: Any) -> int:
    """Return how many rows a table has."""
    with engine.begin() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def verified(engine: Engine) -> Verified:
    """Return what verification finds once all has its place in the log; it must be no fault."""
    advance(engine)
    return looked_at(engine)


def looked_at(engine: Engine, meanwhile: Any = lambda: None) -> Verified:
    """Return what verification finds, while something else is done once it has begun; it must be no fault."""

    def checkpoints(_notes: Any) -> tuple[()]:
        meanwhile()
        return ()

    found = LedgerReader(engine).verify(
        checkpoints, anchored=0, since=None, sample=None, progress=lambda _done, _of: None
    )
    assert found.is_whole, found.amiss
    return found


def of_month(engine: Engine, month: str) -> list[str]:
    """Return the partitions of a month, as 2022_01."""
    return sorted(name for name in inspect(engine).get_table_names() if name.endswith(month))
