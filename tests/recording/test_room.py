"""What a journal may take."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from audit.call import Ending
from audit.errors import JournalError
from audit.recording import room as module
from audit.recording import tape as tapes
from audit.recording.collector import Collector
from audit.recording.journal import Journal
from audit.recording.room import Room, measure
from tests.recording.kept import Memory, a_recorder, ask, begin, journalled, losses

MIB = 1024 * 1024
PATIENCE_S = 20.0


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def disk(monkeypatch: pytest.MonkeyPatch, *, size: int, free: int) -> list[Path]:
    """Let all disks be of this size, with so much free; return where somebody has looked."""
    looked: list[Path] = []

    def look(path: Path) -> Any:
        looked.append(path)
        return SimpleNamespace(f_blocks=size // 4096, f_bavail=free // 4096, f_frsize=4096)

    monkeypatch.setattr(os, "statvfs", look)
    return looked


def test_all_files_of_the_folder_count(tmp_path: Path) -> None:
    for name, size in (("1-a.0.journal", 100), ("1-a.1.journal", 50), ("2-b.0.damaged", 7)):
        (tmp_path / name).write_bytes(bytes(size))
    measured = measure(tmp_path, most=200, reserve=0)
    assert (measured.used, measured.left) == (157, 43)


def test_a_file_that_goes_while_it_is_counted_counts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").write_bytes(bytes(5))
    (tmp_path / "gone").symlink_to("nowhere")
    real = os.scandir

    class Vanishing:
        def __init__(self, entry: os.DirEntry[str]) -> None:
            self._entry = entry

        def stat(self, *, follow_symlinks: bool) -> os.stat_result:
            return self._entry.stat(follow_symlinks=self._entry.name == "gone" or follow_symlinks)

    class Entries(list[Vanishing]):
        def __enter__(self) -> Entries:
            return self

        def __exit__(self, *_raised: object) -> None: ...

    monkeypatch.setattr(os, "scandir", lambda path: Entries(map(Vanishing, real(path))))
    assert measure(tmp_path, most=None, reserve=0).used == 5


@pytest.mark.parametrize(
    ("size", "reserve"), [(1024 * MIB, 1024 * MIB // 20), (100 * 1024 * MIB, 256 * MIB), (8 * MIB, 8 * MIB // 20)]
)
def test_of_a_small_disk_a_small_share_stays_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, reserve: int
) -> None:
    disk(monkeypatch, size=size, free=size)
    assert measure(tmp_path, most=None, reserve=None).left == size - reserve
    assert measure(tmp_path, most=None, reserve=7).left == size - 7


def test_who_is_refused_is_told_which_limit_it_is_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk(monkeypatch, size=1000 * MIB, free=500 * MIB)
    limited = Room(tmp_path, most=2 * MIB, reserve=0)
    with pytest.raises(JournalError, match=r"2\.1 MB that it may have .*max_bytes.*audit collect"):
        limited.take(3 * MIB, new=True)
    with pytest.raises(JournalError, match=r"524\.3 MB are free, and 524\.3 MB are to stay so .*free_reserve"):
        Room(tmp_path, most=None, reserve=500 * MIB).take(1, new=True)


def test_the_disk_is_looked_at_once_a_second_or_when_much_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, clock = disk(monkeypatch, size=1000 * MIB, free=500 * MIB), Clock()
    room = Room(tmp_path, most=None, reserve=0, clock=clock)
    for _ in range(15):
        room.take(MIB, new=True)
    assert len(looked) == 1
    clock.now += 1.0
    room.take(MIB, new=True)
    assert len(looked) == 2
    room.take(module.LOOK_EVERY_BYTES, new=False)
    room.take(1, new=True)
    assert len(looked) == 3


def test_what_this_process_writes_counts_without_a_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    disk(monkeypatch, size=1000 * MIB, free=500 * MIB)
    room = Room(tmp_path, most=100, reserve=0, clock=clock)
    room.take(60, new=True)
    room.take(1000, new=False)  # the end of a call goes beyond
    with pytest.raises(JournalError, match=r"full: 1,060 bytes of the 100 bytes"):
        room.take(1, new=True)
    clock.now += 1.0
    room.take(60, new=True)  # nothing of it is in the folder any more


def test_where_nobody_can_look_the_one_who_writes_is_told_otherwise(tmp_path: Path) -> None:
    Room(tmp_path / "gone", most=1, reserve=0).take(100, new=True)


def test_calls_that_have_begun_are_ended_beyond_the_limit_and_new_ones_are_lost(tmp_path: Path) -> None:
    clock = Clock()
    recorder = a_recorder(tmp_path, room=Room(tmp_path, most=5_000, reserve=0, clock=clock))
    tape = begin(recorder, b"x" * 4_000)
    assert tape is not None
    ask(recorder, b"y" * 4_000)
    assert recorder.lost == 1
    tape.head(200, [])
    tape.chunk(b"z" * 10_000)
    assert tape.finish(Ending.EOF) is True
    [kept] = journalled(tmp_path)
    assert (kept.response_body, kept.ending) == (b"z" * 10_000, Ending.EOF)
    assert "[journal] max_bytes" in losses(tmp_path)[0].reason


def test_losses_are_not_told_one_by_one_into_a_journal_that_is_full(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path, room=Room(tmp_path, most=100, reserve=0, clock=Clock()))
    for _ in range(3):
        ask(recorder)
    assert losses(tmp_path) == []
    recorder.close()
    assert [loss.count for loss in losses(tmp_path)] == [3]


def test_pieces_of_new_content_are_held_to_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tapes, "MOST_HELD", 10)
    recorder = a_recorder(tmp_path, room=Room(tmp_path, most=1_000, reserve=0, clock=Clock()))
    tape = begin(recorder)
    assert tape is not None
    tape.head(200, [])
    tape.chunk(b"a" * 100)
    tape.chunk(b"b" * 1_000)
    assert tape.finish(Ending.EOF) is False
    assert recorder.lost_ever == 1


def test_recording_goes_on_as_soon_as_there_is_room(tmp_path: Path) -> None:
    clock = Clock()
    recorder = a_recorder(tmp_path, room=Room(tmp_path, most=3_000, reserve=0, clock=clock))
    (tmp_path / "rejected.journal").write_bytes(bytes(3_000))
    for _ in range(3):
        ask(recorder)
    (tmp_path / "rejected.journal").unlink()
    clock.now += 1.0
    ask(recorder, b"again")
    assert [exchange.request_body for exchange in journalled(tmp_path)] == [b"again"]
    assert [loss.count for loss in losses(tmp_path)] == [3]


def test_of_many_threads_each_call_is_whole_or_one_loss(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path, room=Room(tmp_path, most=50_000, reserve=0, clock=Clock()))
    threads = [threading.Thread(target=lambda: [ask(recorder, b"x" * 500) for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recorder.close()
    kept = journalled(tmp_path)
    assert 0 < len(kept) < 200
    assert {exchange.ending for exchange in kept} == {Ending.EOF}
    assert sum(loss.count for loss in losses(tmp_path)) == 200 - len(kept)


def test_a_journal_that_is_full_is_stored_and_goes_on_though_its_segment_is_small(tmp_path: Path) -> None:
    clock, memory = Clock(), Memory()
    recorder = a_recorder(tmp_path, memory, room=Room(tmp_path, most=3_000, reserve=0, clock=clock))
    ask(recorder, b"x" * 2_000)
    ask(recorder, b"y" * 2_000)
    assert recorder.flush(PATIENCE_S) is True
    clock.now += 1.0
    ask(recorder, b"z" * 2_000)
    assert recorder.close(PATIENCE_S) is True
    assert [exchange.request_body[:1] for exchange in memory.exchanges] == [b"x", b"z"]
    assert [loss.count for loss in memory.losses] == [1]


def test_where_there_is_neither_a_journal_nor_room_for_one_calls_are_lost(tmp_path: Path) -> None:
    class NeverBegun(Journal):
        def __init__(self, folder: Path, *, left: bool = False) -> None:
            raise JournalError("not here")

    recorder = a_recorder(tmp_path, journal=NeverBegun, room=Room(tmp_path, most=1, reserve=0))
    ask(recorder)
    assert recorder.lost == 1


def test_a_journal_that_stays_full_is_not_cut_into_ever_more_segments(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path, room=Room(tmp_path, most=3_000, reserve=0, clock=Clock()))
    for tape in [begin(recorder) for _ in range(5)]:
        ask(recorder, b"x" * 3_000)
        assert tape is not None
        tape.finish(Ending.EOF)
    assert (recorder.lost_ever, len(list(tmp_path.glob("*.journal")))) == (5, 2)


def test_a_collector_makes_room_in_a_journal_that_its_writer_still_has(tmp_path: Path) -> None:
    """Also when all is stored by the time that its writer finds no room."""
    clock, memory = Clock(), Memory()
    recorder = a_recorder(tmp_path, room=Room(tmp_path, most=3_000, reserve=0, clock=clock))
    with Collector(tmp_path, lambda: memory) as collector:
        ask(recorder, b"x" * 2_000)
        collector.drain()
        ask(recorder, b"y" * 2_000)
        collector.drain()
        clock.now += 1.0
        ask(recorder, b"z" * 2_000)
        collector.drain()
    assert [exchange.request_body[:1] for exchange in memory.exchanges] == [b"x", b"z"]
    assert [loss.count for loss in memory.losses] == [1]
