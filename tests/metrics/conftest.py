"""A record to follow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.store.engine import open_engine
from audit.store.read import Reader
from audit.store.schema import upgrade
from audit.store.write import Writer


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    """Writes into an empty record."""
    engine = open_engine(f"sqlite:///{tmp_path / 'audit.db'}")
    upgrade(engine)
    yield Writer(engine)
    engine.dispose()


@pytest.fixture
def reader(writer: Writer, tmp_path: Path) -> Iterator[Reader]:
    """Reads from it."""
    reader = Reader(open_engine(f"sqlite:///{tmp_path / 'audit.db'}", read_only=True))
    yield reader
    reader.close()
