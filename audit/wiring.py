"""The composition root: from settings to things that work together.

What is heavy is imported where it is used, here and nowhere else, so that `audit --help` and `import audit` stay fast.
"""

from __future__ import annotations

import atexit
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

from audit.call import Call

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from audit.interpret import Interpreter
    from audit.recording.frames import Loss
    from audit.recording.recorder import Recorder
    from audit.settings import Settings
    from audit.store.read import Reader
    from audit.store.write import Writer

__all__ = [
    "Store",
    "default_recorder",
    "interpreter",
    "open_reader",
    "open_recorder",
    "open_store",
    "read_settings",
    "upgraded_engine",
]

EXIT_WAIT_S = 2.0
"""How long a process may be kept from ending to bring its last calls into the database; the journal has them anyway."""


def read_settings(config: Path | None = None) -> Settings:
    """Return the settings of this process's environment; raise `SettingsError`."""
    from audit.settings import load_settings

    return load_settings(os.environ, config)


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

    engine = open_engine(settings.database_url)
    upgrade(engine)
    return engine


@dataclass(frozen=True, slots=True)
class Store:
    """The writing side of a database: what the recording side drains into, and what imports go through."""

    read: Interpreter
    writer: Writer
    engine: Engine

    def append(self, calls: Sequence[Call]) -> Sequence[tuple[UUID, str]]:
        """Store calls, each once; return those that will never be taken, and why."""
        return self.writer.append(calls).refused

    def lost(self, loss: Loss) -> None:
        """Store that exchanges were lost."""
        self.writer.lost(loss.id, loss.at, loss.count, loss.reason)

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()


def open_store(settings: Settings) -> Store:
    """Return the configured database, ready to be written to; raise `StoreError`."""
    from audit.store.write import Writer

    engine = upgraded_engine(settings)
    return Store(interpreter(settings), Writer(engine), engine)


def open_reader(settings: Settings) -> Reader:
    """Return the configured database for reading, with what dead processes left in the journal brought in first."""
    from audit.recording.adoption import adopt
    from audit.recording.journal import writers
    from audit.store.engine import open_engine
    from audit.store.read import Reader

    store = open_store(settings)
    try:
        if settings.journal.is_dir() and writers(settings.journal):
            adopt(settings.journal, store)
    finally:
        store.close()
    return Reader(open_engine(settings.database_url, read_only=True))


def open_recorder(settings: Settings) -> Recorder:
    """Return a recorder that journals, and drains into the configured database; raise `JournalError`."""
    from audit.recording.keys import Fingerprints, load_secret
    from audit.recording.recorder import Recorder

    return Recorder(
        settings.journal,
        fingerprint=Fingerprints(load_secret(settings.home / "secret")),
        destination=(lambda: open_store(settings)) if settings.recording.drain else None,
    )


@cache
def default_recorder() -> Recorder | None:
    """Return this process's recorder, opened on first use as its environment says; None if recording is off."""
    settings = read_settings()
    if not settings.recording.enabled:
        return None
    recorder = open_recorder(settings)
    atexit.register(recorder.close, EXIT_WAIT_S)
    return recorder
