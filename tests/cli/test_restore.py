from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import text

from audit.store.engine import open_engine, sqlite_url
from audit.store.manifest import manifest_of
from tests.cli.terminal import Audit
from tests.databases import KIND, an_empty_database


@pytest.fixture
def backup(audit: Audit, filled: str, tmp_path: Path) -> str:
    """A backup of a record whose ledger is signed and anchored."""
    assert audit("ledger", "sign").code == 0
    assert audit("backup", str(tmp_path / "kept.db"), "--with-keys").code == 0
    return str(tmp_path / "kept.db")


def test_what_came_back_is_told_in_figures(audit: Audit, backup: str, tmp_path: Path) -> None:
    said = audit("restore", backup, "--to", sqlite_url(tmp_path / "back.db"))
    assert said.code == 0, said
    assert said.lines[0].startswith("copied    9 calls, ")
    assert said.lines[2:] == ["entries   11 ok; 10 anchored", "whole"]


def test_a_lost_home_comes_back_with_its_keys(
    audit: Audit, backup: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = audit("usage", "--json").json
    shutil.rmtree(home)
    monkeypatch.setenv("AUDIT_DATABASE_URL", an_empty_database(KIND, home))
    said = audit("restore", backup, "--with-keys", "--json", "--verify", "sample")
    assert (said.code, said.json["verified"], said.json["entries"]) == (0, True, {"ok": 11})
    assert audit("usage", "--json").json == before
    assert audit("verify").code == 0
    assert audit("ledger", "sign").out == "signed at 11 entries\n"


def test_an_older_one_is_told_to_be_older(audit: Audit, backup: str, filled: str, tmp_path: Path) -> None:
    engine = open_engine(filled)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM checkpoints"))
    engine.dispose()
    older = tmp_path / "older.db"
    assert audit("backup", str(older)).code == 0
    manifest = manifest_of(older)
    manifest.write_text(manifest.read_text().replace('"log_size": 12', '"log_size": 8'))
    said = audit("restore", str(older), "--to", sqlite_url(tmp_path / "back.db"))
    assert said.lines[2:] == [
        "entries   12 ok; 0 anchored",
        "older     an anchor knows of 2 entries that came after this backup. "
        "The ledger goes on only when `ledger.anchors` names another place.",
        "whole",
    ]


def test_what_was_altered_is_told_and_exits_with_1(audit: Audit, filled: str, tmp_path: Path) -> None:
    assert audit("ledger", "sign").code == 0
    engine = open_engine(filled)
    with engine.begin() as connection:
        connection.execute(text("UPDATE calls SET project = 'another' WHERE pk = (SELECT min(pk) FROM calls)"))
    engine.dispose()
    assert audit("backup", str(tmp_path / "kept.db")).code == 0
    said = audit("restore", str(tmp_path / "kept.db"), "--to", sqlite_url(tmp_path / "back.db"))
    assert said.code == 1
    assert any(line.startswith("ALTERED  call ") for line in said.lines)
    assert said.lines[-1] == "NOT WHOLE"
    said = audit("restore", str(tmp_path / "kept.db"), "--to", sqlite_url(tmp_path / "more.db"), "--json")
    assert (said.code, said.json["verified"], said.json["amiss"][0]["verdict"]) == (1, False, "ALTERED")


def test_a_backup_that_was_cut_is_refused(audit: Audit, backup: str, tmp_path: Path) -> None:
    path = Path(backup)
    path.write_bytes(path.read_bytes()[:-1])
    said = audit("restore", backup, "--to", sqlite_url(tmp_path / "back.db"))
    assert (said.code, said.out) == (2, "")
    assert "it is not whole" in said.err
    assert not (tmp_path / "back.db").exists()


def test_a_record_that_is_there_stays(audit: Audit, backup: str) -> None:
    said = audit("restore", backup)
    assert (said.code, said.out) == (2, "")
    assert "nothing is written over" in said.err
