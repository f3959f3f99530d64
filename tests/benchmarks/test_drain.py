from __future__ import annotations

import json

import pytest

from tests.benchmarks import drain


def test_it_tells_how_fast_a_journal_gets_into_the_database(capsys: pytest.CaptureFixture[str]) -> None:
    assert drain.main(["--calls", "120", "--rounds", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"sqlite", "postgresql"}
    for (rates,) in found.values():
        assert rates["stored"] > rates["both"] > 0
        assert rates["words"] > rates["both"]
    assert drain.main(["--calls", "10", "--rounds", "1", "--database", "sqlite"]) == 0
    assert capsys.readouterr().out.startswith("sqlite      stored")
