"""Databases with the schema that the migrations make: SQLite, and PostgreSQL where it is installed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text

from audit.store.engine import is_sqlite, open_engine
from audit.store.loading import MONTH_KEYS, PARTITIONED, partition
from audit.store.schema import upgrade
from audit.store.write import Writer
from tests.databases import KINDS, a_database, an_empty_database

__all__ = ["empty_url", "engine", "sqlite_url", "url", "writer"]


@pytest.fixture(params=KINDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without any table."""
    return an_empty_database(request.param, tmp_path)


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with all tables and nothing in them."""
    if request.param == "postgresql":
        found: str = request.getfixturevalue("_upgraded_postgresql")
        _clear(found)
        return found
    shutil.copy(request.getfixturevalue("_upgraded_sqlite"), tmp_path / "audit.db")
    return f"sqlite:///{tmp_path / 'audit.db'}"


@pytest.fixture
def sqlite_url(_upgraded_sqlite: Path, tmp_path: Path) -> str:
    """A SQLite database with all tables and nothing in them."""
    shutil.copy(_upgraded_sqlite, tmp_path / "audit.db")
    return f"sqlite:///{tmp_path / 'audit.db'}"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """The engine of such a database of each kind."""
    engine = open_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def writer(engine: Engine) -> Writer:
    """What appends to it."""
    return Writer(engine)


@pytest.fixture(scope="session")
def _upgraded_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("upgraded") / "audit.db"
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def _upgraded_postgresql(tmp_path_factory: pytest.TempPathFactory) -> str:
    with a_database("postgresql", tmp_path_factory.mktemp("upgraded")) as url:
        return url


def _clear(url: str) -> None:
    """Empty a database, and give it back the partitions that it began with: a test may have had them dropped."""
    engine = open_engine(url)
    assert not is_sqlite(engine)
    names = ", ".join(name for name in inspect(engine).get_table_names() if name != "alembic_version")
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))
        for name in PARTITIONED:
            month = f"FOR VALUES FROM (0) TO ({MONTH_KEYS})"
            connection.execute(text(f"CREATE TABLE IF NOT EXISTS {partition(name, 0)} PARTITION OF {name} {month}"))
    engine.dispose()
