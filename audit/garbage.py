"""Python's own collections of garbage, in processes that are ours alone."""

from __future__ import annotations

import gc

__all__ = ["collect_rarely"]


def collect_rarely() -> None:
    """Have the modules that are loaded by now left alone, and the rest looked through rarely.

    For a process in which an exchange leaves next to nothing behind that only a collection finds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)
