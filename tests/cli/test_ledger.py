from __future__ import annotations

from pathlib import Path

import pytest

from audit.ledger.note import VerifierKey, open_checkpoint
from tests.cli.ledgers import a_signed_ledger, alter
from tests.cli.terminal import Audit


def test_status_tells_what_is_signed_and_anchored(audit: Audit, filled: str, home: Path) -> None:
    assert audit("ledger", "status").lines[1:] == [
        "signed    0 entries",
        f"anchored  0 entries in {home / 'anchors' / 'checkpoints.jsonl'}",
    ]
    a_signed_ledger(home)
    told = audit("ledger", "status", "--json").json
    assert (told["signed"], list(told["anchors"].values())) == (10, [10])


def test_the_key_that_is_printed_is_the_public_one(audit: Audit, home: Path) -> None:
    said = audit("ledger", "key")
    assert str(VerifierKey.parse(said.out.strip())) == (home / "ledger.pub").read_text().strip()
    assert "PRIVATE" not in said.out


def test_signing_is_done_once(audit: Audit, filled: str) -> None:
    assert audit("ledger", "sign").out == "signed at 10 entries\n"
    assert audit("ledger", "sign").out == "all is signed already\n"


def test_a_log_that_was_rolled_back_is_not_signed(audit: Audit, filled: str, home: Path) -> None:
    a_signed_ledger(home)
    for statement in ("delete from checkpoints", "delete from entries where place > 5"):
        alter(filled, statement)
    said = audit("ledger", "sign")
    assert said.code == 2
    assert "the log has 6 entries, and 10 were signed" in said.err


def test_an_export_is_as_other_verifiers_read_it(
    audit: Audit, filled: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = audit("ledger", "export", str(tmp_path / "log"))
    assert (said.code, "nothing is signed yet" in said.err) == (1, True)
    a_signed_ledger(home)
    assert audit("ledger", "export", str(tmp_path / "log")).out == f"10 entries in {tmp_path / 'log'}\n"
    key = VerifierKey.parse((home / "ledger.pub").read_text().strip())
    assert open_checkpoint((tmp_path / "log" / "checkpoint").read_text(encoding="utf-8"), key).size == 10
    assert len((tmp_path / "log" / "tile" / "0" / "000.p" / "10").read_bytes()) == 10 * 32
    assert (tmp_path / "log" / "tile" / "entries" / "000.p" / "10").is_file()
    (tmp_path / "file").touch()
    assert "cannot write" in audit("ledger", "export", str(tmp_path / "file" / "x")).err


def test_checkpoints_of_another_key_are_told(audit: Audit, filled: str, home: Path) -> None:
    a_signed_ledger(home)
    line = audit("ledger", "key").out.strip()
    (home / "ledger.key").unlink()
    said = audit("ledger", "status")
    assert (said.code, "--key" in said.err) == (2, True)
    assert audit("ledger", "status", "--key", line).lines[1] == "signed    10 entries"
