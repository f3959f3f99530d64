"""Who keeps the ledger of the configured database: gives entries their place, and signs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from audit.errors import AuditError, LedgerError
from audit.wiring.ledger import anchors, load_signer

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from audit.ledger.note import Checkpoint
    from audit.settings import Settings
    from audit.store.sequencing import Sequencer

__all__ = ["Keeper", "carrying_on", "keeper", "sign_now"]

ADVANCE_EVERY_S = 1.0
"""How long an entry waits for its place in the log."""
SIGN_EVERY_S = 60.0
SIGN_EVERY = 10_000
"""Entries after which the log is signed sooner."""
_log = logging.getLogger("audit")


class Keeper:
    """Gives entries their place and signs the log, in a thread of its own that works only while there is something."""

    def __init__(self, sequencer: Sequencer, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._sequencer = sequencer
        self._clock = clock
        self._due = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._unsigned = 0
        self._failed = False
        self._signed_at = clock()

    def touch(self) -> None:
        """Say that something has been entered. Cheap: called for every batch."""
        self._due.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="audit-ledger", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the thread; all that is entered has its place and is signed then, if the database can be reached."""
        self._closing.set()
        self._due.set()
        if self._thread is not None:
            self._thread.join()
        self._attempt(final=True)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._due.wait(timeout=SIGN_EVERY_S if self._unsigned or self._failed else None)
            if self._closing.wait(ADVANCE_EVERY_S):
                return
            self._due.clear()
            self._attempt(final=False)

    def _attempt(self, *, final: bool) -> None:
        """Do what is due. What cannot be done now is told, and tried again in a minute or with the next entry."""
        try:
            self._unsigned += self._sequencer.advance()
            late = self._clock() - self._signed_at >= SIGN_EVERY_S
            if final or self._unsigned >= SIGN_EVERY or (self._unsigned and late):
                self._sequencer.sign()
                self._unsigned, self._signed_at = 0, self._clock()
            self._failed = False
        except AuditError as exc:
            self._failed, self._signed_at = True, self._clock()
            _log.error("the ledger is not carried on: %s", exc)


def keeper(settings: Settings, engine: Engine) -> Keeper | None:
    """Return what keeps the ledger of a database; None where its key cannot be had.

    That is told, and no reason not to store calls: they are entered all the same, and whoever has the key goes on.
    """
    from audit.store.sequencing import Sequencer

    try:
        return Keeper(Sequencer(engine, load_signer(settings), anchors(settings, engine)))
    except LedgerError as exc:
        _log.error("calls are entered into the ledger, and nothing is signed from here: %s", exc)
        return None


@contextmanager
def carrying_on(settings: Settings, engine: Engine) -> Iterator[None]:
    """Let acts that a command enters in the block have their place in the log behind it, signed where that can be done.

    They need not wait for whoever records next: what stands in no log can be taken away unseen.
    """
    yield
    if (here := keeper(settings, engine)) is not None:
        here.close()


def sign_now(settings: Settings) -> Checkpoint | None:
    """Give all entries their place and sign the log; None when all was signed. Raises as `Sequencer.sign` does."""
    from audit.store.sequencing import Sequencer
    from audit.wiring.storing import upgraded

    with upgraded(settings) as engine:
        sequencer = Sequencer(engine, load_signer(settings), anchors(settings, engine))
        sequencer.advance()
        signed = sequencer.sign()
        if signed is None and not sequencer.is_ours:
            raise LedgerError(
                "the log is signed with another key than the one here: sign it where that key is, or let `key` in "
                "[ledger] name it"
            )
        return signed
