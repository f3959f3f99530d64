"""A recorder in a process that forks."""

from __future__ import annotations

import gc
import os
import threading
from pathlib import Path

import pytest

from audit.call import Ending
from audit.recording.recorder import Recorder
from audit.recording.sink import Sink
from audit.recording.tape import Tape
from tests.recording.kept import Memory, a_recorder, ask, begin, exit_with, journalled, losses, no_space

PATIENCE_S = 20.0


def test_a_forked_child_keeps_a_journal_of_its_own(recorder: Recorder, tmp_path: Path) -> None:
    open_in_parent = begin(recorder, b"open in the parent")
    assert open_in_parent is not None
    with no_space():
        ask(recorder, b"lost in the parent")
    child = os.fork()
    if not child:
        exit_with(_as_child, recorder, open_in_parent)
    assert os.waitpid(child, 0)[1] == 0
    open_in_parent.finish(Ending.EOF)
    ask(recorder, b"parent")
    told = {exchange.request_body: exchange.ending for exchange in journalled(tmp_path)}
    assert told == {b"open in the parent": Ending.EOF, b"parent": Ending.EOF, b"child": Ending.EOF}
    assert [loss.count for loss in losses(tmp_path)] == [1]


def test_a_fork_waits_for_the_writer_to_be_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder, ready = a_recorder(tmp_path, Memory()), []
    monkeypatch.setattr(Sink, "prepare_for_fork", lambda sink: ready.append(sink))
    writer = recorder._sink
    child = os.fork()
    if not child:
        os._exit(0 if writer in ready else 3)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    recorder.close()


def test_a_forked_child_that_cannot_begin_a_journal_leaves_the_parents_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "journal"
    recorder = a_recorder(folder)
    child = os.fork()
    if not child:
        exit_with(_as_child_without_a_folder, recorder, folder)
    assert os.waitpid(child, 0)[1] == 0
    (folder.with_name("moved")).rename(folder)
    ask(recorder, b"parent")
    assert [exchange.request_body for exchange in journalled(folder)] == [b"parent"]


def test_threads_fork_and_finalize_without_losing_a_call(tmp_path: Path) -> None:
    memory = Memory()
    recorder = a_recorder(tmp_path, memory)

    def work(name: int) -> None:
        for number in range(50):
            ask(recorder, b"%d/%d" % (name, number))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert recorder.close(PATIENCE_S) is True
    made = sorted(b"%d/%d" % (name, number) for name in range(32) for number in range(50))
    assert sorted(exchange.request_body for exchange in memory.exchanges) == made


def test_a_recorder_that_nobody_has_any_more_is_not_kept_for_forks(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path)
    recorder.close()
    del recorder
    gc.collect()
    child = os.fork()
    if not child:
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


def _as_child(recorder: Recorder, open_in_parent: Tape) -> bool:
    fresh = recorder.lost == 0
    open_in_parent.abandon()
    ask(recorder, b"child")
    recorder.close()
    return fresh


def _as_child_without_a_folder(recorder: Recorder, folder: Path) -> bool:
    folder.rename(folder.with_name("moved"))
    folder.touch()
    grandchild = os.fork()
    if not grandchild:
        ask(recorder, b"grandchild")
        os._exit(0 if recorder.lost == 1 and not recorder.flush(0) else 3)
    told = os.waitpid(grandchild, 0)[1] == 0
    folder.unlink()
    return told
