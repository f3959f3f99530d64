"""A file can be read at one sitting."""

from __future__ import annotations

from tests.architecture.sources import ROOT, sources

MOST_LINES = 400
LONGER = {
    "tests/dialects/test_anthropic_messages.py": "one format, whose cases share their fixtures",
    "tests/recording/test_httpx2.py": "one table of what clients do, over two libraries and two kinds of client",
    "tests/recording/test_recorder.py": "one recorder, whose tests share their way of calling",
}
"""Files that may be longer, and why."""


def test_no_other_file_is_too_long() -> None:
    files = sources("audit", "dashboard", "migrations", "tests")
    too_long = {source for source in files if lines(source) > MOST_LINES}
    assert too_long - LONGER.keys() == set(), "split by noun"
    assert LONGER.keys() - too_long == set(), "these are no exceptions any more"


def lines(source: str) -> int:
    return len((ROOT / source).read_text(encoding="utf-8").splitlines())
