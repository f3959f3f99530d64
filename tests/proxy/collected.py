"""A collector in a thread of this process, for tests that look into the record while a proxy runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from audit.recording.collector import Collector
from audit.settings import Settings
from audit.wiring import open_store

__all__ = ["collecting"]

_EVERY_S = 0.05


@contextmanager
def collecting(settings: Settings) -> Iterator[None]:
    """Bring what is written down into the database, again and again, inside the `with` block."""
    store = open_store(settings)  # here, not in the thread: migrations run in one thread of a process at a time
    done = threading.Event()

    def run() -> None:
        with Collector(settings.journal, lambda: store) as collector:
            while not done.wait(_EVERY_S):
                collector.drain()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        store.close()
