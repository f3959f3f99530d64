"""Bodies that are too large to be held until the end."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from audit.call import Ending
from audit.recording import tape as tapes
from audit.recording.backlog import Backlog
from audit.recording.frames import PIECE, read_frames
from audit.recording.hearing import hearing
from audit.recording.journal import writers
from audit.recording.recorder import Recorder
from audit.recording.tape import Tape
from tests.recording.kept import a_recorder, ask, begin, exit_with, journalled, losses, no_space


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tapes, "MOST_HELD", 10)


def begun(recorder: Recorder) -> Tape:
    tape = begin(recorder, b"")
    assert tape is not None
    return tape


def pieces(folder: Path) -> list[bytes]:
    data = b"".join(path.read_bytes() for path in folder.glob("*.journal"))
    return [frame.body for frame in read_frames(data) if frame.kind == PIECE]


def test_large_bodies_are_in_the_journal_before_their_end_and_come_back_whole(
    recorder: Recorder, tmp_path: Path
) -> None:
    tape = begun(recorder)
    tape.sent(b"q" * 11)
    tape.sent(b"uestion")
    tape.head(200, [(b"via", b"x")])
    tape.chunk(b"a" * 11)
    assert pieces(tmp_path) == [b"q" * 11, b"uestion", b"a" * 11]
    tape.chunk(b"nswer")
    assert tape.finish(Ending.EOF) is True
    [kept] = journalled(tmp_path)
    assert kept.request_body == b"q" * 11 + b"uestion"
    assert kept.response_body == b"a" * 11 + b"nswer"
    assert (kept.status, kept.ending, kept.arrivals[-1].received) == (200, Ending.EOF, 16)


def test_a_call_that_death_cuts_off_keeps_what_its_pieces_hold(recorder: Recorder, tmp_path: Path) -> None:
    tape = begun(recorder)
    tape.sent(b"q" * 11)
    tape.head(200, [])
    tape.chunk(b"a" * 11)
    tape.chunk(b"lost with the process")
    tape.chunk(b"b")
    [cut] = journalled(tmp_path)
    assert (cut.request_body, cut.response_body) == (b"q" * 11, b"a" * 11 + b"lost with the process")
    assert (cut.ending, cut.status, cut.arrivals) == (Ending.UNKNOWN, None, ())


def test_while_somebody_hears_nothing_is_spilled(recorder: Recorder, tmp_path: Path) -> None:
    with hearing() as heard:
        tape = begun(recorder)
        tape.chunk(b"a" * 50)
        tape.finish(Ending.EOF)
    assert pieces(tmp_path) == []
    assert heard == journalled(tmp_path)


def test_a_piece_that_cannot_be_written_is_one_loss_at_the_end_which_says_nothing_wrong(
    recorder: Recorder, tmp_path: Path
) -> None:
    tape = begun(recorder)
    tape.head(200, [])
    tape.chunk(b"a" * 11)
    with no_space():
        tape.chunk(b"b" * 11)
    assert recorder.lost_ever == 0
    tape.chunk(b"c" * 11)
    assert tape.finish(Ending.EOF) is False
    assert recorder.lost_ever == 1
    ask(recorder, b"next")
    broken, _ = journalled(tmp_path)
    assert (broken.response_body, broken.ending, broken.status) == (b"a" * 11, Ending.UNKNOWN, 200)
    assert (broken.arrivals, broken.failure) == ((), None)
    assert [loss.count for loss in losses(tmp_path)] == [1]


def test_a_piece_and_an_end_that_cannot_be_written_are_one_loss(recorder: Recorder) -> None:
    tape = begun(recorder)
    with no_space():
        tape.chunk(b"b" * 11)
        assert tape.finish(Ending.EOF) is False
    assert recorder.lost_ever == 1


def test_a_call_let_go_of_after_a_piece_was_lost_is_one_loss(recorder: Recorder) -> None:
    tape = begun(recorder)
    with no_space():
        tape.chunk(b"b" * 11)
    tape.abandon()
    recorder.flush(0)
    assert recorder.lost_ever == 1


def test_a_forked_childs_pieces_of_its_parents_call_are_nobodys(recorder: Recorder, tmp_path: Path) -> None:
    tape = begun(recorder)
    child = os.fork()
    if not child:
        tape.chunk(b"c" * 11)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    tape.chunk(b"p" * 11)
    tape.finish(Ending.EOF)
    assert [exchange.response_body for exchange in journalled(tmp_path)] == [b"p" * 11]


MB = 1024 * 1024


def test_a_large_body_does_not_stand_in_memory_but_once_to_be_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Measured in processes of their own."""
    monkeypatch.undo()
    for work, most in ((_write_64_mb, 16), (_read_64_mb, 2 * 64)):
        child = os.fork()
        if not child:
            exit_with(_grows_by_less, most * MB, work, tmp_path)
        assert os.waitpid(child, 0)[1] == 0, work


def _grows_by_less(most: int, work: Callable[[Path], int], folder: Path) -> bool:
    before = _peak()
    return work(folder) == 64 * MB and _peak() - before < most


def _write_64_mb(folder: Path) -> int:
    tape = begun(a_recorder(folder))
    for _ in range(1024):
        tape.chunk(b"a" * 64 * 1024)
    return 64 * MB if tape.finish(Ending.EOF) else 0


def _read_64_mb(folder: Path) -> int:
    [name] = writers(folder)
    [exchange] = Backlog(folder, name).take(10).exchanges
    return len(exchange.response_body)


def _peak() -> int:
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
