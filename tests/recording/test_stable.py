"""The journal that outlives the machine's power."""

from __future__ import annotations

import errno
import os
import signal
import threading
from pathlib import Path

import pytest

from audit.errors import JournalError
from audit.recording import journal as module
from audit.recording.frames import INTENT, encode, read_frames
from audit.recording.journal import segments
from audit.recording.stable import StableJournal, journal_kind
from tests.recording.failing import Disk, Held

fdatasync = os.fdatasync


def frame(body: bytes = b"") -> list[bytes]:
    return encode(INTENT, {"id": "1"}, body)


def bodies(journal: StableJournal) -> list[bytes]:
    found = segments(journal.folder, journal.name).values()
    return [frame.body for path in found for frame in read_frames(path.read_bytes())]


def tear(journal: StableJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let half a frame be written that cannot be taken away."""

    def no_cut(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    writev = os.writev
    with monkeypatch.context() as broken:
        broken.setattr(os, "writev", lambda descriptor, pieces: writev(descriptor, [b"".join(pieces)[:-3]]))
        broken.setattr(os, "ftruncate", no_cut)
        with pytest.raises(JournalError, match="only a part"):
            journal.append(frame(b"torn"))


def test_what_is_appended_is_synced_before_it_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk()
    monkeypatch.setattr(os, "fdatasync", disk)
    journal = StableJournal(tmp_path)
    journal.append(frame(b"a"))
    journal.append(frame(b"b"))
    assert len(disk.synced) == 2
    assert bodies(journal) == [b"a", b"b"]


def test_the_folders_are_synced_when_a_segment_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))
    monkeypatch.setattr(module, "WORTH_TURNING_BYTES", 1)
    journal = StableJournal(tmp_path / "journal")
    inode, above = journal.folder.stat().st_ino, tmp_path.stat().st_ino
    assert synced == [inode, above]
    journal.append(frame())
    journal.turn_if_large()
    assert journal.end == (1, 0)
    assert synced == [inode, above, inode]


def test_a_folder_that_cannot_be_synced_leaves_no_segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", Disk(always=True))
    with pytest.raises(JournalError, match="Input/output error"):
        StableJournal(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_one_sync_serves_all_who_wrote_before_it_began(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, begun, go_on = StableJournal(tmp_path), threading.Event(), threading.Event()
    syncs: list[int] = []

    def slow(descriptor: int) -> None:
        syncs.append(descriptor)
        begun.set()
        assert go_on.wait(10)

    written = threading.Semaphore(0)
    writev = os.writev

    def noted(descriptor: int, pieces: list[bytes]) -> int:
        count = writev(descriptor, pieces)
        written.release()
        return count

    monkeypatch.setattr(os, "fdatasync", slow)
    monkeypatch.setattr(os, "writev", noted)
    threads = [threading.Thread(target=journal.append, args=(frame(),)) for _ in range(9)]
    threads[0].start()
    assert begun.wait(10)
    for thread in threads[1:]:
        thread.start()
    for _ in threads:
        assert written.acquire(timeout=10)
    go_on.set()
    for thread in threads:
        thread.join()
    assert (
        2 <= len(syncs) <= 3
    )  # the one that came too early for eight, and theirs; one may have been just at its entry
    assert len(bodies(journal)) == 9


def test_nobody_syncs_a_segment_again_before_it_is_known_that_its_sync_has_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread comes between the sync and whoever takes down how it went."""
    disk, close, others = Disk(1), os.close, list[threading.Thread]()
    journal = StableJournal(tmp_path)
    first = segments(tmp_path, journal.name)[0].stat().st_ino

    def come_between(descriptor: int) -> None:
        if len(disk.synced) == 1 and not others:
            others.append(other := threading.Thread(target=journal.turn_if_large))
            other.start()
            other.join()
        close(descriptor)

    monkeypatch.setattr(module, "WORTH_TURNING_BYTES", 1)
    monkeypatch.setattr(os, "fdatasync", disk)
    monkeypatch.setattr(os, "close", come_between)
    journal.append(frame(b"a"))
    assert disk.synced.count(first) == 1
    assert bodies(journal) == [b"a"]
    assert journal.end[0] == 1


def test_a_segment_whose_sync_failed_is_never_synced_again_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(2)
    monkeypatch.setattr(os, "fdatasync", disk)
    journal = StableJournal(tmp_path)
    for body in (b"a", b"b", b"c"):
        journal.append(frame(body))
    assert bodies(journal) == [b"a", b"b", b"c"]
    assert list(segments(tmp_path, journal.name)) == [0, 1]
    assert disk.synced.count(disk.failed[0]) == 2  # the one before it was well


def test_what_never_gets_there_is_told_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = StableJournal(tmp_path)
    journal.append(frame(b"a"))
    with monkeypatch.context() as broken:
        disk = Disk(always=True)
        broken.setattr(os, "fdatasync", disk)
        with pytest.raises(JournalError, match="stable storage"):
            journal.append(frame(b"b"))
        assert len(set(disk.synced)) == len(disk.synced)
    assert bodies(journal) == [b"a"]
    journal.append(frame(b"c"))
    assert bodies(journal) == [b"a", b"c"]


def test_without_a_new_segment_it_is_told_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = StableJournal(tmp_path)
    monkeypatch.setattr(os, "fdatasync", Disk(1))
    (tmp_path / f"{journal.name}.1.journal").touch()
    for _ in range(2):
        with pytest.raises(JournalError, match="no new file can be made"):
            journal.append(frame(b"a"))
    (tmp_path / f"{journal.name}.1.journal").unlink()
    journal.append(frame(b"b"))
    assert bodies(journal) == [b"b"]


def test_a_segment_that_cannot_be_synced_at_its_end_is_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SEGMENT_BYTES", 1)
    journal = StableJournal(tmp_path)
    monkeypatch.setattr(os, "fdatasync", Disk(2))
    for body in (b"a", b"b", b"c"):
        journal.append(frame(body))
    assert bodies(journal) == [b"a", b"b", b"c"]


def test_threads_lose_nothing_where_syncs_fail_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEGMENT_BYTES", 3_000)
    monkeypatch.setattr(os, "fdatasync", Disk(*range(5, 2_000, 7)))
    journal, told = StableJournal(tmp_path), list[bytes]()

    def write(number: int) -> None:
        for turn in range(50):
            body = b"%d.%d" % (number, turn)
            try:
                journal.append(frame(body))
            except JournalError:
                continue
            told.append(body)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(bodies(journal)) == sorted(told)


@pytest.mark.parametrize("during", ["writev", "fdatasync"])
def test_a_signals_handler_that_interrupts_an_append_does_not_wait_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, during: str
) -> None:
    journal, real = StableJournal(tmp_path), getattr(os, during)
    before = signal.signal(signal.SIGUSR1, lambda *_: journal.append(frame(b"handler's")))

    def interrupted(*arguments: object) -> object:
        monkeypatch.setattr(os, during, real)
        signal.raise_signal(signal.SIGUSR1)
        return real(*arguments)

    monkeypatch.setattr(os, during, interrupted)
    try:
        journal.append(frame(b"a"))
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert sorted(bodies(journal)) == [b"a", b"handler's"]


