"""The journal's files."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest

from audit.errors import JournalError
from audit.recording import journal as module
from audit.recording.frames import INTENT, encode, read_frames
from audit.recording.journal import Journal, mark_path, note_stored, segments, stored_up_to, writers
from audit.recording.lock import WriterLock
from audit.recording.rejected import set_aside
from tests.factories import an_exchange


def frame(body: bytes = b"") -> list[bytes]:
    return encode(INTENT, {"id": "1"}, body)


def bodies(journal: Journal) -> list[bytes]:
    found = segments(journal.folder, journal.name).values()
    return [frame.body for path in found for frame in read_frames(path.read_bytes())]


def test_what_is_appended_is_in_the_file_at_once(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(frame(b"a"))
    journal.append(frame(b"b"))
    assert bodies(journal) == [b"a", b"b"]
    assert journal.end == (0, sum(path.stat().st_size for path in segments(tmp_path, journal.name).values()))


def test_folder_and_files_are_their_owners_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "home" / "journal")
    set_aside(journal.folder, an_exchange(), "too odd")
    assert journal.folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in journal.folder.iterdir()} == {0o600}


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match="cannot write a journal in"):
        Journal(tmp_path / "file")


def test_a_full_segment_is_followed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEGMENT_BYTES", 60)
    journal = Journal(tmp_path)
    for number in range(4):
        journal.append(frame(b"%d" % number * 60))
    assert list(segments(tmp_path, journal.name)) == [0, 1, 2, 3]
    assert bodies(journal) == [b"%d" % number * 60 for number in range(4)]


def test_segments_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for number in (10, 9, 1):
        (tmp_path / f"1-a.{number}.journal").touch()
    (tmp_path / "1-a.x.journal").touch()
    (tmp_path / "1-b.2.journal").touch()
    assert list(segments(tmp_path, "1-a")) == [1, 9, 10]


def test_a_large_segment_is_turned_once_it_is_drained_and_a_small_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WORTH_TURNING_BYTES", 100)
    journal = Journal(tmp_path)
    journal.append(frame())
    journal.turn_if_large()
    assert journal.end[0] == 0
    journal.append(frame(b"x" * 100))
    journal.turn_if_large()
    assert journal.end == (1, 0)


def test_where_no_new_segment_can_be_made_the_present_one_serves_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SEGMENT_BYTES", 1)
    monkeypatch.setattr(module, "WORTH_TURNING_BYTES", 1)
    journal = Journal(tmp_path)
    journal.append(frame(b"a"))
    (tmp_path / f"{journal.name}.1.journal").touch()
    journal.turn_if_large()
    journal.append(frame(b"b"))
    assert bodies(journal) == [b"a", b"b"]


def test_a_frame_that_cannot_be_written_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path)
    journal.append(frame(b"a"))
    monkeypatch.setattr(os, "writev", _fail)
    with pytest.raises(JournalError, match="No space left"):
        journal.append(frame(b"b"))
    monkeypatch.undo()
    journal.append(frame(b"c"))
    assert bodies(journal) == [b"a", b"c"]


def test_half_a_frame_is_taken_away_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path)
    journal.append(frame(b"a"))
    monkeypatch.setattr(os, "writev", lambda descriptor, pieces: os.write(descriptor, b"".join(pieces)[:-3]))
    with pytest.raises(JournalError, match="only a part could be written"):
        journal.append(frame(b"bbb"))
    monkeypatch.undo()
    journal.append(frame(b"c"))
    assert bodies(journal) == [b"a", b"c"]


def test_what_cannot_be_taken_away_ends_its_segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path)
    journal.append(frame(b"a"))
    with monkeypatch.context() as broken:
        broken.setattr(os, "writev", lambda descriptor, pieces: os.write(descriptor, b"".join(pieces)[:-3]))
        broken.setattr(os, "ftruncate", _fail)
        with pytest.raises(JournalError):
            journal.append(frame(b"bbb"))
    with monkeypatch.context() as broken:
        broken.setattr(os, "open", _fail)
        with pytest.raises(JournalError, match="torn"):
            journal.append(frame(b"c"))
    journal.append(frame(b"d"))
    assert bodies(journal) == [b"a", b"d"]
    assert list(segments(tmp_path, journal.name)) == [0, 1]


def test_a_journal_that_is_deleted_while_it_is_written_is_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY_S", -1.0)
    journal = Journal(tmp_path / "journal")
    journal.append(frame(b"a"))
    shutil.rmtree(journal.folder)
    journal.append(frame(b"b"))
    journal.append(frame(b"c"))
    assert bodies(journal) == [b"b", b"c"]
    assert "has been deleted under a running process" in caplog.text
    assert WriterLock.take(journal.folder / f"{journal.name}.lock") is None
    assert journal.close(stored=journal.end) is True
    assert list(journal.folder.iterdir()) == []


def test_a_segment_alone_that_is_deleted_is_followed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY_S", -1.0)
    journal = Journal(tmp_path)
    (tmp_path / f"{journal.name}.0.journal").unlink()
    journal.append(frame(b"b"))
    assert bodies(journal) == [b"b"]
    assert WriterLock.take(tmp_path / f"{journal.name}.lock") is None


def test_a_deleted_journal_that_cannot_be_begun_again_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY_S", -1.0)
    journal = Journal(tmp_path / "journal")
    shutil.rmtree(journal.folder)
    journal.folder.touch()
    for _ in range(2):
        with pytest.raises(JournalError, match="has been deleted"):
            journal.append(frame(b"b"))


def test_an_interrupt_at_the_keyboard_does_not_make_the_journal_shorter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a process that ends would take what came after it for stored, and clear it away."""
    writev = os.writev

    def interrupted(descriptor: int, pieces: list[bytes]) -> int:
        writev(descriptor, pieces)
        raise KeyboardInterrupt

    journal = Journal(tmp_path)
    with monkeypatch.context() as broken:
        broken.setattr(os, "writev", interrupted)
        with pytest.raises(KeyboardInterrupt):
            journal.append(frame(b"a" * 1000))
    drained = journal.end
    assert drained[1] > 1000
    journal.append(frame(b"b"))
    assert journal.close(stored=drained) is False
    assert bodies(journal) == [b"a" * 1000, b"b"]


