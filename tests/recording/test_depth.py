"""How much waits in the journal."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audit.recording import depth as module
from audit.recording.depth import State, WriterDepth, look, rates
from audit.recording.drain import Drain
from audit.recording.frames import FINISH, INTENT, PIECE, encode, encode_exchange
from audit.recording.journal import Journal, note_stored, segments
from audit.recording.lock import WriterLock
from audit.recording.recorder import Recorder
from tests.factories import an_exchange
from tests.recording.kept import URL, Memory, a_recorder, ask, begin


def the_one(folder: Path) -> WriterDepth:
    (found,) = look(folder)
    return found


def test_calls_that_have_ended_wait_and_others_are_under_way(tmp_path: Path) -> None:
    before = datetime.now(UTC)
    recorder = a_recorder(tmp_path)
    ask(recorder)
    ask(recorder, b"question", b"reply")
    tape = begin(recorder)
    found = the_one(tmp_path)
    assert (found.pid, found.state, found.segments, found.under_way) == (os.getpid(), State.JOURNALLING, 1, 1)
    assert found.size_bytes == sum(path.stat().st_size for path in tmp_path.glob("*.journal"))
    assert [(call.method, call.url, call.size_bytes) for call in found.waiting] == [("POST", URL, 9), ("POST", URL, 13)]
    first, second = found.waiting
    assert before.replace(microsecond=0) <= first.started_at <= first.ended_at <= datetime.now(UTC)
    assert first.id < second.id or first.started_at <= second.started_at
    assert first.writer == found.name
    assert tape is not None


def test_what_is_stored_waits_no_more(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path, Memory())
    ask(recorder)
    assert recorder.flush(30)
    found = the_one(tmp_path)
    assert (found.state, found.waiting, found.size_bytes, found.ended) == (State.RECORDING, [], 0, 1)
    recorder.close()
    assert look(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_segment_that_is_stored_counts_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(encode_exchange(an_exchange()))
    journal._turn()
    journal.append(encode_exchange(an_exchange()))
    note_stored(tmp_path, journal.name, (1, 0))
    found = the_one(tmp_path)
    assert (found.segments, len(found.waiting), found.size_bytes) == (2, 1, journal.end[1])


def test_the_pieces_of_a_large_body_count_and_what_has_lost_its_beginning_does_not(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    exchange = an_exchange(response_body=b"end")
    frames = encode_exchange(exchange)
    journal.append(frames[:2])
    journal.append(encode(PIECE, {"id": exchange.id.hex, "side": "response", "number": 0}, b"piece"))
    journal.append(frames[2:])
    journal.append(encode(PIECE, {"id": "gone", "side": "response"}, b"piece"))
    journal.append(encode(FINISH, {"id": "gone"}))
    assert [call.size_bytes for call in the_one(tmp_path).waiting] == [8]


@pytest.mark.parametrize("noise", [b"noise that is no frame at all", b"".join(encode(INTENT, {"no": "id"}))])
def test_what_is_not_understood_is_told_and_the_rest_counts(tmp_path: Path, noise: bytes) -> None:
    journal = Journal(tmp_path)
    journal.append(encode_exchange(an_exchange()))
    journal.append([noise])
    found = the_one(tmp_path)
    assert len(found.waiting) == 1
    assert found.damaged == list(segments(tmp_path, journal.name).values())


def test_a_time_that_no_calendar_has_is_not_understood(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(encode(INTENT, {"id": "0", "at": 10**30}))
    journal.append(encode(FINISH, {"id": "0", "duration_us": 0}))
    assert len(the_one(tmp_path).damaged) == 1


def test_an_append_that_is_half_there_is_no_damage(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append([b"".join(encode_exchange(an_exchange()))[:-1]])
    found = the_one(tmp_path)
    assert (found.damaged, found.under_way) == ([], 1)


def test_a_writers_state_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path, left=True)
    assert the_one(tmp_path).state is State.JOURNALLING
    monkeypatch.setattr(os, "kill", a_dead_process)
    assert the_one(tmp_path).state is State.ADOPTED  # the lock is held, and its writer is not there
    monkeypatch.setattr(os, "kill", anothers_process)
    assert the_one(tmp_path).state is State.JOURNALLING
    journal.close(stored=None)
    assert the_one(tmp_path).state is State.GONE


def a_dead_process(_pid: int, _signal: int) -> None:
    raise ProcessLookupError


def anothers_process(_pid: int, _signal: int) -> None:
    raise PermissionError


def test_a_lock_that_names_no_process_is_told_too(tmp_path: Path) -> None:
    lock = WriterLock.take(tmp_path / "odd.lock")
    found = the_one(tmp_path)
    assert (found.pid, found.state) == (None, State.ADOPTED)
    assert lock is not None


def test_looking_changes_nothing(tmp_path: Path) -> None:
    ask(a_recorder(tmp_path))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    look(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_segment_that_goes_meanwhile_is_not_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Journal(tmp_path)
    monkeypatch.setattr(module, "segments", lambda folder, _name: {0: folder / "gone"})
    assert the_one(tmp_path).segments == 0


def test_rates_are_told_by_two_looks(tmp_path: Path) -> None:
    recorder: Recorder = a_recorder(tmp_path)
    for _ in range(3):
        ask(recorder)
    before = look(tmp_path)
    for _ in range(4):
        ask(recorder)
    drain = Drain(tmp_path, before[0].name)
    assert drain.look(5)
    drain.store(Memory())
    after = look(tmp_path, {one.name: one.end for one in before})
    told = rates(before, after, 2.0)
    assert (told.filled_per_s, told.drained_per_s, told.over_s) == (2.0, 2.5, 2.0)
