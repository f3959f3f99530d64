from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from audit.errors import AuditError
from audit.store import manifest as module
from audit.store.manifest import Manifest, checked_manifest, manifest_of, sha256_of, write_json

CONTENT = b"what is kept" * 100


def a_backup(folder: Path, **over: Any) -> Path:
    path = folder / "kept.db"
    path.write_bytes(CONTENT)
    told: dict[str, Any] = {
        "sha256": sha256_of(path),
        "size_bytes": len(CONTENT),
        "made_at": datetime(2026, 1, 2, tzinfo=UTC),
        "audit": "0.1.0",
        "revision": "0003",
        "rows": {"calls": 3},
        "log_size": 3,
        "checkpoint": None,
        "key": None,
        "not_collected": 0,
    }
    write_json(manifest_of(path), Manifest(**{**told, **over}))
    return path


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = a_backup(tmp_path, checkpoint="a note\n", not_collected=2)
    found = checked_manifest(path)
    assert (found.rows, found.checkpoint, found.not_collected) == ({"calls": 3}, "a note\n", 2)
    assert found.made_at == datetime(2026, 1, 2, tzinfo=UTC)


def test_it_is_json_for_its_owners_eyes_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    path = manifest_of(a_backup(tmp_path))
    assert json.loads(path.read_text())["made_at"] == "2026-01-02T00:00:00Z"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {one.name for one in tmp_path.iterdir()} == {"kept.db", "kept.db.manifest.json"}


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        write_json(tmp_path / "x.json", object())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (CONTENT[:-1], "it is not whole"),
        (CONTENT + b"x", "it is not whole"),
        (CONTENT[:-1] + b"X", "its SHA-256 is another"),
        (b"", "has 0 bytes"),
    ],
)
def test_a_file_that_is_not_as_it_was_made_is_told(tmp_path: Path, content: bytes, told: str) -> None:
    path = a_backup(tmp_path)
    path.write_bytes(content)
    with pytest.raises(AuditError, match=told):
        checked_manifest(path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is no manifest"),
        (b"\xff\xfe", "is no manifest"),
        (b"[" * 100_000, "is no manifest"),
        (b"[]", "is no manifest"),
        (b'{"form": 1}', "missing required field"),
    ],
)
def test_what_is_no_manifest_is_told(tmp_path: Path, content: bytes, told: str) -> None:
    path = a_backup(tmp_path)
    manifest_of(path).write_bytes(content)
    with pytest.raises(AuditError, match=told):
        checked_manifest(path)


def test_a_file_without_a_manifest_is_no_backup(tmp_path: Path) -> None:
    path = a_backup(tmp_path)
    manifest_of(path).unlink()
    with pytest.raises(AuditError, match=r"is no backup, or one that was not finished; `audit db copy`"):
        checked_manifest(path)


def test_a_form_that_is_not_known_is_told(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match=r"newer audit \(form 2\)"):
        checked_manifest(a_backup(tmp_path, form=2))


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = a_backup(tmp_path)
    path.unlink()
    with pytest.raises(AuditError, match=r"cannot read .*kept\.db: No such file"):
        checked_manifest(path)
    manifest_of(path).unlink()
    manifest_of(path).mkdir()
    with pytest.raises(AuditError, match=r"cannot read .*manifest\.json: Is a directory"):
        checked_manifest(path)


def test_it_is_not_read_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 20)
    with pytest.raises(AuditError, match="is no manifest"):
        checked_manifest(a_backup(tmp_path))
