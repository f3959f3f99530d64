"""A file can be read at one sitting."""

from __future__ import annotations

from tests.architecture.sources import ROOT, sources

MOST_LINES = 400


def test_no_file_is_too_long() -> None:
    files = sources("audit", "dashboard", "migrations", "tests")
    assert {source for source in files if lines(source) > MOST_LINES} == set(), "split by noun"


def lines(source: str) -> int:
    return len((ROOT / source).read_text(encoding="utf-8").splitlines())
