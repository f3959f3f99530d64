"""A disk whose syncs fail."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable

import pytest

__all__ = ["Disk", "Held"]

fdatasync = os.fdatasync


class Disk:
    """Counts what is synced by the file's number, and fails when it is told to."""

    def __init__(self, *failing: int, always: bool = False) -> None:
        self.synced: list[int] = []
        self.failed: list[int] = []
        self._failing = failing
        self._always = always

    def __call__(self, descriptor: int) -> None:
        file = os.fstat(descriptor).st_ino
        self.synced.append(file)
        if self._always or len(self.synced) in self._failing:
            self.failed.append(file)
            raise OSError(errno.EIO, "Input/output error")


class Held:
    """Holds the first sync up until it may go on; what comes later goes to `then`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, then: Callable[[int], None] = fdatasync) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self._then = then
        monkeypatch.setattr(os, "fdatasync", self)

    def __call__(self, descriptor: int) -> None:
        if self.begun.is_set():
            self._then(descriptor)
        self.begun.set()
        assert self.go_on.wait(10)
