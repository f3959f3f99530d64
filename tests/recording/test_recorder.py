"""Where transports report exchanges."""

from __future__ import annotations

import os
import resource
import signal
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from audit.call import Ending, Origin, Tags
from audit.errors import JournalError
from audit.recording.recorder import Recorder
from audit.recording.tagging import tags
from tests.recording.kept import Memory, a_recorder, ask, begin, exit_with, journalled, losses, no_space

PATIENCE_S = 20.0


def bytes_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_call_is_in_the_journal_before_it_is_sent_and_whole_before_it_returns(
    recorder: Recorder, tmp_path: Path
) -> None:
    before = datetime.now(UTC)
    tape = begin(recorder, headers=[(b"Via", b"x")])
    assert tape is not None
    [sent] = journalled(tmp_path)
    assert (sent.request_body, sent.ending, sent.request_headers) == (b"ask", Ending.UNKNOWN, (("via", "x"),))
    tape.head(200, [])
    tape.finish(Ending.EOF)
    [kept] = journalled(tmp_path)
    assert (kept.id, kept.ending, kept.origin) == (sent.id, Ending.EOF, Origin.CLIENT)
    assert timedelta(0) <= kept.started_at - before < timedelta(seconds=PATIENCE_S)
    assert kept.id.int >> 80 == int(kept.started_at.timestamp() * 1000)


def test_no_secret_is_ever_in_a_file(recorder: Recorder, tmp_path: Path) -> None:
    headers = [(b"Authorization", b"Bearer secret-1"), (b"Cookie", b"secret-2"), (b"X-Odd", b"secret-3")]
    tape = begin(recorder, headers=headers, url="https://user:secret-4@host/v1?key=secret-5")
    assert tape is not None
    tape.head(200, [(b"Set-Cookie", b"secret-6")])
    tape.fail(ValueError("b'Bearer secret-1' secret-2 secret-3 https://user:secret-4@host/v1?key=secret-5"))
    ask(recorder, b"secret-7", b"secret-8", url="https://host/oauth2/token")
    [kept, sign_in] = journalled(tmp_path)
    assert b"secret" not in bytes_in(tmp_path).replace(b"print of secret-1", b"")
    assert kept.key_fingerprint == "print of secret-1"
    assert (sign_in.request_body, sign_in.response_body) == (b"", b"")


def test_calls_have_the_tags_of_their_block_and_of_their_headers(recorder: Recorder, tmp_path: Path) -> None:
    with tags(project="p"):
        ask(recorder, tags=[(b"x-audit-user", b"u")])
    assert journalled(tmp_path)[0].tags == Tags(project="p", user="u")


def test_a_recorder_without_a_destination_leaves_the_journal_to_others(recorder: Recorder, tmp_path: Path) -> None:
    ask(recorder)
    assert recorder.flush(0) is False
    assert recorder.close() is False
    assert len(journalled(tmp_path)) == 1


def test_a_recorder_brings_calls_to_its_destination(tmp_path: Path) -> None:
    memory = Memory()
    recorder = a_recorder(tmp_path, memory)
    ask(recorder)
    assert recorder.flush(PATIENCE_S) is True
    assert [exchange.response_body for exchange in memory.exchanges] == [b"answer"]
    ask(recorder)
    assert recorder.close(PATIENCE_S) is True
    assert len(memory.exchanges) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_call_that_returns_while_the_recorder_closes_is_not_cleared_away(tmp_path: Path) -> None:
    memory = Memory()
    recorder = a_recorder(tmp_path, memory)
    ask(recorder, b"first")
    sink = recorder._sink
    assert sink is not None
    close = sink.close

    def and_then_another(timeout_s: float) -> Any:
        stored = close(timeout_s)
        ask(recorder, b"second")
        return stored

    sink.close = and_then_another  # type: ignore[method-assign]
    assert recorder.close(PATIENCE_S) is False
    assert [exchange.request_body for exchange in journalled(tmp_path)] == [b"first", b"second"]


