"""Migrations that are killed."""

from __future__ import annotations

import json

import pytest

from tests.campaigns import upgrade_kill
from tests.databases import KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_database_is_usable_whoever_was_killed(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = upgrade_kill.main(["--database", kind, "--kills", "1", "--processes", "2", "--json"])

    assert code == 0, capsys.readouterr().out


def test_calls_that_are_missing_are_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(upgrade_kill, "put_calls", lambda _connection: None)

    assert upgrade_kill.main(["--kills", "1", "--processes", "1", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["failures"] == ["0: 0 calls of 3"]
