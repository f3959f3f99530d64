"""Records that several tests look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dashboard.record import (
    HOSTILE,
    LONG_NAME,
    a_chat,
    a_record,
    filled_record,
    hostile_calls,
    name_keys,
    the_sample,
)


@pytest.fixture(scope="session")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a record with calls of ten days, checks, hostile text and a name of 120 characters."""
    exchanges = [the_sample(), a_chat(2, model=LONG_NAME), *hostile_calls()]
    url = filled_record(tmp_path_factory.mktemp("traffic"), 600, exchanges)
    name_keys(url, HOSTILE[3])
    return url


@pytest.fixture(scope="session")
def nothing(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a record without calls."""
    return a_record(tmp_path_factory.mktemp("nothing"))


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """The environment of the pages, with settings of its own."""
    config = tmp_path / "audit.toml"
    config.touch()
    monkeypatch.setenv("AUDIT_HOME", str(tmp_path))
    monkeypatch.setenv("AUDIT_CONFIG", str(config))
    return monkeypatch
