"""Installations with a record of each kind, to be backed up and restored."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from audit.settings import Settings
from audit.store import tables
from audit.store.engine import open_engine
from audit.store.write import Writer
from audit.wiring.keeping import sign_now
from audit.wiring.ledger import load_signer
from tests.databases import KIND, a_database
from tests.store.samples import a_call
from tests.store.whole import fill_all

__all__ = ["a_filled_installation", "an_installation", "ids_in", "record"]


def an_installation(folder: Path, kind: str = KIND) -> Settings:
    """Return the settings of one whose database has its tables and nothing in them."""
    folder.mkdir()
    with a_database(kind, folder) as url:
        return Settings.model_validate({"home": folder / "home", "store": {"url": url}})


def a_filled_installation(folder: Path, kind: str = KIND) -> Settings:
    """Return those of one whose record has something of everything, signed and anchored."""
    settings = an_installation(folder, kind)
    engine = open_engine(settings.database_url)
    fill_all(engine, load_signer(settings))
    engine.dispose()
    record(settings, 50)
    sign_now(settings)
    return settings


def record(settings: Settings, number: int) -> None:
    """Record one more call."""
    engine = open_engine(settings.database_url)
    Writer(engine).append([a_call(number)])
    engine.dispose()


def ids_in(url: str) -> set[int]:
    """Return the numbers of the calls in a database."""
    engine = open_engine(url, read_only=True)
    with engine.begin() as connection:
        ids = connection.execute(select(tables.calls.c.id)).scalars().all()
    engine.dispose()
    return {int(one.hex[-12:]) for one in ids}  # as `an_id` makes them