def test_what_cannot_be_recorded_is_counted_told_and_written_down_later(
    recorder: Recorder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with no_space():
        for _ in range(3):
            ask(recorder)
    assert recorder.lost == 3
    assert "a call could not be recorded" in caplog.text
    ask(recorder)
    assert recorder.lost == 0
    assert [loss.count for loss in losses(tmp_path)] == [3]
    assert "No space left" in losses(tmp_path)[0].reason
    assert len(journalled(tmp_path)) == 1


def test_a_call_whose_end_cannot_be_written_down_is_one_loss_and_stands_as_unknown(
    recorder: Recorder, tmp_path: Path
) -> None:
    tape = begin(recorder)
    assert tape is not None
    with no_space():
        tape.finish(Ending.EOF)
    assert recorder.lost == 1
    ask(recorder)
    assert [loss.count for loss in losses(tmp_path)] == [1]
    assert sorted(exchange.ending for exchange in journalled(tmp_path)) == [Ending.EOF, Ending.UNKNOWN]


@pytest.mark.parametrize("last_word", ["finish", "flush", "close"])
def test_losses_are_written_down_with_the_next_word_whatever_it_is(
    recorder: Recorder, tmp_path: Path, last_word: str
) -> None:
    tape = begin(recorder)
    assert tape is not None
    with no_space():
        ask(recorder)
    {"finish": lambda: tape.finish(Ending.EOF), "flush": lambda: recorder.flush(0), "close": recorder.close}[
        last_word
    ]()
    assert [loss.count for loss in losses(tmp_path)] == [1]


def test_losses_that_cannot_be_written_down_are_told(recorder: Recorder, caplog: pytest.LogCaptureFixture) -> None:
    with no_space():
        ask(recorder)
        recorder.close()
    assert "1 lost calls are not written down" in caplog.text


def test_what_another_thread_takes_of_what_finalizers_hand_in_costs_no_call(recorder: Recorder, tmp_path: Path) -> None:
    class Contested(SimpleQueue[Any]):
        def empty(self) -> bool:
            return False  # as it was a moment ago

    recorder._abandoned = Contested()
    ask(recorder)
    recorder.flush(0)
    assert [exchange.ending for exchange in journalled(tmp_path)] == [Ending.EOF]
    assert recorder.lost == 0


def test_a_signals_handler_does_not_tell_a_loss_twice(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writev, seen = os.writev, []

    def interrupted(descriptor: int, pieces: list[bytes]) -> int:
        if not seen:
            seen.append(1)
            ask(recorder, b"in the handler")
        return writev(descriptor, pieces)

    with no_space():
        ask(recorder)
    monkeypatch.setattr(os, "writev", interrupted)
    ask(recorder)
    assert [loss.count for loss in losses(tmp_path)] == [1]
    assert recorder.lost == 0


def test_losses_of_many_threads_are_counted_exactly(recorder: Recorder, tmp_path: Path) -> None:
    with no_space(every=3):
        threads = [threading.Thread(target=lambda: [ask(recorder) for _ in range(50)]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    recorder.close()
    kept = journalled(tmp_path)
    unfinished = sum(exchange.ending is Ending.UNKNOWN for exchange in kept)
    assert sum(loss.count for loss in losses(tmp_path)) == 8 * 50 - len(kept) + unfinished


def test_a_full_disk_costs_exactly_what_it_is_told_to(tmp_path: Path) -> None:
    """With a real limit on the size of files, in a process of its own."""
    made = 200
    child = os.fork()
    if not child:
        exit_with(_fill, tmp_path, made)
    assert os.waitpid(child, 0)[1] == 0
    kept = journalled(tmp_path)
    assert 0 < len(kept) < made
    assert sum(loss.count for loss in losses(tmp_path)) == made - len(kept) + sum(
        exchange.ending is Ending.UNKNOWN for exchange in kept
    )


def test_where_no_journal_can_be_begun_that_is_told_at_once_and_calls_may_be_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    recorder = a_recorder(tmp_path / "file", refuse=True)
    assert "cannot write a journal in" in caplog.text
    with pytest.raises(JournalError, match="cannot write a journal in"):
        begin(recorder)


def test_a_journal_that_is_begun_late_records_from_then_on_and_knows_what_it_has_missed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    memory, folder = Memory(), tmp_path / "journal"
    folder.touch()
    recorder = a_recorder(folder, memory)
    ask(recorder, b"unseen")
    assert (recorder.lost, recorder.flush(0)) == (1, False)
    assert "nothing that process" in caplog.text
    folder.unlink()
    ask(recorder, b"seen")
    assert recorder.close(PATIENCE_S) is True
    assert [exchange.request_body for exchange in memory.exchanges] == [b"seen"]
    assert [loss.count for loss in memory.losses] == [1]


def test_a_journal_that_is_never_begun_is_closed_with_nothing_stored(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    recorder = a_recorder(tmp_path / "file")
    assert recorder.leave(0) is False
    assert recorder.close() is False


def test_calls_after_the_close_go_on_unrecorded_and_counted(recorder: Recorder) -> None:
    tape = begin(recorder)
    assert tape is not None
    recorder.close()
    tape.finish(Ending.EOF)
    ask(recorder)
    assert recorder.lost == 2


def test_calls_that_come_after_a_process_has_left_wait_for_the_next_one(tmp_path: Path) -> None:
    memory = Memory()
    recorder = a_recorder(tmp_path, memory)
    ask(recorder, b"before")
    recorder.leave(PATIENCE_S)
    assert list(tmp_path.iterdir()) == []
    ask(recorder, b"after")
    ask(recorder, b"long after")
    assert [exchange.request_body for exchange in memory.exchanges] == [b"before"]
    assert [exchange.request_body for exchange in journalled(tmp_path)] == [b"after", b"long after"]
    assert recorder.lost == 0


def test_calls_under_way_when_a_process_leaves_end_where_they_began(recorder: Recorder, tmp_path: Path) -> None:
    tape = begin(recorder, b"under way")
    assert tape is not None
    recorder.leave(0)
    ask(recorder, b"after")
    tape.head(200, [])
    tape.finish(Ending.EOF)
    assert [(exchange.request_body, exchange.ending) for exchange in journalled(tmp_path)] == [
        (b"after", Ending.EOF),
        (b"under way", Ending.EOF),
    ]
    assert recorder.lost == 0


def test_nothing_that_goes_wrong_inside_reaches_the_caller(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: Any, **_options: Any) -> Any:
        raise RuntimeError("out of order")

    recorder = Recorder(tmp_path, fingerprint=broken, destination=None)
    assert begin(recorder, headers=[(b"x-api-key", b"k")]) is None
    tape = begin(recorder)
    assert tape is not None
    tape.chunk("text")  # type: ignore[arg-type]
    tape.finish(Ending.EOF)
    assert recorder.lost_ever == 2
    assert caplog.text.count("a call could not be recorded") == 1  # a minute passes before it is told again


def test_an_interrupt_at_the_keyboard_is_not_swallowed(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_arguments: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "writev", interrupted)
    with pytest.raises(KeyboardInterrupt):
        begin(recorder)


def test_what_finalizers_hand_in_is_written_with_the_next_word(recorder: Recorder, tmp_path: Path) -> None:
    tape = begin(recorder, b"let go")
    assert tape is not None
    tape.abandon()
    assert [exchange.ending for exchange in journalled(tmp_path)] == [Ending.UNKNOWN]
    ask(recorder, b"next")
    assert [(exchange.request_body, exchange.ending) for exchange in journalled(tmp_path)] == [
        (b"let go", Ending.ABANDONED),
        (b"next", Ending.EOF),
    ]


def test_what_finalizers_hand_in_is_stored_without_another_word(tmp_path: Path) -> None:
    memory, stored = Memory(), threading.Event()
    memory.on_read = lambda _exchange: stored.set()
    recorder = a_recorder(tmp_path, memory)
    tape = begin(recorder)
    assert tape is not None
    tape.abandon()
    assert stored.wait(PATIENCE_S)
    recorder.close(PATIENCE_S)
    assert [exchange.ending for exchange in memory.exchanges] == [Ending.ABANDONED]


def test_a_finalizer_may_run_while_the_same_thread_writes(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Finalizers run wherever memory is allocated: a lock that is held then would be waited for for ever."""
    abandoned, writev = begin(recorder), os.writev
    assert abandoned is not None

    def collecting(descriptor: int, pieces: list[bytes]) -> int:
        abandoned.abandon()
        return writev(descriptor, pieces)

    monkeypatch.setattr(os, "writev", collecting)
    ask(recorder)


def test_a_signals_handler_may_end_a_call_while_the_same_thread_writes(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, writev, seen = begin(recorder, b"other"), os.writev, []
    assert other is not None

    def handle(_signal: int, _frame: object) -> None:
        seen.append(1)
        other.finish(Ending.CLOSED)

    def interrupted(descriptor: int, pieces: list[bytes]) -> int:
        if not seen:
            signal.raise_signal(signal.SIGUSR1)
        return writev(descriptor, pieces)

    before = signal.signal(signal.SIGUSR1, handle)
    try:
        monkeypatch.setattr(os, "writev", interrupted)
        ask(recorder, b"mine")
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert {exchange.request_body: exchange.ending for exchange in journalled(tmp_path)} == {
        b"other": Ending.CLOSED,
        b"mine": Ending.EOF,
    }


def _fill(folder: Path, made: int) -> bool:
    recorder = a_recorder(folder)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
    for _ in range(made):
        ask(recorder, b"x" * 1000, b"y" * 1000)
    lost = recorder.lost
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    recorder.close()
    return lost > 0 == recorder.lost
