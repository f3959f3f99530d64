"""A record to follow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.store.engine import open_engine
from audit.store.read import Reader
from audit.store.schema import upgrade
from audit.store.write import Writer
from tests.databases import KIND, an_empty_database


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The URL of a database for it."""
    return an_empty_database(KIND, tmp_path)


@pytest.fixture
def writer(url: str) -> Iterator[Writer]:
    """Writes into an empty record."""
    engine = open_engine(url)
    upgrade(engine)
    yield Writer(engine)
    engine.dispose()


@pytest.fixture
def reader(writer: Writer, url: str) -> Iterator[Reader]:
    """Reads from it."""
    reader = Reader(open_engine(url, read_only=True))
    yield reader
    reader.close()
