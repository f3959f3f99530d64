"""What is written is waited for elsewhere than where it is written, so that an event loop serves others meanwhile."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from audit.call import Ending
from audit.errors import JournalError
from audit.recording import stable
from audit.recording.frames import INTENT, encode
from audit.recording.journal import SETTLED
from audit.recording.settling import Deferring, Settling
from audit.recording.stable import StableJournal
from tests.recording.callers import Caller
from tests.recording.failing import Disk, Held
from tests.recording.kept import a_recorder, begin, journalled
from tests.recording.upstream import Upstream, answer, chunked


def test_nothing_is_due_where_nothing_was_written() -> None:
    assert not Settling(Deferring()).is_due


@pytest.mark.parametrize(("waits", "kept"), [([True, True], True), ([False, True], False), ([True, False], False)])
def test_all_are_waited_for(waits: list[bool], kept: bool) -> None:
    settling, waited = Settling(Deferring()), list[bool]()

    def wait(well: bool) -> bool:
        waited.append(well)
        return well

    for well in waits:
        settling.add(lambda well=well: wait(well))
    assert settling() is kept
    assert waited == waits


def test_a_journal_that_outlives_its_process_alone_has_nothing_to_wait_for(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path)
    with recorder.deferring() as settling:
        begin(recorder)
    assert not settling.is_due


def test_a_call_is_waited_for_by_who_defers_it_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk()
    monkeypatch.setattr(os, "fdatasync", disk)
    recorder = a_recorder(tmp_path, journal=StableJournal)
    with recorder.deferring() as settling:
        tape = begin(recorder)
    assert (disk.synced, settling.is_due) == ([], True)
    assert settling()
    assert len(disk.synced) == 1
    with recorder.deferring() as settling:
        tape.finish(Ending.EOF)
    assert (len(disk.synced), settling()) == (1, True)
    begin(recorder)
    assert len(disk.synced) == 3
    assert [one.ending for one in journalled(tmp_path)] == [Ending.EOF, Ending.UNKNOWN]


def test_a_beginning_that_does_not_get_to_the_disk_leaves_nothing_and_counts_as_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = a_recorder(tmp_path, journal=StableJournal)
    with monkeypatch.context() as broken:
        broken.setattr(os, "fdatasync", Disk(always=True))
        with recorder.deferring() as settling:
            tape = begin(recorder)
        assert settling() is False
    tape.drop()
    tape.chunk(b"a")
    assert tape.finish(Ending.EOF) is False
    assert recorder.lost == 1
    assert journalled(tmp_path) == []


def test_where_such_calls_are_refused_none_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = a_recorder(tmp_path, journal=StableJournal, refuse=True)
    monkeypatch.setattr(os, "fdatasync", Disk(always=True))
    with recorder.deferring() as settling:
        tape = begin(recorder)
    assert settling() is False
    with pytest.raises(JournalError, match="not made"):
        tape.drop()
    assert recorder.lost_ever == 0


def test_an_end_that_does_not_get_to_the_disk_is_told_without_its_content_when_it_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = a_recorder(tmp_path, journal=StableJournal)
    tape = begin(recorder)
    tape.head(200, ())
    tape.chunk(b"content")
    with monkeypatch.context() as broken:
        broken.setattr(os, "fdatasync", Disk(always=True))
        with recorder.deferring() as settling:
            assert tape.finish(Ending.EOF)
        assert settling() is False
    assert recorder.lost == 1
    recorder.flush(0)
    [one] = journalled(tmp_path)
    assert (one.ending, one.status, one.response_body) == (Ending.UNKNOWN, 200, b"")


def test_who_cannot_wait_has_a_ticket_to_wait_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk()
    monkeypatch.setattr(os, "fdatasync", disk)
    journal = StableJournal(tmp_path)
    first, second = (journal.append(encode(INTENT, {"id": "1"}, body), wait=False) for body in (b"a", b"b"))
    assert disk.synced == []
    journal.settle(second)
    journal.settle(first)
    assert len(disk.synced) == 1


def test_what_waits_for_nobody_is_not_in_memory_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk()
    monkeypatch.setattr(os, "fdatasync", disk)
    monkeypatch.setattr(stable, "MOST_PENDING_BYTES", 1_000)
    journal = StableJournal(tmp_path)
    tickets = [journal.append(encode(INTENT, {"id": "1"}, b"a" * 400), wait=False) for _ in range(7)]
    assert [ticket == SETTLED for ticket in tickets] == [False, False, True, False, False, True, False]
    assert len(disk.synced) == 2


@pytest.mark.parametrize("caller", [True], indirect=True, ids=["async"])
def test_an_event_loop_goes_on_while_a_call_waits_for_the_disk(
    caller: Caller, upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder, url = a_recorder(tmp_path, journal=StableJournal), upstream.play("/v1/slow", chunked(b"ok"))

    async def call() -> bytes:
        async with caller.async_client(recorder) as client:
            content: bytes = (await client.get(url)).content
            return content

    async def meanwhile(task: asyncio.Task[bytes]) -> None:
        """Let each sync go on from the loop itself: held by one, it would never be let."""
        while not task.done():
            await asyncio.sleep(0.01)
            if sync.begun.is_set():
                sync.go_on.set()

    async def both() -> bytes:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(call())
            await meanwhile(task)
        return task.result()

    sync: Any = Held(monkeypatch)
    assert asyncio.run(both()) == b"ok"
    assert [one.ending for one in journalled(tmp_path)] == [Ending.EOF]


@pytest.mark.parametrize("caller", [True], indirect=True, ids=["async"])
@pytest.mark.parametrize("refuse", [True, False])
def test_a_call_whose_beginning_does_not_get_to_the_disk_is_made_unrecorded_or_not_at_all(
    caller: Caller, upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refuse: bool
) -> None:
    recorder = a_recorder(tmp_path, journal=StableJournal, refuse=refuse)
    url = upstream.play("/v1/unkept", answer(b"ok"))
    upstream.requests.clear()
    monkeypatch.setattr(os, "fdatasync", Disk(always=True))
    seen = caller.see(recorder, "GET", url)
    assert (seen.chunks, len(upstream.requests)) == (([], 0) if refuse else ([b"ok"], 1))
    assert ("not made" in (seen.error or "")) is refuse
    assert recorder.lost_ever == (0 if refuse else 1)


@pytest.mark.parametrize("caller", [True], indirect=True, ids=["async"])
@pytest.mark.parametrize("refuse", [True, False])
def test_a_response_whose_end_does_not_get_to_the_disk_breaks_off_where_such_calls_are_refused(
    caller: Caller, upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refuse: bool
) -> None:
    recorder = a_recorder(tmp_path, journal=StableJournal, refuse=refuse)
    url = upstream.play("/v1/end", chunked(b"all of it"))
    monkeypatch.setattr(os, "fdatasync", Disk(*range(2, 100)))
    seen = caller.see(recorder, "GET", url)
    assert seen.chunks == [b"all of it"]
    assert ("how it ended cannot be recorded" in (seen.error or "")) is refuse
    assert recorder.lost_ever == 1
