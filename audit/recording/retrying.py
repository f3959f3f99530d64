"""Waiting for a database that is away: what is to be stored waits in the journal, and the log says so."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from itertools import chain, repeat
from typing import TypeVar

from audit.errors import StoreError

__all__ = ["Ended", "until_done"]

T = TypeVar("T")
RETRY_S = (0.5, 1.0, 2.0, 5.0, 10.0)
"""So that a database that is back is noticed long before a minute is over."""
_log = logging.getLogger("audit")


class Ended(Exception):
    """The end has come while the database is out of reach."""


def until_done(act: Callable[[], T], ending: threading.Event, *, on_wait: Callable[[], object] = lambda: None) -> T:
    """Try until it works; raise `Ended` if `ending` comes first, `StoreError` if it can never work.

    It is tried once even when the end has come. `on_wait` is called before each wait.
    """
    waits_s = chain(RETRY_S, repeat(RETRY_S[-1]))
    while True:
        try:
            return act()
        except Ended:
            raise
        except StoreError as exc:
            if exc.permanent:
                raise
            _log.warning("the database is out of reach, calls wait in the journal: %s", exc)
        except Exception:  # noqa: BLE001  # told with its traceback, and tried again: the journal keeps the calls
            _log.exception("the writer failed, calls wait in the journal")
        on_wait()
        if ending.wait(next(waits_s)):
            raise Ended
