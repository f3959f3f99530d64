"""Power cuts, a few of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.campaigns import power
from tests.campaigns.disk import Disk, File


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = power.main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_nothing_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    code, told = run(capsys, "--cuts", "16", "--seed", "3")
    assert (code, told["failures"], set(told["harm"].values())) == (0, [], {0})
    assert told["batches acknowledged"] > 20
    assert told["cut again during recovery"] > 0
    assert told["checkpoints anchored"] > 10
    assert sum(told["scenes"].values()) == 16


def test_commits_that_are_not_synced_are_lost(capsys: pytest.CaptureFixture[str]) -> None:
    code, told = run(capsys, "--cuts", "10", "--synchronous", "NORMAL", "--seed", "2")
    assert (code, told["harm"]["lost"] > 0, told["harm"]["corrupt"]) == (1, True, 0)
    assert told["harm"]["ledger"] > 0, "what is gone was anchored"


def test_without_any_sync_the_database_is_corrupted(capsys: pytest.CaptureFixture[str]) -> None:
    code, told = run(capsys, "--cuts", "6", "--synchronous", "OFF")
    assert (code, told["harm"]["corrupt"] > 0) == (1, True)


def test_a_disk_that_says_it_has_synced_and_has_not_is_found_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(File, "sync", lambda _self: None)
    assert power.main(["--cuts", "5"]) == 1
    assert "cuts that did harm" in capsys.readouterr().out


def test_a_folder_that_is_not_synced_is_found_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Disk, "sync_names", lambda _self: None)
    assert run(capsys, "--cuts", "7")[1]["harm"]["lost"] > 0


def test_every_hundredth_cut_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(power, "_cut", lambda *_: [("lost", "one"), ("lost", "other")])
    assert power.main(["--cuts", "100", "--json"]) == 1
    told = capsys.readouterr()
    assert told.err == "100 cuts, 100 did harm\n"
    summary = json.loads(told.out)
    assert (summary["harm"]["lost"], summary["failures"][:2]) == (200, ["1.0: lost: one", "1.1: lost: one"])
    assert len(summary["failures"]) == 20
