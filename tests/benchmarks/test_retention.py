from __future__ import annotations

import json

import pytest

from tests.benchmarks import retention


def test_it_tells_how_fast_a_month_goes(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "POLICIES", {"all": retention.POLICIES["all"]})
    monkeypatch.setattr(retention, "TURNS", 4)
    assert retention.main(["--calls", "16", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"all, call by call", "all, at once"}
    assert all(rate > 0 for rate in found.values())


def test_it_is_told_as_a_table(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "rates", lambda calls: [("all, at once", 1_000.0 * calls)])
    assert retention.main(["--calls", "3"]) == 0
    assert capsys.readouterr().out.split() == ["all,", "at", "once", "3,000/s"]
