"""All that is tampered with is found; the campaign of the same name does this on a larger scale."""

from __future__ import annotations

import json

import pytest

from tests.campaigns import tamper
from tests.campaigns.tampering import TAMPERINGS, flip
from tests.databases import KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_all_is_found_and_nothing_else(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert tamper.main(["--tamperings", "6", "--seed", "5", "--database", kind, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (sum(told["found"].values()), told["missed"], told["false_alarms"]) == (6, [], [])


def test_what_is_missed_and_what_is_told_wrongly_shows(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tamper, "TAMPERINGS", {way: n for way, n in TAMPERINGS.items() if way is not flip})
    monkeypatch.setattr(tamper, "verdict", lambda *_: "")
    assert tamper.main(["--tamperings", "3"]) == 1
    assert "1.4: del" in capsys.readouterr().out
    answers = iter(["found", "wrong"] * 100)
    monkeypatch.setattr(tamper, "verdict", lambda *_: next(answers))
    assert tamper.main(["--tamperings", "1"]) == 1
    assert "wrong" in capsys.readouterr().out
