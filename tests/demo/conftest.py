"""A small performance on a fake provider, and what is left of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from audit.demo.programme import ACTS, SAMPLE
from audit.demo.show import Stage, performing
from audit.store.copying import copy_record
from audit.store.engine import open_engine, opened, sqlite_url
from audit.store.read import Reader
from tests.databases import KIND, the_database

FEW = (SAMPLE, *(act for act in ACTS if act.retries or act.method == "GET" or "cached" in act.scenario))


@dataclass(frozen=True)
class Performed:
    """What the provider says that it served, and where the record is."""

    served: list[dict[str, Any]]
    sent: int
    database: Path

    def row(self, **facts: Any) -> dict[str, Any]:
        """Return the first row of the provider's list that is so."""
        return next(row for row in self.served if all(row[name] == value for name, value in facts.items()))


@pytest.fixture(scope="session")
def performed(tmp_path_factory: pytest.TempPathFactory) -> Performed:
    """A few acts, performed."""
    home = tmp_path_factory.mktemp("performed")
    with performing(home) as stage:
        sent = stage.perform(FEW)
        assert stage.compare(sent=sent).right
        served = httpx2.get(f"{stage.simulator}/__sim/served", trust_env=False).json()
    return Performed(served=served, sent=sent, database=home / "audit.db")


@pytest.fixture
def database(performed: Performed, tmp_path: Path) -> str:
    """The URL of a record of that performance, for a test to spoil."""
    if KIND == "sqlite":
        shutil.copy(performed.database, tmp_path / "audit.db")
    else:
        with opened(sqlite_url(performed.database)) as source, opened(the_database(tmp_path)) as target:
            copy_record(source, target)
    return the_database(tmp_path)


@pytest.fixture
def reader(database: str) -> Iterator[Reader]:
    """Reads that record."""
    engine = open_engine(database)
    yield Reader(engine)
    engine.dispose()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """An empty stage."""
    home = tmp_path / "stage"
    home.mkdir()
    with performing(home) as stage:
        yield stage
