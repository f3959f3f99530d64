"""Journals into the database."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from audit.call import Ending
from audit.errors import StoreError
from audit.recording.adoption import adopt
from audit.recording.frames import INTENT, LOSS, encode, encode_exchange
from audit.recording.journal import Journal, segments, writers
from tests.factories import an_exchange
from tests.recording.kept import Memory


def a_dead_journal(folder: Path, *numbers: int) -> Journal:
    """Return the journal of a process that has died after these calls."""
    journal = Journal(folder)
    for number in numbers:
        pieces = encode_exchange(an_exchange(id=UUID(int=number), url=f"https://host/{number}"))
        journal.append(pieces[:2])
        journal.append(pieces[2:])
    journal.close(stored=None)
    return journal


def test_what_the_dead_have_left_is_stored_and_cleared_away(tmp_path: Path) -> None:
    a_dead_journal(tmp_path, 1, 2)
    a_dead_journal(tmp_path, 3)
    memory = Memory()
    assert adopt(tmp_path, memory) == 3
    assert sorted(memory.urls) == ["https://host/1", "https://host/2", "https://host/3"]
    assert list(tmp_path.iterdir()) == []


def test_what_the_living_write_is_left_to_them(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(encode(INTENT, {"id": "1"}))
    assert adopt(tmp_path, Memory()) == 0
    assert writers(tmp_path) == [journal.name]


def test_calls_cut_off_by_death_stand_in_the_record_with_their_end_unknown(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(encode_exchange(an_exchange(request_body=b"ask"))[:2])
    journal.append([b"AJ1F\x01"])
    journal.close(stored=None)
    memory = Memory()
    assert adopt(tmp_path, memory) == 1
    assert [(exchange.request_body, exchange.ending) for exchange in memory.exchanges] == [(b"ask", Ending.UNKNOWN)]
    assert list(tmp_path.iterdir()) == []


def test_losses_are_stored_too(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(encode(LOSS, {"id": UUID(int=1).hex, "at": 0, "count": 3, "reason": "full"}))
    journal.close(stored=None)
    memory = Memory()
    adopt(tmp_path, memory)
    assert [loss.count for loss in memory.losses] == [3]


def test_damage_is_kept_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal = a_dead_journal(tmp_path, 1)
    path = segments(tmp_path, journal.name)[0]
    path.write_bytes(path.read_bytes() + b"nonsense")
    memory = Memory()
    assert adopt(tmp_path, memory) == 1
    assert [left.name for left in tmp_path.iterdir()] == [f"{journal.name}.0.damaged"]
    assert "cannot be read and is kept" in caplog.text


def test_a_database_out_of_reach_leaves_everything_for_the_next_time(tmp_path: Path) -> None:
    journal = a_dead_journal(tmp_path, 1)
    memory = Memory()
    memory.failures = [StoreError("down", permanent=False)]
    with pytest.raises(StoreError):
        adopt(tmp_path, memory)
    assert writers(tmp_path) == [journal.name]
    assert adopt(tmp_path, memory) == 1


def test_a_journal_that_cannot_be_taken_over_does_not_hinder_the_next(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number in (1, 2):
        a_dead_journal(tmp_path, number)
    memory = Memory()
    memory.failures = [OSError("too many open files")]
    assert adopt(tmp_path, memory) == 1
    assert len(writers(tmp_path)) == 1
    assert "cannot be taken over" in caplog.text
    assert adopt(tmp_path, memory) == 1
