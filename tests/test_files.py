"""Files that are their owner's alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from audit.files import sync_folder, write_private


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_file_is_whole_its_owners_alone_and_written_once(tmp_path: Path) -> None:
    write_private(tmp_path / "key", b"first")
    with pytest.raises(FileExistsError):
        write_private(tmp_path / "key", b"second")
    assert (tmp_path / "key").read_bytes() == b"first"
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    write_private(tmp_path / "key", b"third", over=True)
    assert (tmp_path / "key").read_bytes() == b"third"
    assert names(tmp_path) == ["key"]


@pytest.mark.parametrize("failing", ["fsync", "link"])
def test_what_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(OSError, match="No space left"):
        write_private(tmp_path / "key", b"content")
    assert names(tmp_path) == []


def test_file_and_folder_are_on_stable_storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(stat.S_ISDIR(os.fstat(descriptor).st_mode)))
    write_private(tmp_path / "key", b"content")
    assert synced == [False, True]
    sync_folder(tmp_path)
    assert synced == [False, True, True]
