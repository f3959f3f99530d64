"""The campaign that takes the journal's disk away counts exactly, and tells of what does not add up."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audit.settings import Settings
from tests.campaigns import full_disk
from tests.campaigns.full_disk import TOLD, Siege
from tests.campaigns.reckoning import Reckoning
from tests.campaigns.troubles import WAYS

KINDS = (
    *("lost", "duplicated", "altered", "served otherwise", "served without a trace"),
    *("counted as lost", "left in the journal", "database"),
)
WRONG: dict[str, list[str]] = {kind: [] for kind in KINDS}
REFUSED = Reckoning(
    acknowledged=7, served=8, recorded=8, endings={"eof": 7, "unknown": 1}, wrong={**WRONG, "counted as lost": ["1: x"]}
)
"""Seven were served, one broken off."""
PASSED = Reckoning(
    acknowledged=8,
    served=8,
    recorded=6,
    endings={"eof": 5, "unknown": 1},
    wrong={**WRONG, "counted as lost": ["1: x", "2: y"], "altered": ["a: ended unknown", "a: has other bytes"]},
)
"""Of two nothing is recorded, of one the beginning."""


def amiss(folder: Path, mode: str, reckoning: Reckoning, *, refused: int, broken_off: int, told: int = 1) -> list[str]:
    siege = Siege(Settings(home=folder), folder, 0, mode=mode)
    siege.errors.write_text(f"{TOLD[mode]}\n" * told)
    return list(full_disk._amiss(siege, reckoning, refused, broken_off))


@pytest.mark.parametrize(
    ("way", "who", "mode"),
    [("full", "client", "pass"), ("full", "proxy", "refuse")],
)
def test_each_call_is_recorded_or_refused_or_counted(
    capsys: pytest.CaptureFixture[str], way: str, who: str, mode: str
) -> None:
    code = full_disk.main(["--way", way, "--who", who, "--mode", mode, "--calls", "5", "--json"])

    said: dict[str, Any] = json.loads(capsys.readouterr().out)[f"{way} {who} {mode}"]
    assert code == 0, said
    assert said["recorded"] > 0
    assert said["refused" if mode == "refuse" else "lost"] > 0


def test_trouble_that_does_not_end_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def impatiently(*_: object) -> None:
        monkeypatch.setattr(full_disk, "PATIENCE_S", 0.2)

    monkeypatch.setitem(full_disk.WAYS, "write-error", replace(WAYS["write-error"], end=impatiently))

    code = full_disk.main(["--way", "write-error", "--who", "client", "--mode", "refuse", "--calls", "1", "--json"])

    assert code == 1
    assert "for 0.2 s: nothing is recorded again" in capsys.readouterr().out


def test_what_adds_up_is_right(tmp_path: Path) -> None:
    assert amiss(tmp_path, "refuse", REFUSED, refused=3, broken_off=1) == []
    assert amiss(tmp_path, "pass", PASSED, refused=0, broken_off=0) == []


@pytest.mark.parametrize(
    ("changed", "seen", "told"),
    [
        ({"recorded": 7}, {}, "8 calls at the provider, 7 in the record"),
        ({"wrong": WRONG}, {}, "0 calls count as lost, of 8 at the provider 7 are recorded"),
        ({"acknowledged": 8}, {}, "8 were served and 1 broken off, 7 are recorded whole"),
        ({"wrong": {**REFUSED.wrong, "duplicated": ["a"]}}, {}, "duplicated: a"),
        ({"wrong": {**REFUSED.wrong, "served without a trace": ["a"]}}, {}, "served without a trace: a"),
        ({}, {"refused": 0}, "no call was refused"),
        ({}, {"told": 3}, "the log says 3 times"),
    ],
)
def test_what_does_not_is_told_where_calls_are_refused(
    tmp_path: Path, changed: dict[str, Any], seen: dict[str, int], told: str
) -> None:
    found = amiss(tmp_path, "refuse", replace(REFUSED, **changed), **{"refused": 3, "broken_off": 1, **seen})
    assert any(told in one for one in found), found


@pytest.mark.parametrize(
    ("changed", "seen", "told"),
    [
        ({"acknowledged": 7}, {}, "of 8 callers 7 were served"),
        ({}, {"refused": 1}, "of 8 callers 8 were served"),
        ({"wrong": {**PASSED.wrong, "altered": ["a: x", "b: y"]}}, {}, "altered"),
        ({"recorded": 9, "endings": {"unknown": 1}, "wrong": WRONG}, {}, "no call was lost"),
        ({"served": 9}, {}, "3 calls count as lost, of 9 at the provider 5 are recorded"),
    ],
)
def test_what_does_not_is_told_where_calls_pass(
    tmp_path: Path, changed: dict[str, Any], seen: dict[str, int], told: str
) -> None:
    found = amiss(tmp_path, "pass", replace(PASSED, **changed), **{"refused": 0, "broken_off": 0, **seen})
    assert any(told in one for one in found), found
