"""Calls that were set aside, tried once more on the configured database."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING
from uuid import UUID

from audit.errors import AuditError

if TYPE_CHECKING:
    from audit.recording.readmission import Readmitted
    from audit.settings import Settings

__all__ = ["readmit"]


def readmit(settings: Settings, wanted: Collection[UUID] | None) -> Readmitted:
    """Store what was set aside, all of it or what is `wanted`; return what became of it.

    Raises `AuditError` when any that is wanted is not set aside, `StoreError` when the database cannot be used.
    """
    from audit.recording import readmission
    from audit.recording.rejected import Rejected, read
    from audit.wiring import open_store

    there = {one.exchange.id for one in read(settings.journal) if isinstance(one, Rejected)}
    if missing := sorted(str(one) for one in set(wanted or ()) - there):
        raise AuditError(f"not set aside: {', '.join(missing)}; `audit journal list --rejected` tells what is")
    if not there:
        return readmission.Readmitted(stored=(), refused=())
    store = open_store(settings)
    try:
        return readmission.readmit(settings.journal, store, wanted)
    finally:
        store.close()
