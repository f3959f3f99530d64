"""A collector for the configured database, in a process of its own."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

from audit.errors import AuditError, JournalError
from audit.wiring.retaining import daily

if TYPE_CHECKING:
    from audit.recording.collector import Collected, Collector
    from audit.settings import Settings
    from audit.wiring.storing import Store

__all__ = ["collect", "collect_once"]

TELL_EVERY_S = 1.0


def collect_once(settings: Settings) -> Collected:
    """Store what is in the journals now and may be stored by others; return what that was.

    Raises `AuditError` when another collector is at work, `StoreError` when the database cannot be used.
    """
    with _collector(settings) as collector:
        collector.drain()
        return collector.progress


def collect(
    settings: Settings,
    *,
    with_parent: bool = False,
    standby: bool = False,
    tell: Callable[[Collected], None] = lambda _progress: None,
) -> Collected:
    """Collect until the process is told to end, by Ctrl-C or SIGTERM, and store what is there then; return the sum.

    `with_parent` ends it also when standard input does, as it does when who holds the other end dies. `standby` waits
    while another collector is at work, and takes over when that ends. `tell` is told how it gets on, as soon as it
    collects and then every second. A second signal ends the process at once.
    Raises as `collect_once` does, but waits for a database that is away.
    """
    with ExitStack() as stack:
        collector = _collector(settings)
        with _told_to_end(with_parent) as told_to_end:
            while not _at_work(stack, collector, standby):
                tell(collector.progress)
                if told_to_end(TELL_EVERY_S):
                    return collector.progress
            stack.enter_context(daily(settings))
            ended = _begun(collector)
            try:
                tell(collector.progress)
                while not (ended.done() or told_to_end(TELL_EVERY_S)):
                    tell(collector.progress)
            except BaseException:  # nobody to be told any more: it goes on as it would with a word to end
                collector.stop()
                wait([ended])
                raise
        collector.stop()
        ended.result()
        return collector.progress


def _at_work(stack: ExitStack, collector: Collector, standby: bool) -> bool:
    """Hold the folder; return whether it is held."""
    try:
        stack.enter_context(collector)
    except JournalError:
        raise
    except AuditError:
        if not standby:
            raise
        return False
    return True


def _collector(settings: Settings) -> Collector:
    from audit.recording.collector import Collector

    return Collector(settings.journal, lambda: _opened(settings))


def _opened(settings: Settings) -> Store:
    from audit.garbage import collect_rarely
    from audit.wiring import open_store

    store = open_store(settings)
    collect_rarely()
    return store


def _begun(collector: Collector) -> Future[None]:
    """Run it in a thread that does not keep the process from ending."""
    ended: Future[None] = Future()

    def run() -> None:
        try:
            collector.run()
        except BaseException as exc:  # noqa: BLE001  # raised again where the outcome is asked for
            ended.set_exception(exc)
        else:
            ended.set_result(None)

    threading.Thread(target=run, name="audit-collector", daemon=True).start()
    return ended


@contextmanager
def _told_to_end(with_parent: bool) -> Iterator[Callable[[float], bool]]:
    """Yield what waits for a word to end, for so many seconds, and says whether it has come.

    By a pipe, as a handler may interrupt this thread anywhere, also where it holds a lock.
    """
    reading, writing = os.pipe()
    with closing(os.fdopen(reading, "rb", 0)), closing(os.fdopen(writing, "wb", 0)):
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, lambda *_: os.write(writing, b".")) for number in numbers}
        try:
            yield lambda timeout_s: _has_word(reading, sys.stdin.fileno() if with_parent else None, timeout_s)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _has_word(told: int, parent: int | None, timeout_s: float) -> bool:
    ready = select.select([told] if parent is None else [told, parent], [], [], timeout_s)[0]
    return told in ready or (parent in ready and not os.read(parent, 4096))
