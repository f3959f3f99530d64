"""Calls that were set aside, once more."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from audit.errors import StoreError
from audit.recording.frames import encode_exchange
from audit.recording.readmission import Readmitted, readmit
from audit.recording.rejected import Rejected, files, read, set_aside
from tests.factories import an_exchange
from tests.recording.kept import Memory

CALLS = [an_exchange(id=UUID(int=number), url=f"https://host/{number}", response_body=b"answer") for number in range(3)]
IDS = [exchange.id for exchange in CALLS]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A journal's folder with three calls set aside."""
    for exchange in CALLS:
        set_aside(tmp_path, exchange, "DataError: too odd")
    return tmp_path


def test_what_is_stored_is_set_aside_no_more(folder: Path) -> None:
    memory = Memory()
    assert readmit(folder, memory) == Readmitted(stored=tuple(IDS), refused=())
    assert memory.exchanges == CALLS
    assert list(folder.iterdir()) == []
    assert readmit(folder, memory) == Readmitted(stored=(), refused=())


def test_only_what_is_wanted_is_tried(folder: Path) -> None:
    memory = Memory()
    assert readmit(folder, memory, {IDS[1]}).stored == (IDS[1],)
    assert [path.name for path in files(folder)] == [f"{IDS[0]}.rejected", f"{IDS[2]}.rejected"]


def test_what_is_refused_still_stays_with_its_reason_and_hinders_no_other(folder: Path) -> None:
    memory = Memory()
    memory.refused, memory.poison = {CALLS[0].url}, {CALLS[1].url}
    done = readmit(folder, memory)
    assert done == Readmitted(stored=(IDS[2],), refused=((IDS[0], "too odd"), (IDS[1], "KeyError: 'poison'")))
    kept = [(one.reason, one.tries) for one in read(folder) if isinstance(one, Rejected)]
    assert kept == [("too odd", 2), ("KeyError: 'poison'", 2)]


def test_while_the_database_is_away_all_stays_as_it_is(folder: Path) -> None:
    memory = Memory()
    memory.failures = [StoreError("down", permanent=False)]
    with pytest.raises(StoreError, match="down"):
        readmit(folder, memory)
    assert [one.tries for one in read(folder) if isinstance(one, Rejected)] == [1, 1, 1]


def test_what_an_older_version_has_set_aside_is_stored_too(tmp_path: Path) -> None:
    (tmp_path / "rejected.journal").write_bytes(b"".join(b"".join(encode_exchange(one)) for one in CALLS))
    assert readmit(tmp_path, Memory()).stored == tuple(IDS)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_read_is_left_as_it_is(folder: Path) -> None:
    (folder / "noise.rejected").write_bytes(b"noise")
    assert len(readmit(folder, Memory()).stored) == 3
    assert [path.name for path in files(folder)] == ["noise.rejected"]