def test_a_journal_that_cannot_be_begun_leaves_no_sign_of_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Journal, "_open", _fail)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(JournalError):
        Journal(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert len(os.listdir("/proc/self/fd")) == before


def test_threads_do_not_mix_their_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEGMENT_BYTES", 20_000)
    journal = Journal(tmp_path)

    def write(number: int) -> None:
        for _ in range(100):
            journal.append(frame(bytes([number]) * 100))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = bodies(journal)
    assert sorted(found) == sorted(bytes([number]) * 100 for number in range(8) for _ in range(100))


def test_nothing_is_left_behind_of_a_journal_that_is_stored_to_its_end(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(frame())
    assert writers(tmp_path) == [journal.name]
    assert journal.close(stored=journal.end) is True
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stored", [None, (0, 0), (0, 17)])
def test_a_journal_that_is_not_is_left_for_the_next_process(tmp_path: Path, stored: tuple[int, int] | None) -> None:
    journal = Journal(tmp_path)
    journal.append(frame(b"a"))
    assert journal.close(stored=stored) is False
    assert writers(tmp_path) == [journal.name]
    assert bodies(journal) == [b"a"]


def test_a_closed_journal_takes_nothing_and_touches_no_file_that_has_its_descriptor_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SEGMENT_BYTES", 1)
    journal = Journal(tmp_path / "journal")
    journal.append(frame())
    journal.close(stored=None)
    with (tmp_path / "other").open("wb"):
        with pytest.raises(JournalError, match="closed"):
            journal.append(frame())
        journal.turn_if_large()
        journal.forsake()
        assert journal.close(stored=None) is False
        assert journal.end == (0, sum(map(len, frame())))
    assert (tmp_path / "other").read_bytes() == b""
    assert list(segments(journal.folder, journal.name)) == [0]


def test_a_name_that_somebody_has_taken_for_dead_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = iter(["1-a", "1-b"])
    monkeypatch.setattr(module, "writer_name", lambda **_left: next(names))
    taken = module.WriterLock.take(tmp_path / "1-a.lock")
    assert taken is not None
    assert Journal(tmp_path).name == "1-b"


def _fail(*_arguments: object) -> int:
    raise OSError(28, "No space left on device")


def test_how_far_a_journal_is_stored_is_noted_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stored_up_to(tmp_path, "a") == (0, 0)
    for stored in ((12, 10**9), (13, 0)):
        note_stored(tmp_path, "a", stored)
        assert stored_up_to(tmp_path, "a") == stored
    assert mark_path(tmp_path, "a").stat().st_mode & 0o777 == 0o600
    monkeypatch.setattr("audit.recording.journal._boot", lambda: "another")
    assert stored_up_to(tmp_path, "a") == (0, 0), "of before the machine was started anew"


def test_a_note_that_cannot_be_written_or_read_does_no_harm(tmp_path: Path) -> None:
    note_stored(tmp_path / "gone", "a", (1, 1))
    for noise in ("noise", "7 7", "7 7 00000000", "7 7 zzzzzzzz"):
        mark_path(tmp_path, "a").write_text(noise)
        assert stored_up_to(tmp_path, "a") == (0, 0)
    assert stored_up_to(tmp_path, "a") == (0, 0)
