"""`audit erase` and what it leaves."""

from __future__ import annotations

import json
from pathlib import Path

from audit.store.engine import open_engine
from audit.store.read import Reader
from audit.store.scope import Scope
from audit.wiring import read_settings
from tests.cli.ledgers import a_signed_ledger, alter
from tests.cli.terminal import Audit


def a_call_of(url: str) -> str:
    engine = open_engine(url)
    (row,) = Reader(engine).calls(Scope(), limit=1).rows
    engine.dispose()
    return str(row.id)


def test_it_must_be_told_what(audit: Audit, filled: str) -> None:
    said = audit("erase", "--ground", "Art. 17")
    assert said.code == 2
    assert "--conversation" in said.err


def test_a_dry_run_changes_nothing(audit: Audit, filled: str) -> None:
    call = a_call_of(filled)
    said = audit("erase", "--call", call, "--ground", "Art. 17", "--dry-run")
    assert said.code == 0
    assert said.err.startswith("1 calls with ")
    assert audit("calls", "show", call).code == 0


def test_bodies_go_and_the_call_is_still_shown(audit: Audit, filled: str) -> None:
    call = a_call_of(filled)
    said = audit("erase", "--call", call, "--ground", "Art. 17", "--bodies-only", "--yes")
    assert said.code == 0
    certificate = json.loads(said.out)
    assert (certificate["calls"], certificate["what"], certificate["ground"]) == (1, "bodies", "Art. 17")
    assert "(Art. 17)" in audit("calls", "show", call).out
    raw = audit("calls", "show", call, "--raw", "request")
    assert raw.code != 0
    assert "bodies erased on" in raw.err


def test_all_of_it_goes(audit: Audit, filled: str) -> None:
    call = a_call_of(filled)
    assert audit("erase", "--call", call, "--ground", "Art. 17", "--yes").code == 0
    assert audit("calls", "show", call).code != 0


def test_files_that_may_hold_it_still_are_told(audit: Audit, filled: str) -> None:
    folder = read_settings().journal
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rejected.journal").write_bytes(b"x")
    said = audit("erase", "--call", a_call_of(filled), "--ground", "Art. 17", "--yes")
    assert said.code == 1
    assert "rejected.journal" in said.out


def test_what_is_erased_is_told_from_what_is_missing(audit: Audit, filled: str, home: Path) -> None:
    a_signed_ledger(home)
    assert audit("erase", "--call", a_call_of(filled), "--ground", "Art. 17", "--yes").code == 0
    assert audit("erase", "--call", a_call_of(filled), "--ground", "Art. 17", "--bodies-only", "--yes").code == 0
    a_signed_ledger(home)
    said = audit("verify", "--json")
    assert (said.code, said.json["entries"]) == (0, {"ok": 10, "erased": 2})
    alter(filled, "delete from exchanges where call_pk = (select min(call_pk) from exchanges)")
    said = audit("verify", "--json")
    assert (said.code, said.json["entries"]) == (1, {"ok": 9, "erased": 2, "MISSING": 1})
    assert said.json["amiss"][0]["why"] == "its bodies are not in the record"


def test_what_is_erased_is_signed_or_said_not_to_be(audit: Audit, filled: str, home: Path) -> None:
    """An act has its place in the log with what is signed next; until then it is counted, and no fault."""
    a_signed_ledger(home)
    assert audit("erase", "--call", a_call_of(filled), "--ground", "Art. 17", "--yes").code == 0
    assert audit("verify").code == 0
