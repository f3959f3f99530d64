"""Calls that were set aside, back into the database once the cause is mended."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from audit.recording.backlog import Batch
from audit.recording.destination import Destination
from audit.recording.drain import store
from audit.recording.rejected import Rejected, part, read

__all__ = ["Readmitted", "readmit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Readmitted:
    """What became of calls that were tried again."""

    stored: tuple[UUID, ...]
    refused: tuple[tuple[UUID, str], ...]
    """Those that the database refuses still, and why; they stay set aside."""


def readmit(folder: Path, destination: Destination, wanted: Collection[UUID] | None = None) -> Readmitted:
    """Store what was set aside, all of it or what is `wanted`; what is stored is set aside no more.

    A call goes by its id, so one that is in the database already, as after a kill in between, is not stored twice.
    Raises `StoreError` when the database is out of reach: what is not stored yet stays set aside.
    """
    part(folder)
    stored, refused = [], {}
    for one in read(folder):
        if isinstance(one, Rejected) and (wanted is None or one.exchange.id in wanted):
            why = store([destination.read(one.exchange)], Batch([one.exchange], []), destination, folder)
            refused.update(why)
            if not why:
                one.path.unlink(missing_ok=True)
                stored.append(one.exchange.id)
    return Readmitted(stored=tuple(stored), refused=tuple(refused.items()))
