from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit.errors import StoreError
from audit.store.engine import sqlite_url
from tests.cli.terminal import Audit
from tests.recording.kept import a_recorder, ask


def test_a_backup_is_told_in_figures(audit: Audit, filled: str, tmp_path: Path) -> None:
    said = audit("backup", str(tmp_path / "kept.db"))
    assert said.code == 0, said
    assert said.lines[0].startswith(f"backup    {tmp_path / 'kept.db'}, 0.")
    assert said.lines[1:] == ["holds     9 calls, 11 entries in the log"]


def test_who_made_it_is_in_the_ledger(audit: Audit, filled: str, tmp_path: Path) -> None:
    assert audit("backup", str(tmp_path / "kept.db")).code == 0
    told = f"all 9 calls by audit backup into {tmp_path / 'kept.db'}"
    assert audit("ledger", "acts", "--kind", "view").lines[1].endswith(told)


def test_what_the_ledger_could_not_note_is_said(
    audit: Audit, filled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unwritable(*_args: object, **_kwargs: object) -> None:
        raise StoreError("attempt to write a readonly database", permanent=True)

    monkeypatch.setattr("audit.store.views.enter_look", unwritable)
    said = audit("backup", str(tmp_path / "kept.db"))
    assert (said.code, said.lines[1]) == (0, "holds     9 calls, 0 entries in the log")
    assert said.err == "the ledger could not note this view: attempt to write a readonly database\n"


def test_what_is_not_in_it_is_told_and_where_the_keys_are(
    audit: Audit, filled: str, home: Path, tmp_path: Path
) -> None:
    recorder = a_recorder(home / "journal")
    ask(recorder)
    said = audit("backup", "--with-keys", str(tmp_path / "kept.db"))
    recorder.close()
    assert said.lines[2:] == [
        "lacks     1 calls that so far are only in the journal",
        f"keys      {tmp_path / 'kept.db.keys.json'}: keep them apart from the backup",
    ]


def test_json_is_the_manifest_and_where_it_is_of(audit: Audit, filled: str, tmp_path: Path) -> None:
    said = audit("backup", "--json", str(tmp_path))
    (kept,) = tmp_path.glob("audit-*.db")
    assert (said.code, said.json["file"], said.json["keys"]) == (0, str(kept), None)
    manifest = json.loads(kept.with_name(f"{kept.name}.manifest.json").read_text())
    assert {name: value for name, value in said.json.items() if name in ("sha256", "rows", "revision")} == {
        name: manifest[name] for name in ("sha256", "rows", "revision")
    }


@pytest.mark.sqlite_only(reason="a file that is not there yet")
def test_what_cannot_be_backed_up_is_told(audit: Audit, tmp_path: Path) -> None:
    said = audit("backup", str(tmp_path / "kept.db"))
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("Error: there is no record yet at sqlite:")


def test_how_far_it_has_come_is_shown_on_a_terminal(
    audit: Audit, filled: str, tmp_path: Path, terminal: pytest.MonkeyPatch
) -> None:
    assert audit("backup", str(tmp_path / "kept.db")).code == 0
    said = audit("restore", str(tmp_path / "kept.db"), "--to", sqlite_url(tmp_path / "back.db"))
    assert said.code == 0, said
    assert "rows" in said.err
    assert "100%" in said.err
