"""Signs of life."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import Any

import pytest

from audit.recording.lock import WriterLock, is_held


def test_a_lock_is_had_once(tmp_path: Path) -> None:
    lock = WriterLock.take(tmp_path / "a.lock")
    assert lock is not None
    assert WriterLock.take(tmp_path / "a.lock") is None
    lock.release(remove=False)
    again = WriterLock.take(tmp_path / "a.lock")
    assert again is not None
    again.release(remove=True)
    assert list(tmp_path.iterdir()) == []


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    WriterLock.take(tmp_path / "a.lock")
    assert (tmp_path / "a.lock").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("come_back", [False, True])
def test_a_lock_that_was_removed_while_it_was_being_taken_is_not_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, come_back: bool
) -> None:
    """Or its owner would hold a file that nobody finds, and nobody would ever look after what it leaves."""
    path, lock_file = tmp_path / "a.lock", fcntl.flock

    def remove_first(descriptor: int, how: int) -> Any:
        path.unlink()
        if come_back:
            path.touch()
        return lock_file(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", remove_first)
    assert WriterLock.take(path) is None


def test_whether_it_is_held_can_be_asked_without_a_trace(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    assert not is_held(path)
    assert list(tmp_path.iterdir()) == []
    lock = WriterLock.take(path)
    assert lock is not None
    assert is_held(path)
    lock.release(remove=False)
    assert not is_held(path)
    assert WriterLock.take(path) is not None
