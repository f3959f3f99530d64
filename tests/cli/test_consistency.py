from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from audit.ledger.note import Checkpoint, signed
from audit.store.engine import open_engine
from audit.store.write import Writer
from audit.wiring.ledger import load_signer
from tests.cli.ledgers import a_signed_ledger, note_of
from tests.cli.terminal import Audit
from tests.store.samples import a_call


@pytest.fixture
def pair(filled: str, home: Path, tmp_path: Path) -> tuple[str, str]:
    """Two checkpoints, at ten entries and at eleven."""
    old = note_of(a_signed_ledger(home), tmp_path / "old")
    engine = open_engine(filled)
    with closing(Writer(engine)) as writer:
        writer.append([a_call(1)])
    engine.dispose()
    new = note_of(a_signed_ledger(home), tmp_path / "new")
    return str(old), str(new)


def test_a_log_that_only_grew_is_said_to_have(audit: Audit, pair: tuple[str, str]) -> None:
    said = audit("consistency", *pair)
    assert said.code == 0
    assert said.out.endswith("has only grown, from 10 to 11 entries\n")
    told = audit("consistency", *pair, "--json").json
    assert (told["old"], told["new"], len(told["proof"]) > 0) == (10, 11, True)


def test_checkpoints_the_wrong_way_round_are_told(audit: Audit, pair: tuple[str, str]) -> None:
    said = audit("consistency", *reversed(pair))
    assert said.code == 2
    assert "is the newer one: it has 11 entries" in said.err


def test_a_log_that_was_rewritten_is_told(audit: Audit, pair: tuple[str, str], home: Path) -> None:
    signer = load_signer(a_signed_ledger(home))
    Path(pair[0]).write_text(signed(Checkpoint(signer.name, 10, b"x" * 32).text, signer), encoding="utf-8")
    said = audit("consistency", *pair)
    assert said.code == 2
    assert "does not begin with the older" in said.err


def test_what_cannot_be_read_is_told(audit: Audit, pair: tuple[str, str]) -> None:
    Path(pair[0]).write_bytes(b"\xff")
    said = audit("consistency", *pair)
    assert said.code == 2
    assert "cannot read" in said.err
