"""The campaign that takes the database away reckons, and tells of calls that fail or are not stored in time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.campaigns import outage

SMALL = ["--minutes", "0.02", "--rate", "20", "--json"]


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said


def test_a_database_that_is_gone_for_a_while_costs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    code = outage.main(["--way", "stopped", *SMALL])

    said = told(capsys)
    assert code == 0, said
    assert 0 < said["acknowledged"] == said["served"] == said["recorded"]


def test_a_database_that_does_not_come_back_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(outage.WAYS, "cut", lambda *_: None)
    monkeypatch.setattr(outage.Outage, "stored", property(lambda _: 1))
    monkeypatch.setattr(outage, "STORED_WITHIN_S", 0.5)

    code = outage.main(["--way", "cut", *SMALL])

    assert code == 1
    assert "are not stored after 0.5 s" in told(capsys)["failures"][0]
