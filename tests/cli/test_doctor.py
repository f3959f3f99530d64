from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.terminal import Audit

SUBJECTS = {
    "versions",
    "libraries",
    "environment",
    "home",
    "disk",
    "database",
    "journal",
    "recording",
    "canaries",
    "dashboard",
    "proxy",
}


def test_all_subjects_are_told_and_a_sound_installation_exits_with_0(audit: Audit, filled: str) -> None:
    said = audit("doctor")
    assert said.code == 0, said.out
    assert {line.split()[1] for line in said.lines} == SUBJECTS
    assert {line.split()[0] for line in said.lines} <= {"ok", "note"}


def test_what_is_bad_exits_with_1(audit: Audit, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "file").touch()
    monkeypatch.setenv("AUDIT_HOME", str(home / "file"))
    said = audit("doctor")
    assert said.code == 1
    assert [line for line in said.lines if line.startswith("BAD   home")]


def test_json_has_a_level_for_each(audit: Audit, filled: str) -> None:
    said = audit("doctor", "--json")
    assert said.code == 0
    assert {one["subject"] for one in said.json} == SUBJECTS
    assert {one["level"] for one in said.json} <= {"good", "note"}


def test_on_a_terminal_long_texts_stay_in_their_column(audit: Audit, filled: str, terminal: pytest.MonkeyPatch) -> None:
    terminal.setenv("NO_COLOR", "1")
    lines = audit("doctor").lines
    assert any(line.startswith(" " * 18) for line in lines)
    assert all(line[:18].strip() == "" or line[:4].strip() in ("ok", "note") for line in lines)
