"""A journal that is stored again and again."""

from __future__ import annotations

import json

import pytest

from tests.campaigns import replay
from tests.databases import KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_comes_twice(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = replay.main(["--database", kind, "--calls", "20", "--json"])

    assert code == 0
    assert json.loads(capsys.readouterr().out)["in the record after each time"] == [20, 20, 20]


def test_what_comes_twice_or_stays_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    counted = iter((1, 2, 3))
    monkeypatch.setattr(replay, "_stored", lambda _settings: next(counted))

    assert replay.main(["--calls", "1", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["in the record after each time"] == [1, 2, 3]
