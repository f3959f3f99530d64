"""Erasure and holds in the configured database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from audit.wiring.acting import actor

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from audit.settings import Settings
    from audit.store.choosing import By
    from audit.store.erasing import Due, Erased, Request
    from audit.store.holds import Hold

__all__ = [
    "erase_and_scrub",
    "holds",
    "left_in_journal",
    "open_writable",
    "place",
    "release",
    "request",
    "would_go",
]


@contextmanager
def open_writable(settings: Settings) -> Iterator[Engine]:
    """Yield an engine for the configured database; what dead processes left in the journal is brought in first."""
    from audit.wiring import open_reader
    from audit.wiring.storing import upgraded

    open_reader(settings).close()
    with upgraded(settings) as engine:
        yield engine


def request(by: By, value: str, *, ground: str, bodies_only: bool) -> Request:
    """Return what the user of this process wants erased; raise `AuditError` for a name that can name nothing."""
    from audit.store.choosing import sound
    from audit.store.erasing import Request, What

    what = What.BODIES if bodies_only else What.ALL
    return Request(by=by, value=sound(by, value), what=what, ground=ground, actor=actor())


def would_go(engine: Engine, wanted: Request) -> Due:
    """Return what a request would erase. Raises `StoreError`."""
    from audit.store.engine import translated
    from audit.store.erasing import due

    with translated(), engine.connect().execution_options(reads=True) as connection:
        return due(connection, wanted)


def erase_and_scrub(settings: Settings, engine: Engine, wanted: Request, progress: Callable[[int], None]) -> Erased:
    """Erase what is named, from the database's files too, and sign that it was erased. Raises `StoreError`."""
    from audit.store.erasing import erase
    from audit.store.scrubbing import scrub
    from audit.wiring.keeping import carrying_on

    with carrying_on(settings, engine):
        erased = erase(engine, wanted, progress)
        if erased.calls:
            scrub(engine)
    return erased


def place(settings: Settings, by: By, value: str, reason: str) -> UUID:
    """Place a hold; return its id. Raises `AuditError` for a name that can name nothing."""
    from audit.store.holds import place_hold
    from audit.wiring.keeping import carrying_on

    with open_writable(settings) as engine, carrying_on(settings, engine):
        return place_hold(engine, by, value, reason=reason, actor=actor())


def release(settings: Settings, hold: UUID, reason: str) -> None:
    """Release a hold; raise `AuditError` if none with this id is in force."""
    from audit.store.holds import release_hold
    from audit.wiring.keeping import carrying_on

    with open_writable(settings) as engine, carrying_on(settings, engine):
        release_hold(engine, hold, reason=reason, actor=actor())


def holds(settings: Settings) -> list[Hold]:
    """Return all holds, the newest first. Raises `StoreError`."""
    from audit.store.engine import translated
    from audit.store.holds import holds_of

    with open_writable(settings) as engine, translated(), engine.connect().execution_options(reads=True) as connection:
        return holds_of(connection)


def left_in_journal(settings: Settings) -> list[Path]:
    """Return the files of the journal that hold anything: what was erased may stand in them still."""
    kinds = ("*.journal", "*.damaged", "*.rejected", "*.new")
    kept = (path for kind in kinds for path in settings.journal.glob(kind))
    return sorted(path for path in kept if path.stat().st_size)
