"""Journals into the database: a batch of one, and all that dead processes have left."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from audit.call import Call
from audit.errors import StoreError
from audit.recording.backlog import Backlog, Batch
from audit.recording.destination import Destination
from audit.recording.journal import clear_away, set_aside, writers
from audit.recording.lock import WriterLock

__all__ = ["adopt", "store"]

ADOPTED_AT_ONCE = 200
_log = logging.getLogger("audit")


def store(calls: Sequence[Call], batch: Batch, destination: Destination, folder: Path) -> None:
    """Store a batch; what the database will never take is set aside in `rejected.journal`.

    Raises `StoreError` when nothing of it may be stored, and `OSError` when it cannot be set aside.
    """
    refused = _append(calls, destination)
    for exchange in batch.exchanges:
        if exchange.id in refused:
            _log.error("call %s was refused and set aside in %s: %s", exchange.id, folder, refused[exchange.id])
            set_aside(folder, exchange)
    for loss in batch.losses:
        destination.lost(loss)


def _append(calls: Sequence[Call], destination: Destination) -> dict[UUID, str]:
    """Return which calls are refused, and why: also one that makes the writer fail, so that it cannot block others."""
    try:
        return dict(destination.append(calls)) if calls else {}
    except (StoreError, OSError, MemoryError):
        raise
    except Exception as exc:  # noqa: BLE001  # whichever it is: told with its traceback, and the exchange kept
        if len(calls) == 1:
            _log.exception("the writer failed at call %s", calls[0].exchange.id)
            return {calls[0].exchange.id: repr(exc)}
        half = len(calls) // 2
        return {**_append(calls[:half], destination), **_append(calls[half:], destination)}


def adopt(folder: Path, destination: Destination) -> int:
    """Store what dead processes left in the journal; return how many exchanges that were.

    Raises `StoreError` when the database is out of reach; what else hinders one journal does not hinder the next.
    """
    adopted = 0
    for name in writers(folder):
        try:
            adopted += _adopt(folder, name, destination)
        except StoreError:
            raise
        except Exception:  # noqa: BLE001  # told with its traceback, and tried again by whoever looks next
            _log.exception("the journal %s in %s cannot be taken over", name, folder)
    return adopted


def _adopt(folder: Path, name: str, destination: Destination) -> int:
    lock = WriterLock.take(folder / f"{name}.lock")
    if lock is None:
        return 0  # it lives
    try:
        adopted = _adopt_all(Backlog(folder, name), destination, folder)
        clear_away(folder, name)
    except BaseException:  # whatever it is goes on; the next one to look must find the lock free
        lock.release(remove=False)
        raise
    lock.release(remove=True)
    return adopted


def _adopt_all(backlog: Backlog, destination: Destination, folder: Path) -> int:
    adopted = 0
    while batch := backlog.take(ADOPTED_AT_ONCE):
        store([destination.read(exchange) for exchange in batch.exchanges], batch, destination, folder)
        adopted += len(batch.exchanges)
    cut = Batch(backlog.unfinished(), [])
    store([destination.read(exchange) for exchange in cut.exchanges], cut, destination, folder)
    for path in backlog.damaged():
        _log.error("%s holds what cannot be read and is kept as it is", path)
        path.rename(path.with_suffix(".damaged"))
    return adopted + len(cut.exchanges)
