"""The campaign against recording clients kills, reckons, and tells of what ends by itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.campaigns import kill


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said


def test_kills_of_who_only_journals_and_of_the_collector_lose_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    code = kill.main(["--kills", "1", "--seed", "2", "--writers", "1", "--database", "journal", "--json"])

    said = told(capsys)
    assert code == 0, said
    assert said["kills"] == 1
    assert said["collectors killed"] > 0
    assert 0 < said["acknowledged"] <= said["recorded"]


def test_a_collector_that_ends_by_itself_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(kill, "COLLECT", ["no_such_module"])
    monkeypatch.setattr(kill, "COLLECTOR_LIVES_S", (3.0, 3.0))

    code = kill.main(["--kills", "0", "--writers", "1", "--database", "journal", "--json"])

    assert code == 1
    assert told(capsys)["failures"] == ["a collector ended by itself with code 1"]
