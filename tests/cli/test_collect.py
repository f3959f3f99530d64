from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from audit.cli import collect as module
from audit.recording.collector import Collected, Collector
from tests.cli.terminal import Audit
from tests.recording.kept import a_recorder, ask, no_space

PROGRESS = Collected(stored=1200, lost=3, depth_bytes=5, oldest_s=0.25, journals=2)


@pytest.fixture
def journal(home: Path) -> Path:
    return home / "journal"


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """How collecting was asked for; it tells one status and ends."""
    asked: list[Any] = []

    def collect(_settings: Any, *, with_parent: bool, standby: bool, tell: Any = lambda _progress: None) -> Collected:
        asked.append((with_parent, standby))
        tell(PROGRESS)
        return PROGRESS

    monkeypatch.setattr(module, "collect", collect)
    return asked


def test_once_brings_in_what_is_there_and_tells_how_much_that_was(audit: Audit, journal: Path) -> None:
    recorder = a_recorder(journal)
    with no_space():
        ask(recorder)
    ask(recorder)
    ask(recorder)
    said = audit("collect", "--once")
    assert (said.code, said.out) == (0, "calls brought in: 2; told to be lost: 1\n")
    assert audit("collect", "--once").out == "calls brought in: 0; told to be lost: 0\n"
    assert audit("calls", "list", "--json").json["total"] == 2


def test_it_stays_until_it_is_told_to_end_and_sums_up(audit: Audit, collected: list[Any], journal: Path) -> None:
    said = audit("collect")
    assert (said.code, said.out) == (0, "calls brought in: 1,200; told to be lost: 3\n")
    assert said.err == f"collecting what is journalled in {journal}; Ctrl-C stops\n"
    assert collected == [(False, False)]


def test_status_lines_are_objects_of_one_line(audit: Audit, collected: list[Any]) -> None:
    said = audit("collect", "--status-lines", "--with-parent", "--standby")
    assert [json.loads(line) for line in said.lines] == [
        {"pid": os.getpid(), "stored": 1200, "lost": 3, "depth_bytes": 5, "oldest_s": 0.25, "journals": 2}
    ]
    assert (said.code, said.err, collected) == (0, "", [(True, True)])


def test_a_second_collector_is_refused(audit: Audit, journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.recording.collector.LOCK_WAIT_S", 0.0)
    with Collector(journal, lambda: pytest.fail("nothing is to be stored")):
        said = audit("collect", "--once")
    assert said.code == 2
    assert said.err.startswith("Error: another collector is at work in ")


@pytest.mark.parametrize("option", ["--status-lines", "--with-parent", "--standby"])
def test_what_makes_no_sense_is_refused(audit: Audit, collected: list[Any], option: str) -> None:
    assert audit("collect", "--once", option).code == 2
    assert not collected
