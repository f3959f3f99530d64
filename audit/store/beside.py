"""Work that is done beside its caller's, in the order in which it is handed over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import TracebackType
from typing import Generic, Self, TypeVar

__all__ = ["Beside"]

T = TypeVar("T")


class Beside(Generic[T]):
    """Does some work in a thread of its own until the block ends, which waits for it and raises what has failed.

    It is no pool of `concurrent.futures`, which can neither be imported nor used while the interpreter ends: what a
    short script has recorded is stored just then. Where no thread can be begun any more, the caller does the work.
    """

    def __init__(self, work: Callable[[T], object], *, name: str) -> None:
        """Have `work` done with each thing that is handed over, in a thread of that name."""
        self._work = work
        self._todo: SimpleQueue[tuple[T] | None] = SimpleQueue()
        self._failure: Exception | None = None
        self._thread: threading.Thread | None = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Self:
        assert self._thread is not None
        try:
            self._thread.start()
        except RuntimeError:  # as the interpreter ends
            self._thread = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _exc: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        if self._thread is not None:
            self._todo.put(None)
            self._thread.join()
        if kind is None and self._failure is not None:
            raise self._failure

    def hand(self, one: T) -> None:
        """Have it done soon, or now; raises nothing that comes of it."""
        if self._thread is None:
            self._do(one)
        else:
            self._todo.put((one,))

    def _run(self) -> None:
        while (next_one := self._todo.get()) is not None:
            self._do(next_one[0])

    def _do(self, one: T) -> None:
        if self._failure is None:
            try:
                self._work(one)
            except Exception as exc:  # noqa: BLE001  # whatever it is, the caller gets it
                self._failure = exc
