from __future__ import annotations

from pathlib import Path

import pytest

from audit.store.rows import verified
from tests.cli.ledgers import a_signed_ledger, alter
from tests.cli.terminal import Audit


@pytest.fixture(autouse=True)
def _signed(filled: str, home: Path) -> None:
    a_signed_ledger(home)


def test_a_whole_record_is_said_to_be(audit: Audit) -> None:
    said = audit("verify")
    assert (said.code, said.lines[0], said.lines[-1]) == (0, "entries in the log    10", "whole and unchanged")
    assert "anchored              10 of 10" in said.lines
    assert audit("verify", "--since", "1h", "--sample", "2", "--json").json["faults"] == 0


def test_what_is_altered_is_told_and_ends_with_1(audit: Audit, filled: str) -> None:
    alter(filled, "update calls set status = 201 where status = 429")
    said = audit("verify")
    assert (said.code, said.lines[-1]) == (1, "NOT WHOLE")
    assert said.lines[0].startswith("ALTERED  call ")
    told = audit("verify", "--json")
    assert (told.code, told.json["faults"], told.json["entries"]) == (1, 1, {"ok": 9, "ALTERED": 1})


def test_of_many_faults_the_first_are_told(audit: Audit, filled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verified, "MOST_TOLD", 2)
    alter(filled, "update calls set duration_us = 7")
    said = audit("verify")
    assert said.lines[2] == "… and 7 more"


def test_what_is_anchored_nowhere_is_said_to_be(audit: Audit, home: Path) -> None:
    (home / "anchors" / "checkpoints.jsonl").unlink()
    said = audit("verify")
    assert said.code == 0
    assert "no checkpoint is anchored outside the database" in said.out


def test_a_key_may_be_given_as_a_line_or_a_file_and_an_anchor_by_name(audit: Audit, home: Path) -> None:
    line = audit("ledger", "key").out.strip()
    kept = (home / "anchors" / "checkpoints.jsonl").rename(home / "elsewhere.jsonl")
    for key in (line, str(home / "ledger.pub")):
        assert audit("verify", "--key", key, "--anchor", str(kept)).code == 0


def test_checkpoints_of_another_key_are_told(audit: Audit, home: Path) -> None:
    (home / "ledger.key").unlink()
    said = audit("verify")
    assert said.code == 2
    assert "--key" in said.err