def test_a_closed_journal_takes_nothing_and_a_forsaken_one_waits_for_nobody(tmp_path: Path) -> None:
    journal, theirs = StableJournal(tmp_path), StableJournal(tmp_path)
    journal.append(frame())
    assert journal.close(stored=journal.end) is True
    theirs.forsake()
    for one in (journal, theirs):
        with pytest.raises(JournalError, match="closed"):
            one.append(frame())


def test_a_close_brings_to_stable_storage_what_others_still_wait_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, told, disk = StableJournal(tmp_path), list[JournalError](), Disk()

    def write() -> None:
        try:
            journal.append(frame(b"a"))
        except JournalError as exc:
            told.append(exc)

    with journal._syncing:  # as another thread has it that syncs
        waiting = threading.Thread(target=write)
        monkeypatch.setattr(os, "fdatasync", disk)
        written, writev = threading.Event(), os.writev
        monkeypatch.setattr(os, "writev", lambda *arguments: (writev(*arguments), written.set())[0])
        waiting.start()
        assert written.wait(10)
        journal.close(stored=None)
    waiting.join()
    assert told == []
    assert len(disk.synced) == 1


def test_a_close_that_cannot_is_told_to_who_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, told = StableJournal(tmp_path), list[JournalError]()

    def write() -> None:
        try:
            journal.append(frame(b"a"))
        except JournalError as exc:
            told.append(exc)

    with journal._syncing:
        waiting = threading.Thread(target=write)
        monkeypatch.setattr(os, "fdatasync", Disk(always=True))
        written, writev = threading.Event(), os.writev
        monkeypatch.setattr(os, "writev", lambda *arguments: (writev(*arguments), written.set())[0])
        waiting.start()
        assert written.wait(10)
        journal.close(stored=None)
    waiting.join()
    assert "closed before it was on stable storage" in str(told[0])


