from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import syslog
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audit.errors import LedgerError
from audit.ledger.anchors import _BLOCK, FileAnchor, GitAnchor, SyslogAnchor, last_note_in, notes_in
from tests.ledger.keys import KEY, a_checkpoint

NOTES = [KEY.signed(a_checkpoint(size).text) for size in (1, 2, 3)]


def test_a_file_tells_again_what_it_was_given(tmp_path: Path) -> None:
    anchor = FileAnchor(tmp_path / "new" / "folder" / "notes.jsonl")
    assert (anchor.notes(), anchor.remembers, anchor.name) == ([], True, str(anchor.path))
    for note in NOTES:
        anchor.put(note)
    assert anchor.notes() == NOTES == notes_in(anchor.path)


@pytest.mark.parametrize("width", [0, _BLOCK - 400, _BLOCK - 300, _BLOCK, 3 * _BLOCK])
def test_the_last_line_is_told_however_long_and_wherever_it_begins(tmp_path: Path, width: int) -> None:
    anchor = FileAnchor(tmp_path / "notes")
    assert anchor.last() is None
    for note in NOTES:
        anchor.put(note, beside="x" * width)
        assert anchor.last() == note == last_note_in(anchor.path)
    with anchor.path.open("a") as file:
        file.write('{"note": "' + "x" * width)
    assert anchor.last() == NOTES[2], "what was cut off was never promised"


def test_a_line_says_when_and_what(tmp_path: Path) -> None:
    FileAnchor(tmp_path / "notes").put(NOTES[0], more="x")
    line = json.loads((tmp_path / "notes").read_text())
    assert (line["note"], line["more"]) == (NOTES[0], "x")
    assert abs(datetime.fromisoformat(line["at"]) - datetime.now(UTC)) < timedelta(hours=1)


def test_a_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "notes"
    FileAnchor(path).put(NOTES[0])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_what_was_put_is_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bytes] = []
    monkeypatch.setattr(os, "fsync", lambda _: synced.append((tmp_path / "notes").read_bytes()))
    FileAnchor(tmp_path / "notes").put(NOTES[0])
    assert synced == [(tmp_path / "notes").read_bytes()]


def test_a_line_that_was_cut_off_is_passed_over_and_the_next_stands_alone(tmp_path: Path) -> None:
    anchor = FileAnchor(tmp_path / "notes")
    anchor.put(NOTES[0])
    whole = anchor.path.read_text()
    for end in range(1, len(whole)):
        anchor.path.write_text(whole + whole[:end])
        assert anchor.notes() == [NOTES[0]]
    anchor.put(NOTES[1])
    assert anchor.notes() == NOTES[:2]


@pytest.mark.parametrize("line", ["", "{", "[]", "{}", '{"at": 1}', "null"])
def test_a_line_that_is_no_checkpoint(tmp_path: Path, line: str) -> None:
    anchor = FileAnchor(tmp_path / "notes")
    anchor.put(NOTES[0])
    with anchor.path.open("a") as file:
        file.write(f"{line}\n")
    anchor.put(NOTES[1])
    with pytest.raises(LedgerError, match=f"line 2 of the anchor {anchor.path} is not a checkpoint"):
        anchor.notes()
    assert anchor.last() == NOTES[1]


def test_a_last_line_that_is_no_checkpoint(tmp_path: Path) -> None:
    for line in (b"{}\n", b"\xff\n"):
        (tmp_path / "notes").write_bytes(line)
        with pytest.raises(LedgerError, match=f"the last line of the anchor {tmp_path}/notes is not a checkpoint"):
            FileAnchor(tmp_path / "notes").last()
    with pytest.raises(LedgerError, match=f"cannot read the anchor {tmp_path}"):
        last_note_in(tmp_path)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "notes").write_bytes(b"\xff\n")
    for path in (tmp_path, tmp_path / "notes"):
        with pytest.raises(LedgerError, match=f"cannot read the anchor {path}"):
            notes_in(path)


def test_a_file_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LedgerError, match=f"cannot anchor the ledger in {tmp_path}: Is a directory"):
        FileAnchor(tmp_path).put(NOTES[0])
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match="cannot anchor the ledger in"):
        FileAnchor(tmp_path / "file" / "notes").put(NOTES[0])

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LedgerError, match=r"cannot anchor the ledger in .*: No space left on device"):
        FileAnchor(tmp_path / "notes").put(NOTES[0])


needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="GIT ANCHORS NOT TESTED: apt-get install git")


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True, text=True)
    return done.stdout


@needs_git
def test_a_repository_gets_each_checkpoint_as_a_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    anchor = GitAnchor(tmp_path)
    assert (anchor.notes(), anchor.remembers, anchor.name) == ([], True, f"git repository {tmp_path}")
    for note in NOTES[:2]:
        anchor.put(note)
    assert (anchor.notes(), anchor.last()) == (NOTES[:2], NOTES[1])
    said = git(tmp_path, "log", "--format=%s by %an").splitlines()
    assert said == ["Checkpoint at 2 entries by audit", "Checkpoint at 1 entries by audit"]
    assert git(tmp_path, "status", "--porcelain") == ""
    kept = git(tmp_path, "show", "HEAD:checkpoints.jsonl").splitlines()
    assert [json.loads(line)["note"] for line in kept] == NOTES[:2]


@needs_git
def test_a_folder_that_is_no_repository(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=f"cannot anchor the ledger in git repository {tmp_path}: .*not a git repo"):
        GitAnchor(tmp_path).put(NOTES[0])


@needs_git
def test_a_commit_that_failed_goes_with_the_next(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".git" / "index.lock").touch()
    with pytest.raises(LedgerError, match=r"index.lock"):
        GitAnchor(tmp_path).put(NOTES[0])
    (tmp_path / ".git" / "index.lock").unlink()
    GitAnchor(tmp_path).put(NOTES[1])
    assert len(git(tmp_path, "show", "HEAD:checkpoints.jsonl").splitlines()) == 2


def test_without_git_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LedgerError, match=r"cannot anchor the ledger in git repository .*No such file"):
        GitAnchor(tmp_path).put(NOTES[0])


def test_the_systems_log_gets_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[tuple[int, str]] = []
    monkeypatch.setattr(syslog, "syslog", lambda level, line: lines.append((level, line)))
    anchor = SyslogAnchor()
    anchor.put(NOTES[2])
    root = NOTES[2].splitlines()[2]
    assert lines == [(syslog.LOG_NOTICE, f"audit checkpoint audit/log-1 3 {root}")]
    assert (anchor.notes(), anchor.last(), anchor.remembers, anchor.name) == ((), None, False, "syslog")
