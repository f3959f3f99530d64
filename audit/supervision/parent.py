"""The other side of supervision: a process that ends with the one that has started it."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

__all__ = ["LIMIT_S", "end_with_parent"]

LIMIT_S = 40.0
"""How long a process may take to end once its parent is gone: longer than a canary's answer may take."""


def end_with_parent(limit_s: float = LIMIT_S) -> None:
    """From now on, end as with SIGTERM when standard input closes, which it does with the parent, whatever ends that.

    A process that has not ended `limit_s` seconds later ends then and there.
    """
    threading.Thread(target=_end_with, args=(sys.stdin.fileno(), limit_s), daemon=True, name="audit-parent").start()


def _end_with(parent: int, limit_s: float) -> None:
    # Not through `sys.stdin`: it would be locked while it waits, and Python wants that lock when it ends.
    while os.read(parent, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(limit_s)
    os._exit(1)