def test_a_segment_that_is_torn_is_left_and_what_waits_goes_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = StableJournal(tmp_path)
    journal.append(frame(b"a"))
    tear(journal, monkeypatch)
    journal.append(frame(b"b"))
    assert bodies(journal) == [b"a", b"b"]
    assert list(segments(tmp_path, journal.name)) == [0, 1]


def test_a_segment_is_not_left_while_another_thread_syncs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, sync = StableJournal(tmp_path), Held(monkeypatch)
    writing = threading.Thread(target=journal.append, args=(frame(b"a"),))
    writing.start()
    assert sync.begun.wait(10)
    journal.turn()
    assert journal.end[0] == 0
    sync.go_on.set()
    writing.join()
    journal.turn()
    assert journal.end == (1, 0)


def test_a_segment_whose_last_sync_fails_is_left_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = StableJournal(tmp_path)
    journal.append(frame(b"a"))
    monkeypatch.setattr(os, "fdatasync", Disk(1))
    journal.turn()
    assert journal.end == (1, 0)
    journal.append(frame(b"b"))
    assert bodies(journal) == [b"a", b"b"]


def test_a_segment_whose_sync_has_failed_is_not_synced_again_to_leave_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, disk = StableJournal(tmp_path), Disk(1)
    monkeypatch.setattr(os, "fdatasync", disk)
    ticket = journal.append(frame(b"a"), wait=False)
    assert journal._sync(ticket) is False
    journal.turn()
    assert len(disk.synced) == 1, "the error is told but once"
    assert (journal.end[0], bodies(journal)) == (1, [b"a"])
    journal.settle(ticket)
    assert len(disk.synced) == 2


def test_where_that_is_not_possible_the_next_append_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = StableJournal(tmp_path)
    journal.append(frame(b"a"))
    monkeypatch.setattr(os, "fdatasync", Disk(1))
    taken = tmp_path / f"{journal.name}.1.journal"
    taken.touch()
    journal.turn()
    with pytest.raises(JournalError, match="no new file can be made"):
        journal.append(frame(b"b"))
    taken.unlink()
    journal.append(frame(b"c"))
    assert bodies(journal) == [b"a", b"c"]


def test_a_sync_of_what_another_thread_has_left_since_says_nothing_of_what_it_wrote_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, sync, told = StableJournal(tmp_path), Held(monkeypatch, then=Disk(always=True)), list[JournalError]()

    def write(body: bytes) -> None:
        try:
            journal.append(frame(body))
        except JournalError as exc:
            told.append(exc)

    first, second = (threading.Thread(target=write, args=(body,)) for body in (b"a", b"b"))
    first.start()
    assert sync.begun.wait(10)
    tear(journal, monkeypatch)
    written, writev = threading.Semaphore(0), os.writev
    monkeypatch.setattr(os, "writev", lambda *arguments: (writev(*arguments), written.release())[0])
    second.start()
    for _ in range(2):  # the first one's again, and its own
        assert written.acquire(timeout=10)
    sync.go_on.set()
    first.join()
    second.join()
    assert len(told) == 2, "the new segment never got there, though the old one has"
    assert bodies(journal) == []


def test_what_gets_to_stable_storage_after_all_is_not_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Overtaken(StableJournal):
        def _wait(self, ticket: int) -> None:
            try:
                super()._wait(ticket)
            except JournalError:
                monkeypatch.setattr(os, "fdatasync", fdatasync)
                other = threading.Thread(target=self.append, args=(frame(b"b"),))
                other.start()
                other.join()
                raise

    journal = Overtaken(tmp_path)
    monkeypatch.setattr(os, "fdatasync", Disk(always=True))
    journal.append(frame(b"a"))
    assert bodies(journal) == [b"a", b"b"]


def test_the_kind_of_journal_is_what_it_must_outlive() -> None:
    assert [journal_kind(False), journal_kind(True)] == [module.Journal, StableJournal]
