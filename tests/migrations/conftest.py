"""A database without tables, and what brings it up to date."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.config import Config
from sqlalchemy import Engine

from audit.store.engine import open_engine
from tests.databases import KINDS, an_empty_database

__all__ = ["config", "engine"]

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=KINDS)
def engine(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The configured database, without any table."""
    url = an_empty_database(request.param, tmp_path)
    monkeypatch.setenv("AUDIT_DATABASE_URL", url)
    monkeypatch.setenv("AUDIT_CONFIG", str(tmp_path / "audit.toml"))
    (tmp_path / "audit.toml").write_text("")
    engine = open_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def config() -> Config:
    """The project's own configuration."""
    return Config(toml_file=ROOT / "pyproject.toml")
