"""Journals into the database: a batch of one, and all that dead processes have left."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from audit.call import Call
from audit.recording.backlog import Backlog, Batch
from audit.recording.destination import Destination
from audit.recording.journal import WriterLock, clear_away, set_aside, writers

__all__ = ["adopt", "store"]

ADOPTED_AT_ONCE = 200
_log = logging.getLogger("audit")


def store(calls: Sequence[Call], batch: Batch, destination: Destination, folder: Path) -> None:
    """Store a batch; what the database will never take is set aside in `rejected.journal`."""
    refused = dict(destination.append(calls)) if calls else {}
    for exchange in batch.exchanges:
        if exchange.id in refused:
            _log.error("call %s was refused and set aside in %s: %s", exchange.id, folder, refused[exchange.id])
            set_aside(folder, exchange)
    for loss in batch.losses:
        destination.lost(loss)


def adopt(folder: Path, destination: Destination) -> int:
    """Store what dead processes left in the journal; return how many exchanges that were."""
    adopted = 0
    for name in writers(folder):
        lock = WriterLock.take(folder / f"{name}.lock")
        if lock is None:
            continue  # it lives
        try:
            adopted += _adopt_one(Backlog(folder, name), destination, folder)
        except BaseException:
            lock.release(remove=False)
            raise
        clear_away(folder, name)
        lock.release(remove=True)
    return adopted


def _adopt_one(backlog: Backlog, destination: Destination, folder: Path) -> int:
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
