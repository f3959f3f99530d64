from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from audit.ledger.proof import Proof
from audit.store.engine import sqlite_url
from tests.cli.ledgers import a_signed_ledger
from tests.cli.record import call_id
from tests.cli.terminal import Audit


@pytest.fixture
def proof(audit: Audit, filled: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A proof, whose content lies beside it in call.json; no database is where the settings say."""
    a_signed_ledger(home)
    path = tmp_path / "call.tlog-proof"
    path.write_text(audit("prove", call_id(2), "--content", str(tmp_path / "call.json")).out, encoding="utf-8")
    monkeypatch.setenv("AUDIT_DATABASE_URL", sqlite_url(home / "gone.db"))
    return path


def test_a_proof_holds_without_a_database(audit: Audit, proof: Path, home: Path) -> None:
    said = audit("verify-proof", str(proof), "--key", str(home / "ledger.pub"))
    assert (said.code, said.lines[1]) == (0, "what it is of was not given (--content)")
    assert said.lines[0].startswith("entry 1 is in the log audit/")
    assert not (home / "gone.db").exists()


def test_the_content_is_held_to_the_proof(audit: Audit, proof: Path, tmp_path: Path) -> None:
    content = str(tmp_path / "call.json")
    assert audit("verify-proof", str(proof), "--content", content).lines[1:] == [
        "and these are its own: metadata, request, response"
    ]
    told = audit("verify-proof", str(proof), "--content", content, "--json").json
    assert (told["index"], told["size"], told["content"]) == (1, 10, ["metadata", "request", "response"])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"request": base64.b64encode(b"other").decode()}, "the request is not what the log was told"),
        ({"salt": None, "body_salt": None}, "has nothing in it that could be compared"),
        ({"salt": "!"}, "is not what `audit prove --content` writes"),
        ({"salt": 7}, "is not what `audit prove --content` writes"),
    ],
)
def test_a_false_content_is_told(
    audit: Audit, proof: Path, tmp_path: Path, changes: dict[str, object], told: str
) -> None:
    content = json.loads((tmp_path / "call.json").read_text())
    (tmp_path / "false.json").write_text(json.dumps(content | changes))
    said = audit("verify-proof", str(proof), "--content", str(tmp_path / "false.json"))
    assert said.code == 2
    assert told in said.err


def test_a_content_of_which_bodies_are_gone_is_compared_as_far_as_it_goes(
    audit: Audit, proof: Path, tmp_path: Path
) -> None:
    content = json.loads((tmp_path / "call.json").read_text())
    (tmp_path / "less.json").write_text(json.dumps(content | {"request": None, "response": None}))
    said = audit("verify-proof", str(proof), "--content", str(tmp_path / "less.json"))
    assert said.lines[1] == "and these are its own: metadata"


def test_a_false_proof_is_told(audit: Audit, proof: Path, tmp_path: Path) -> None:
    held = Proof.parse(proof.read_text(encoding="utf-8"))
    other = Proof(index=2, hashes=held.hashes, checkpoint=held.checkpoint, extra=held.extra)
    bare = Proof(index=1, hashes=held.hashes, checkpoint=held.checkpoint)
    for text, told in ((other.text, "does not lead from this entry"), (bare.text, "does not bring the leaf")):
        proof.write_text(text, encoding="utf-8")
        said = audit("verify-proof", str(proof))
        assert (said.code, told in said.err) == (2, True)
    proof.write_bytes(b"\xff")
    assert "cannot read" in audit("verify-proof", str(proof)).err
