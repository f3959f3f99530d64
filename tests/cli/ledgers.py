"""A record whose ledger is signed, in the home folder of a test."""

from __future__ import annotations

import os
from pathlib import Path

from audit import wiring
from audit.settings import Settings
from audit.store.engine import open_engine
from audit.wiring.keeping import sign_now
from audit.wiring.ledger import open_ledger

__all__ = ["a_signed_ledger", "alter", "note_of"]


def a_signed_ledger(home: Path) -> Settings:
    """Sign the ledger of the record in the home folder, and return its settings."""
    settings = wiring.read_settings(Path(os.environ["AUDIT_CONFIG"]))
    assert settings.home == home
    sign_now(settings)
    return settings


def note_of(settings: Settings, path: Path) -> Path:
    """Write the newest checkpoint into a file and return it."""
    with open_ledger(settings) as reader:
        note = reader.last_note()
    assert note is not None
    path.write_text(note, encoding="utf-8")
    return path


def alter(url: str, statement: str) -> None:
    """Do to the database what nobody should."""
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()
