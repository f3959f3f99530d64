"""A database that is written to: the recording side drains into it, imports go through it, its ledger is kept."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

from audit.call import Call, Exchange
from audit.errors import StoreError
from audit.wiring.encrypting import keyed

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from audit.interpret import Interpreter
    from audit.recording.frames import Loss
    from audit.settings import Settings
    from audit.store.write import Writer
    from audit.wiring.keeping import Keeper

__all__ = ["Store", "interpreter", "key_names", "open_store", "upgraded", "upgraded_engine"]

MANY = 100
"""Calls of one batch from which on more wait: then they are stored first, and found by their words later."""
CATCHING_UP_S = 2.0
"""How long who ends may still work at that; the rest is for whoever comes next."""
AGAIN_AFTER_S = 10.0
_log = logging.getLogger("audit")


def interpreter(settings: Settings, key_names: dict[str, str] | None = None) -> Interpreter:
    """Return what reads and prices exchanges."""
    from audit.interpret import Interpreter
    from audit.pricing import Pricer

    return Interpreter(
        pricing=Pricer(settings.prices, key_names or {}),
        providers={_prefix(provider.base_url): name for name, provider in settings.providers.items()},
        aliases=settings.aliases,
    )


def _prefix(base_url: str) -> str:
    parts = urlsplit(base_url)
    return parts.netloc.lower() + re.sub(r"/v1(beta)?$", "", parts.path.rstrip("/"))


def upgraded_engine(settings: Settings) -> Engine:
    """Return an engine for the configured database, its schema up to date; raise `StoreError`."""
    from audit.store.engine import open_engine
    from audit.store.schema import upgrade

    engine = keyed(open_engine(settings.database_url), settings)
    with ExitStack() as undo:
        undo.callback(engine.dispose)
        upgrade(engine)
        undo.pop_all()
    return engine


@contextmanager
def upgraded(settings: Settings) -> Iterator[Engine]:
    """Yield such an engine, and let go of the database behind the block."""
    engine = upgraded_engine(settings)
    try:
        yield engine
    finally:
        engine.dispose()


class Store:
    """The writing side of a database: what the recording side drains into, and what imports go through."""

    read: Callable[[Exchange], Call]
    writer: Writer
    engine: Engine
    keeper: Keeper | None

    def __init__(self, settings: Settings) -> None:
        """Open the configured database, its schema up to date; raise `StoreError`."""
        self._settings = settings
        self._is_behind, self._not_before = True, 0.0  # whoever was here before may have been killed
        self._open()

    def append(self, calls: Sequence[Call]) -> Sequence[tuple[UUID, str]]:
        """Store calls, each once; return those that will never be taken, and why."""
        from audit.store.engine import file_of

        if self._file != file_of(self._settings.database_url):
            _log.error("the database has been deleted or replaced under a running process; it is opened anew")
            self.close()
            self._open()
        later = len(calls) >= MANY
        refused = self.writer.append(calls, words_later=later).refused
        self._is_behind |= later
        if self.keeper is not None:
            self.keeper.touch()
        return refused

    def catch_up(self) -> bool:
        """Enter the words of some calls that were stored without; return whether there may be more. Never raises."""
        from audit.store.unindexed import enter_some

        if not self._is_behind or time.monotonic() < self._not_before:
            return False
        try:
            self._is_behind = enter_some(self.engine) > 0
            return self._is_behind
        except StoreError as exc:  # not with what caused it, which may tell what was said
            _log.warning("calls cannot be found by their words yet, that is tried again: %s", exc)
        except Exception:  # noqa: BLE001  # whatever it is, calls are stored all the same
            _log.exception("calls cannot be found by their words yet, that is tried again")
        self._not_before = time.monotonic() + AGAIN_AFTER_S
        return False

    def lost(self, loss: Loss) -> None:
        """Store that exchanges were lost."""
        self.writer.lost(loss.id, loss.at, loss.count, loss.reason)
        if self.keeper is not None:
            self.keeper.touch()

    def close(self) -> None:
        """Let go of the database, its ledger signed; what little is left for later is done."""
        until = time.monotonic() + CATCHING_UP_S
        while time.monotonic() < until and self.catch_up():
            pass
        if self.keeper is not None:
            self.keeper.close()
        self.writer.close()
        self.engine.dispose()

    def _open(self) -> None:
        from audit.store.engine import file_of
        from audit.store.write import Writer
        from audit.wiring.acting import actor
        from audit.wiring.effective import effective
        from audit.wiring.keeping import keeper
        from audit.wiring.redacting import reading

        self.engine = upgraded_engine(self._settings)
        self._file = file_of(self._settings.database_url)
        self.read = reading(self._settings, interpreter(self._settings, key_names(self._settings, self.engine)))
        self.writer = Writer(self.engine, actor=actor())
        self.keeper = keeper(self._settings, self.engine)
        if self.writer.writes_by(effective(self._settings)) and self.keeper is not None:
            self.keeper.touch()


def open_store(settings: Settings) -> Store:
    """Return the configured database, ready to be written to; raise `StoreError`."""
    return Store(settings)


def key_names(settings: Settings, engine: Engine) -> dict[str, str]:
    """Return the names of API keys as they are now, if any price goes by them."""
    from audit.store.read import Reader

    if all(price.key == "*" for price in settings.prices):
        return {}
    reader = Reader(engine)
    seen = reader.keys()
    issued = {row.fingerprint: row.name for row in reader.issued_keys(datetime.now(UTC), spending=False)}
    return issued | {row.fingerprint: row.name for row in seen if row.name}
