from __future__ import annotations

import json

import pytest

from tests.benchmarks import writer


def test_it_tells_what_the_database_takes_and_what_the_writer_makes_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert writer.main(["--calls", "60", "--batch", "30", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"sqlite", "postgresql"}
    for rates in found.values():
        assert rates["raw"] > rates["written"] > 0
        assert all(rates[name] > 0 for name in ("words", "written with words", "read and written"))
    assert writer.main(["--calls", "30", "--batch", "30", "--database", "sqlite", "--encrypted"]) == 0
    told = capsys.readouterr().out
    assert "of the limit" in told
    assert "encrypted" in told
