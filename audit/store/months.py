"""Keys of a record on its way into another database: there the month in them says in which partition a call lies.

In SQLite keys are small and tell no month; calls that come from there are put into the months in which they were
recorded, so that what is removed by months is as old as it seems. Their order and their numbers stay.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from sqlalchemy import Connection, Table, select

from audit.store import tables
from audit.store.loading import MONTH_KEYS, month_of, tells_months

__all__ = ["Months", "key_of_a_call", "months"]

_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Months:
    """In which months keys lie in the other database."""

    starts: tuple[int, ...] = ()
    """Keys from which on calls were recorded in a later month than all before."""
    numbers: tuple[int, ...] = ()

    def key(self, pk: int) -> int:
        """Return a call's key there: never in an earlier month than one before it."""
        at = bisect_right(self.starts, pk) - 1
        month = max(pk // MONTH_KEYS, self.numbers[at] if at >= 0 else 0)
        return month * MONTH_KEYS + pk % MONTH_KEYS


def months(source: Connection, target: Connection) -> Months:
    """Return where the calls of one database lie in another."""
    if not tells_months(target):
        return Months()
    calls = tables.calls.c
    found: list[tuple[int, int]] = []
    recorded = select(calls.pk, calls.recorded_at).order_by(calls.pk).execution_options(yield_per=_AT_ONCE)
    for pk, recorded_at in source.execute(recorded):
        month = month_of(recorded_at)
        if not found or month > found[-1][1]:
            found.append((pk, month))
    return Months(tuple(pk for pk, _ in found), tuple(month for _, month in found))


def key_of_a_call(table: Table) -> str | None:
    """Return which column of a table is a call's key, or its entry's; None if it has none."""
    if table in (tables.calls, tables.entries):
        return "pk"
    return "call_pk" if "call_pk" in table.c else None
