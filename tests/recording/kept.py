"""What a recorder has kept, and where it ends up, without a database."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from audit.call import Call, Ending, Exchange, Outcome, Reading
from audit.recording.backlog import Backlog, Batch
from audit.recording.frames import Loss, encode_exchange
from audit.recording.journal import writers
from audit.recording.recorder import Recorder
from audit.recording.tape import Tape
from tests.factories import an_exchange

__all__ = ["URL", "Memory", "a_call", "a_recorder", "ask", "begin", "exit_with", "journalled", "losses", "no_space"]

URL = "https://api.example.com/v1/chat/completions"


class Memory:
    """A destination in memory, which fails as it is told to."""

    def __init__(self) -> None:
        self.calls: dict[UUID, Call] = {}
        self.batches: list[int] = []
        self.losses: list[Loss] = []
        self.refused: set[str] = set()
        """URLs that the database will never take."""
        self.failures: list[Exception] = []
        """Raised by the next appends, one each."""
        self.poison: set[str] = set()
        """URLs that make the writer fail whenever they are in a batch."""
        self.on_read: Callable[[Exchange], None] = lambda _exchange: None
        self.left = 0
        """Pieces of work that storing has left for later."""
        self.on_catching_up: Callable[[], object] = lambda: None
        self.closed = False

    @property
    def urls(self) -> list[str]:
        return [call.exchange.url for call in self.calls.values()]

    @property
    def exchanges(self) -> list[Exchange]:
        return [call.exchange for call in self.calls.values()]

    def read(self, exchange: Exchange) -> Call:
        self.on_read(exchange)
        reading = Reading(dialect="unknown", dialect_version=1, provider="")
        return Call(exchange=exchange, reading=reading, outcome=Outcome.NOT_ASSESSED)

    def append(self, calls: Sequence[Call]) -> Sequence[tuple[UUID, str]]:
        if self.failures:
            raise self.failures.pop(0)
        if any(call.exchange.url in self.poison for call in calls):
            raise KeyError("poison")
        self.batches.append(len(calls))
        refused = [(call.exchange.id, "too odd") for call in calls if call.exchange.url in self.refused]
        self.calls.update({call.exchange.id: call for call in calls if call.exchange.url not in self.refused})
        return refused

    def lost(self, loss: Loss) -> None:
        self.losses.append(loss)

    def catch_up(self) -> bool:
        self.on_catching_up()
        self.left = max(self.left - 1, 0)
        return self.left > 0

    def close(self) -> None:
        self.closed = True


def a_call(number: int, size: int = 10) -> tuple[Exchange, list[bytes], list[bytes]]:
    """Return an exchange, its intent and its finish as frames."""
    exchange = an_exchange(id=UUID(int=number), request_body=b"q" * size, response_body=b"a" * size)
    pieces = encode_exchange(exchange)
    return exchange, pieces[:2], pieces[2:]


def a_recorder(folder: Path, destination: Memory | None = None, **options: Any) -> Recorder:
    """Return a recorder that journals in `folder`."""
    opened = (lambda: destination) if destination is not None else None
    return Recorder(folder, fingerprint=lambda key: f"print of {key}", destination=opened, **options)


def journalled(folder: Path) -> list[Exchange]:
    """Return the exchanges that stand in the journal: those that ended, in their order, then those under way."""
    exchanges = []
    for backlog in [Backlog(folder, name) for name in writers(folder)]:
        exchanges += [exchange for batch in _all(backlog) for exchange in batch.exchanges]
    return exchanges


def losses(folder: Path) -> list[Loss]:
    """Return the losses that stand in the journal."""
    return [loss for name in writers(folder) for batch in _all(Backlog(folder, name)) for loss in batch.losses]


def _all(backlog: Backlog) -> Iterator[Batch]:
    while batch := backlog.take(10_000):
        yield batch
    yield from backlog.unfinished(10_000)


def begin(recorder: Recorder, body: bytes = b"ask", **over: Any) -> Tape | None:
    return recorder.begin(**{"method": "POST", "url": URL, "headers": [], "body": body, **over})


def ask(recorder: Recorder, body: bytes = b"ask", answer: bytes = b"answer", **over: Any) -> None:
    """Make one whole call, recorded or not."""
    if tape := begin(recorder, body, **over):
        tape.head(200, [])
        tape.chunk(answer)
        tape.finish(Ending.EOF)


def exit_with(work: Any, *arguments: Any) -> None:
    """End a forked child by what its work returns, whatever it raises: it must not go on with the tests."""
    logging.disable()
    try:
        os._exit(0 if work(*arguments) else 1)
    except BaseException:  # noqa: BLE001
        os._exit(2)


@contextmanager
def no_space(every: int = 1, *, after: int = 0) -> Iterator[None]:
    """Let writes to the journal fail, every so many, and none of the first ones."""
    writev, counted = os.writev, iter(range(10**9))

    def full(descriptor: int, pieces: list[bytes]) -> int:
        if (number := next(counted)) >= after and number % every == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return writev(descriptor, pieces)

    os.writev = full
    try:
        yield
    finally:
        os.writev = writev
