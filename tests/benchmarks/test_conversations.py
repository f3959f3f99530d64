"""The benchmark of conversations in a small size: what a call costs does not grow with what was said before it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from audit.store.engine import open_engine
from audit.store.schema import upgrade
from tests.benchmarks import conversations
from tests.databases import a_database

MOST_BYTES = 2_900
"""Of the database for a call; in so small a record many pages are half empty."""


def test_a_call_costs_what_it_adds_and_no_more(tmp_path: Path) -> None:
    with a_database("sqlite", tmp_path) as url:
        engine: Engine = open_engine(url)
        upgrade(engine)
        report = conversations.measured(engine, 4, 20)
        engine.dispose()
    first, second = report.bands
    assert report.changed == 0
    assert second.raw > 1.4 * first.raw
    assert second.stored < 1.3 * first.stored
    assert max(second.stored, report.stored) < MOST_BYTES


def test_it_tells_what_it_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert conversations.main(["--conversations", "1", "--turns", "3"]) == 0
    assert "3 calls, bytes for each; 0 read back changed" in capsys.readouterr().out
    assert conversations.main(["--conversations", "1", "--turns", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["changed"] == 0
