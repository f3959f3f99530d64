"""One writer's journal on its way into the database."""

from __future__ import annotations

import logging
from pathlib import Path
from uuid import UUID

import pytest

from audit.call import Ending
from audit.errors import StoreError
from audit.recording import drain as module
from audit.recording.backlog import Backlog, Batch
from audit.recording.drain import Drain, store
from audit.recording.frames import LOSS, encode, encode_exchange
from audit.recording.journal import Journal, mark_path
from audit.recording.rejected import Rejected, files, read
from tests.factories import an_exchange
from tests.recording.kept import Memory


def test_what_the_database_refuses_is_set_aside_whole(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    memory, exchange = Memory(), an_exchange(request_body=b"ask", response_body=b"answer")
    memory.refused = {exchange.url}
    with caplog.at_level(logging.ERROR):
        store([memory.read(exchange)], Batch([exchange], []), memory, tmp_path)
    (kept,) = read(tmp_path)
    assert isinstance(kept, Rejected)
    assert (kept.exchange, kept.reason, kept.tries) == (exchange, "too odd", 1)
    assert "refused and set aside" in caplog.text


def test_a_call_that_makes_the_writer_fail_is_set_aside_and_the_others_stored(tmp_path: Path) -> None:
    memory = Memory()
    exchanges = [an_exchange(id=UUID(int=number), url=f"https://host/{number}") for number in range(7)]
    memory.poison = {"https://host/2", "https://host/6"}
    refused = store([memory.read(exchange) for exchange in exchanges], Batch(exchanges, []), memory, tmp_path)
    assert refused == {UUID(int=number): "KeyError: 'poison'" for number in (2, 6)}
    assert sorted(memory.urls) == [f"https://host/{number}" for number in (0, 1, 3, 4, 5)]
    assert [path.name for path in files(tmp_path)] == [f"{UUID(int=number)}.rejected" for number in (2, 6)]


@pytest.mark.parametrize("failure", [StoreError("down", permanent=False), OSError("disk full"), MemoryError()])
def test_what_may_pass_is_not_held_against_a_call(tmp_path: Path, failure: Exception) -> None:
    memory, exchange = Memory(), an_exchange()
    memory.failures = [failure]
    with pytest.raises(type(failure)):
        store([memory.read(exchange)], Batch([exchange], []), memory, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_batch_of_losses_alone_needs_no_calls(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(encode(LOSS, {"id": UUID(int=1).hex, "at": 0, "count": 3, "reason": "full"}))
    memory = Memory()
    store([], Backlog(tmp_path, journal.name).take(1), memory, tmp_path)
    assert (len(memory.losses), memory.batches) == (1, [])


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path, left=True)


def write(journal: Journal, *numbers: int, whole: bool = True) -> None:
    for number in numbers:
        pieces = encode_exchange(an_exchange(id=UUID(int=number), url=f"https://host/{number}"))
        journal.append(pieces[:2])
        if whole:
            journal.append(pieces[2:])


def test_a_living_writers_calls_are_stored_as_they_end(journal: Journal) -> None:
    drain, memory = Drain(journal.folder, journal.name), Memory()
    assert drain.look(10) is False
    write(journal, 1, 2)
    write(journal, 3, whole=False)
    assert drain.depth_bytes == journal.end[1]
    assert drain.look(1) is True
    assert drain.waiting_s > 0
    assert len(drain.store(memory).exchanges) == 1
    assert drain.behind(journal.end)
    assert drain.waiting_s > 0  # the second one
    while drain.look(1):
        drain.store(memory)
    assert memory.urls == ["https://host/1", "https://host/2"]
    assert (drain.behind(journal.end), drain.depth_bytes, drain.end) == (False, 0, journal.end)
    assert drain.waiting_s == 0
    assert drain.inherit() is False


def test_what_is_at_hand_stays_there_until_it_is_stored(journal: Journal) -> None:
    drain, memory = Drain(journal.folder, journal.name), Memory()
    write(journal, 1)
    assert drain.look(10)
    memory.failures = [StoreError("away", permanent=False)]
    with pytest.raises(StoreError):
        drain.store(memory)
    assert drain.depth_bytes > 0
    assert drain.look(10)
    drain.store(memory)
    assert memory.urls == ["https://host/1"]


def test_a_writer_that_dies_while_it_is_drained_leaves_each_call_once(journal: Journal) -> None:
    drain, memory = Drain(journal.folder, journal.name), Memory()
    write(journal, 1)
    write(journal, 2, 3, 4, whole=False)
    assert drain.look(10)
    drain.store(memory)
    assert not drain.look(10)
    write(journal, 5)
    journal.close(stored=None)
    assert drain.inherit() is True
    assert drain.is_inherited
    while drain.look(2):
        drain.store(memory)
    assert memory.batches == [1, 1, 2, 1]
    assert [exchange.ending for exchange in memory.exchanges][2:] == [Ending.UNKNOWN] * 3
    drain.clear()
    assert list(journal.folder.iterdir()) == []


def test_who_looks_next_goes_on_where_it_was_left(journal: Journal) -> None:
    write(journal, 1)
    write(journal, 2, whole=False)
    memory = Memory()
    first = Drain(journal.folder, journal.name)
    assert first.look(10)
    first.store(memory)
    journal.append(encode_exchange(an_exchange(id=UUID(int=2)))[2:])
    second = Drain(journal.folder, journal.name)
    assert second.look(10)
    assert [exchange.id.int for exchange in second.store(memory).exchanges] == [2]


def test_what_could_not_be_understood_is_come_upon_again(journal: Journal) -> None:
    journal.append(encode(b"?", {"id": "1"}))
    write(journal, 1)
    for _ in range(2):
        drain = Drain(journal.folder, journal.name)
        assert drain.look(10)
        assert len(drain.store(Memory()).exchanges) == 1


@pytest.mark.parametrize("mark", ["", "1", "x y"])
def test_a_mark_that_cannot_be_read_means_from_the_beginning(journal: Journal, mark: str) -> None:
    write(journal, 1)
    mark_path(journal.folder, journal.name).write_text(mark)
    assert Drain(journal.folder, journal.name).look(10)


def test_a_mark_that_cannot_be_written_costs_nothing(journal: Journal) -> None:
    mark_path(journal.folder, journal.name).mkdir()
    write(journal, 1)
    drain = Drain(journal.folder, journal.name)
    assert drain.look(10)
    assert len(drain.store(Memory()).exchanges) == 1


def test_what_is_let_go_of_is_left_to_the_next(journal: Journal) -> None:
    write(journal, 1)
    journal.close(stored=None)
    first, second = Drain(journal.folder, journal.name), Drain(journal.folder, journal.name)
    assert first.inherit()
    assert not second.inherit()
    first.let_go()
    first.let_go()
    assert second.inherit()
    second.let_go()


def test_files_that_somebody_takes_away_count_for_nothing(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    write(journal, 1)
    drain, gone = Drain(journal.folder, journal.name), journal.folder / "gone"
    monkeypatch.setattr(module, "segments", lambda *_where: {0: gone})
    assert (drain.depth_bytes, drain.end) == (0, (0, 0))
    monkeypatch.setattr(module, "segments", lambda *_where: {})
    assert (drain.depth_bytes, drain.end) == (0, (0, 0))
