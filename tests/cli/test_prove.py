from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit.ledger.proof import Proof
from tests.cli.ledgers import a_signed_ledger, alter
from tests.cli.record import call_id
from tests.cli.terminal import Audit


@pytest.fixture(autouse=True)
def _signed(filled: str, home: Path) -> None:
    a_signed_ledger(home)


def test_a_call_is_proven_and_its_content_written(audit: Audit, tmp_path: Path) -> None:
    said = audit("prove", call_id(2), "--content", str(tmp_path / "call.json"))
    assert (said.code, Proof.parse(said.out).index) == (0, 1)
    content = json.loads((tmp_path / "call.json").read_text())
    assert {name for name, part in content.items() if part} == {
        *("leaf_input", "salt", "metadata", "body_salt", "request", "response"),
    }


def test_without_content_only_the_proof_is_printed(audit: Audit) -> None:
    assert audit("prove", call_id(3)).out.startswith("c2sp.org/tlog-proof@v1\n")


def test_a_call_that_is_gone_is_proven_by_its_whole_id(audit: Audit, filled: str, tmp_path: Path) -> None:
    for table in ("exchanges", "searched", "calls"):
        if table != "searched":
            alter(filled, f"delete from {table}")
    said = audit("prove", call_id(2), "--content", str(tmp_path / "call.json"))
    assert said.code == 0
    assert json.loads((tmp_path / "call.json").read_text())["metadata"] is None


@pytest.mark.parametrize(
    ("called", "told"), [("zzz", "no call, or more than one, is called 'zzz'"), (call_id(99), "has no entry")]
)
def test_what_is_not_there_is_told(audit: Audit, called: str, told: str) -> None:
    said = audit("prove", called)
    assert said.code == 2
    assert told in said.err
