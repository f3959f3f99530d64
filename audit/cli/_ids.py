"""Ids of calls as tables show them, as much as tells them apart, which is also enough to name one; and which one is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from audit.cli._nothing import ALL
from audit.errors import AuditError

if TYPE_CHECKING:
    from audit.store.read import Reader

__all__ = ["enough_of_ids", "the_one", "why_not_one"]

_SHORTEST = 13
"""The time in a UUIDv7, to the millisecond: `01a208f1-7834`."""
_WHOLE = 36
_MOST_NAMED = 5


def enough_of_ids(ids: Iterable[UUID]) -> int:
    """Return how many characters tell these calls apart."""
    written = {str(one) for one in ids}
    return next((n for n in range(_SHORTEST, _WHOLE) if len({one[:n] for one in written}) == len(written)), _WHOLE)


def the_one(read: Reader, call: str) -> UUID:
    """Return the id of the call that is so called, by its id, the beginning of it, or a reference.

    Raises `AuditError` if there is none, or more than one.
    """
    found = read.id_of(call)
    if found is None:
        raise AuditError(why_not_one(read, call))
    return found


def why_not_one(read: Reader, call: str) -> str:
    """Tell which calls may be meant, where exactly one is wanted."""
    found = read.calls(replace(ALL, search=call), limit=_MOST_NAMED).rows
    beginning = call.lower().replace("-", "")
    ids = [str(row.id) for row in found if row.id.hex.startswith(beginning) or row.reference == call]
    if ids:
        return f"{call!r} fits several calls: {', '.join(ids)}{' …' if len(ids) == _MOST_NAMED else ''}"
    return f"no call, or more than one, is called {call!r}; `audit calls list` shows ids, whose beginnings will do"
