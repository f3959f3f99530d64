"""Which kind of archive a file is."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.archives import open_archive
from audit.errors import ArchiveError


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'{"url": "https://host/v1"}\n', "JSONL"),
        (b'\xef\xbb\xbf{"url": "https://host/v1"}\n', "JSONL"),
        (b'{"log": {"entries": [{"request": {"url": "https://host/v1"}}]}}', "HAR"),
        (b'\xef\xbb\xbf\r\n{\n  "log" :\n{"entries": [{"request": {"url": "https://host/v1"}}]}}', "HAR"),
    ],
)
def test_a_kind_is_told_by_the_content(tmp_path: Path, content: bytes, kind: str) -> None:
    path = tmp_path / "archive"
    path.write_bytes(content)
    archive = open_archive(path)
    assert (archive.kind, archive.size) == (kind, len(content))
    [entry] = archive.entries(str)
    assert entry.exchange is not None
    assert entry.exchange.url == "https://host/v1"


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"", "is empty"), (b" \n", "is empty"), (b"url,status\n", "neither JSON lines nor HAR"), (b"[]", "neither")],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "archive"
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=problem):
        open_archive(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="No such file"):
        open_archive(tmp_path / "none")
    with pytest.raises(ArchiveError, match="directory"):
        open_archive(tmp_path)
