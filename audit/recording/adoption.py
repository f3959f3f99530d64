"""All that dead processes have left in the journal, into the database."""

from __future__ import annotations

import logging
from pathlib import Path

from audit.errors import StoreError
from audit.recording.destination import Destination
from audit.recording.drain import Drain
from audit.recording.journal import writers

__all__ = ["adopt"]

ADOPTED_AT_ONCE = 200
_log = logging.getLogger("audit")


def adopt(folder: Path, destination: Destination) -> int:
    """Store what dead processes left in the journal; return how many exchanges that were.

    Raises `StoreError` when the database is out of reach; what else hinders one journal does not hinder the next.
    """
    adopted = 0
    for name in writers(folder):
        try:
            adopted += _adopt(Drain(folder, name), destination)
        except StoreError:
            raise
        except Exception:  # noqa: BLE001  # told with its traceback, and tried again by whoever looks next
            _log.exception("the journal %s in %s cannot be taken over", name, folder)
    return adopted


def _adopt(drain: Drain, destination: Destination) -> int:
    if not drain.inherit():
        return 0  # it lives
    adopted = 0
    try:
        while drain.look(ADOPTED_AT_ONCE):
            adopted += len(drain.store(destination).exchanges)
        drain.clear()
    finally:  # the next one to look must find the lock free
        drain.let_go()
    return adopted
