"""What is recorded and not in the database yet, as the command tells it."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import UUID

import pytest

from audit.recording.frames import encode_exchange
from audit.recording.rejected import set_aside
from audit.store import write
from tests.cli.terminal import Audit
from tests.factories import an_exchange
from tests.recording.kept import URL, a_recorder, ask, begin

ONE, OTHER = (an_exchange(id=UUID(int=(7 << 76) + (2 << 62) + number)) for number in (1, 2))


@pytest.fixture
def journal(home: Path) -> Path:
    folder = home / "journal"
    folder.mkdir()
    return folder


def test_a_journal_that_is_empty_or_not_there_is_well(audit: Audit, home: Path) -> None:
    said = audit("journal", "status")
    assert (said.code, said.lines) == (
        0,
        ["waiting    nothing: all calls that have ended are in the database", "collector  none"],
    )
    assert list(home.iterdir()) == []
    for words in (["list"], ["list", "--rejected"], ["retry", "--all"]):
        said = audit("journal", *words)
        assert (said.code, said.out, said.err.startswith("no call ")) == (0, "", True)
    assert audit("journal", "list", "--json").json == {"total": 0, "calls": []}
    assert not (home / "audit.db").exists()


def test_what_waits_is_told_with_whose_it_is(audit: Audit, journal: Path) -> None:
    recorder = a_recorder(journal)
    ask(recorder)
    tape = begin(recorder)
    said = audit("journal", "status", "--watch", "0.001")
    assert said.code == 0
    assert said.lines[0].startswith("waiting    1 call, 0.")
    assert said.lines[1].startswith("oldest     ended 20")
    assert said.lines[2].startswith("rate       0.0 calls a second come in, 0.0 go into the database (in ")
    assert said.lines[3] == "collector  none"
    assert said.lines[5].split()[:3] == ["writer", "process", "state"]
    assert said.lines[6].split()[1:5] == [str(os.getpid()), "journalling", "1", "1"]
    told = audit("journal", "status", "--json").json
    assert (told["waiting"], told["rates"], told["set_aside"], told["oldest_s"] >= 0) == (1, None, 0, True)
    assert (told["writers"][0]["waiting"], told["writers"][0]["under_way"]) == (1, 1)
    assert tape is not None


def test_calls_that_wait_are_listed(audit: Audit, journal: Path) -> None:
    recorder = a_recorder(journal)
    ask(recorder)
    ask(recorder)
    said = audit("journal", "list", "--limit", "1")
    assert (len(said.lines), said.err) == (2, "1 more; --limit shows them\n")
    assert URL in said.lines[1]
    told = audit("journal", "list", "--json").json
    assert (told["total"], [call["method"] for call in told["calls"]]) == (2, ["POST", "POST"])


def test_what_was_set_aside_is_told_with_its_reason(audit: Audit, journal: Path) -> None:
    set_aside(journal, ONE, "DataError: too\x1bodd")
    (journal / "rejected.journal").write_bytes(b"".join(encode_exchange(OTHER)) + b"noise")
    (journal / "1-a.0.damaged").write_bytes(b"noise")
    said = audit("journal", "status")
    assert said.code == 1
    assert "set aside  2 calls that the database has refused; `audit journal list --rejected` tells why" in said.out
    assert f"damaged    {journal}/1-a.0.damaged holds what cannot be read" in said.out
    said = audit("journal", "list", "--rejected")
    assert (said.code, len(said.lines)) == (0, 4)
    assert str(ONE.id) in said.lines[1]
    assert said.lines[1].endswith(f"POST {ONE.url}  DataError: too\\u001bodd")
    assert said.lines[2].endswith("not known: a version that kept no reasons has set it aside")
    assert "cannot be read from byte " in said.lines[3]
    told = audit("journal", "list", "--rejected", "--json").json["calls"]
    assert [call["tries"] for call in told] == [1, 1, None]


def test_what_was_set_aside_is_stored_once_the_cause_is_mended(audit: Audit, journal: Path) -> None:
    for exchange in (ONE, OTHER):
        set_aside(journal, exchange, "DataError: too odd")
    said = audit("journal", "retry", str(ONE.id))
    assert (said.code, said.out) == (0, "stored: 1; refused still: 0\n")
    set_aside(journal, ONE, "as after a kill before the file went")
    said = audit("journal", "retry", "--all", "--json")
    assert (said.code, said.json["stored"]) == (0, [str(ONE.id), str(OTHER.id)])
    assert list(journal.iterdir()) == []
    assert audit("calls", "list", "--since", "2026-01-01", "--json").json["total"] == 2
    assert audit("verify").code == 0


def test_what_is_refused_still_or_cannot_be_read_is_told(
    audit: Audit, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_given: object) -> None:
        raise ValueError("still odd")

    monkeypatch.setattr(write, "prepared", refuse)
    set_aside(journal, ONE, "DataError: too odd")
    (journal / "noise.rejected").write_bytes(b"noise")
    said = audit("journal", "retry", "--all")
    assert (said.code, said.lines[0]) == (1, "stored: 0; refused still: 1")
    assert said.lines[1] == f"refused: {ONE.id}: ValueError: still odd"
    assert said.lines[2] == f"damaged: {journal}/noise.rejected holds what cannot be read, and is kept"
    assert audit("journal", "list", "--rejected", "--json").json["calls"][0]["tries"] == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "name calls by their ids, or give --all"),
        ([str(ONE.id), "--all"], "name calls by their ids, or give --all"),
        ([str(ONE.id)], f"not set aside: {ONE.id}; `audit journal list --rejected` tells what is"),
        (["x"], "'x' is not a valid UUID"),
    ],
)
def test_what_cannot_be_tried_is_told(audit: Audit, home: Path, words: list[str], told: str) -> None:
    said = audit("journal", "retry", *words)
    assert said.code == 2
    assert told in said.err
    assert not (home / "audit.db").exists()
