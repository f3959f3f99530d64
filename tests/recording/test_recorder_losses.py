"""What a recorder says of calls that it could not record, to whom it matters at once."""

from __future__ import annotations

import errno
import os
import resource
from pathlib import Path
from typing import Any

import pytest

from audit.call import Ending, Exchange, Tags
from audit.errors import JournalError
from audit.recording.backlog import Backlog
from audit.recording.journal import writers
from audit.recording.recorder import Recorder
from audit.recording.silence import Silence
from audit.recording.tape import Tape
from tests.recording.kept import a_recorder, ask, begin, exit_with, journalled, losses, no_space


def begun(recorder: Recorder, body: bytes = b"ask") -> Tape:
    tape = begin(recorder, body)
    assert tape is not None
    return tape


def ended(folder: Path) -> list[Exchange]:
    """What the journal has the end of, though its writer lives."""
    [name] = writers(folder)
    return Backlog(folder, name).take(10_000).exchanges


@pytest.mark.parametrize("end", [lambda tape: tape.finish(Ending.EOF), lambda tape: tape.fail(ValueError())])
def test_an_end_says_whether_it_is_in_the_journal(recorder: Recorder, end: Any) -> None:
    assert end(begun(recorder)) is True
    tape = begun(recorder)
    with no_space():
        assert end(tape) is False
    assert end(tape) is False
    assert (recorder.lost, recorder.lost_ever) == (1, 1)


def test_what_must_be_recorded_and_cannot_be_is_refused_and_is_no_loss(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path, refuse=True)
    assert begin(recorder) is not None
    with no_space(), pytest.raises(JournalError, match=r"not made, as it cannot be recorded: .*No space left"):
        begin(recorder)
    assert (recorder.lost, recorder.lost_ever) == (0, 0)
    assert begin(recorder) is not None


def test_whatever_hinders_what_must_be_recorded_is_the_journals_error(tmp_path: Path) -> None:
    def broken(_key: str) -> str:
        raise RuntimeError("out of order")

    recorder = Recorder(tmp_path, fingerprint=broken, destination=None, refuse=True)
    with pytest.raises(JournalError, match="out of order"):
        begin(recorder, headers=[(b"x-api-key", b"k")])
    assert recorder.lost_ever == 0


def test_losses_are_counted_for_good(recorder: Recorder, tmp_path: Path) -> None:
    with no_space():
        ask(recorder)
        ask(recorder)
    ask(recorder)
    with no_space():
        ask(recorder)
    assert (recorder.lost, recorder.lost_ever) == (1, 3)
    recorder.close()
    assert (recorder.lost, recorder.lost_ever) == (0, 3)
    assert [loss.count for loss in losses(tmp_path)] == [2, 1]


def test_a_child_counts_its_own_losses(recorder: Recorder) -> None:
    with no_space():
        ask(recorder)
    child = os.fork()
    if not child:
        exit_with(lambda: recorder.lost_ever == 0)
    assert os.waitpid(child, 0)[1] == 0
    assert recorder.lost_ever == 1


def test_a_recorder_that_records_nothing_loses_nothing() -> None:
    assert Silence().lost_ever == 0


def test_a_call_whose_end_is_lost_is_ended_as_unknown_as_soon_as_that_can_be_written(
    recorder: Recorder, tmp_path: Path
) -> None:
    """While its process lives, which may be for months, its segment could not go."""
    first, second = begun(recorder, b"first"), begun(recorder, b"second")
    with no_space():
        first.finish(Ending.EOF)
        second.finish(Ending.EOF)
    assert ended(tmp_path) == []
    ask(recorder, b"third")
    told = {exchange.request_body: exchange.ending for exchange in ended(tmp_path)}
    assert told == {b"first": Ending.UNKNOWN, b"second": Ending.UNKNOWN, b"third": Ending.EOF}
    assert recorder.lost_ever == 2


def test_an_end_as_unknown_that_cannot_be_written_either_comes_with_the_next_word(
    recorder: Recorder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tape = begun(recorder, b"first")
    with no_space():
        tape.finish(Ending.EOF)
    with no_space(after=1):  # the loss is written, and nothing more
        recorder.flush(0)
    assert (recorder.lost, ended(tmp_path)) == (0, [])
    assert "1 lost calls are not written down" in caplog.text
    ask(recorder, b"second")
    assert [exchange.request_body for exchange in ended(tmp_path)] == [b"first", b"second"]
    assert [loss.count for loss in losses(tmp_path)] == [1]


def test_an_end_for_which_there_is_no_room_is_told_without_its_body(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writev = os.writev

    def nearly_full(descriptor: int, pieces: list[bytes]) -> int:
        if sum(map(len, pieces)) > 1_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return writev(descriptor, pieces)

    tape = begun(recorder)
    monkeypatch.setattr(os, "writev", nearly_full)
    tape.head(200, [(b"via", b"x")])
    tape.chunk(b"a" * 1_000)
    assert tape.finish(Ending.EOF) is False
    [cut] = ended(tmp_path)
    assert (cut.status, cut.response_headers, cut.ending) == (200, (("via", "x"),), Ending.UNKNOWN)
    assert (cut.response_body, cut.arrivals) == (b"", ())
    assert cut.duration_us is not None
    recorder.close()
    assert [loss.count for loss in losses(tmp_path)] == [1]


def test_of_a_tag_that_comes_twice_the_later_holds(recorder: Recorder, tmp_path: Path) -> None:
    said = [(b"x-audit-user", b"said"), (b"X-Audit-Team", b"said"), (b"x-audit-session", b"s")]
    issued = [(b"x-audit-user", b"issued"), (b"x-audit-team", b"issued")]
    ask(recorder, tags=[*said, *issued])
    assert journalled(tmp_path)[0].tags == Tags(user="issued", session="s", labels=(("team", "issued"),))


def test_on_a_full_disk_each_call_is_kept_or_refused_or_one_loss(tmp_path: Path) -> None:
    """With a real limit on the size of files, in a process of its own."""
    child = os.fork()
    if not child:
        exit_with(_fill, tmp_path)
    assert os.waitpid(child, 0)[1] == 0


def _fill(folder: Path) -> bool:
    recorder, kept, refused, lost = a_recorder(folder, refuse=True), 0, 0, 0
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
    for size in [1000, 600, 300, 50] * 20:
        try:
            tape = begin(recorder, b"x" * size)
        except JournalError:
            refused += 1
            continue
        assert tape is not None
        tape.chunk(b"y" * 3 * size)
        if tape.finish(Ending.EOF):
            kept += 1
        else:
            lost += 1
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    recorder.close()
    unknown = sum(exchange.ending is Ending.UNKNOWN for exchange in ended(folder))
    assert len(ended(folder)) - unknown == kept
    assert recorder.lost_ever == unknown == lost == sum(loss.count for loss in losses(folder))
    return kept > 0 < refused and lost > 0
