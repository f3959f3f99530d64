"""Signals that tell a process to end: once, and again for those in a hurry."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["ending_on_signals"]

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@contextmanager
def ending_on_signals(first: Callable[[], None], again: Callable[[], None]) -> Iterator[None]:
    """Call `first` when the process is told to end, and `again` each time that it is told so again.

    To be used in the main thread, inside a running event loop. What is ignored, as SIGHUP is under nohup, remains so.
    """
    loop = asyncio.get_running_loop()
    before = {number: handler for number in _SIGNALS if (handler := signal.getsignal(number)) is not signal.SIG_IGN}
    steps = iter((first,))

    def told() -> None:
        next(steps, again)()

    for number in before:
        loop.add_signal_handler(number, told)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
