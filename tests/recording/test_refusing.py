"""Callers who want no call that is not recorded, and callers who want to notice nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.call import Ending
from audit.errors import JournalError
from audit.recording.manual import record
from audit.recording.recorder import Recorder
from tests.recording.callers import Caller
from tests.recording.kept import a_recorder, journalled, no_space
from tests.recording.upstream import Upstream, answer, chunked


@pytest.fixture
def refusing(tmp_path: Path) -> Recorder:
    return a_recorder(tmp_path, refuse=True)


def test_nothing_is_sent_of_a_call_that_is_refused(caller: Caller, refusing: Recorder, upstream: Upstream) -> None:
    url = upstream.play("/v1/refused", answer(b"ok"))
    upstream.requests.clear()
    with no_space():
        seen = caller.see(refusing, "POST", url, content=b"ask")
    assert upstream.requests == []
    assert seen.error is not None
    assert "JournalError" in seen.error
    assert "not made, as it cannot be recorded" in seen.error
    assert refusing.lost_ever == 0
    assert caller.see(refusing, "POST", url, content=b"ask").chunks == [b"ok"]


def test_a_call_passes_unrecorded_where_nobody_wants_it_refused(
    caller: Caller, recorder: Recorder, upstream: Upstream, tmp_path: Path
) -> None:
    url = upstream.play("/v1/passed", answer(b"ok"))
    with no_space():
        seen = caller.see(recorder, "POST", url, content=b"ask")
    assert (seen.error, seen.chunks, recorder.lost) == (None, [b"ok"], 1)
    assert journalled(tmp_path) == []


@pytest.mark.parametrize("refuse", [True, False])
def test_a_response_whose_end_cannot_be_recorded_breaks_off_where_such_calls_are_refused(
    caller: Caller, upstream: Upstream, tmp_path: Path, refuse: bool
) -> None:
    recorder, url = a_recorder(tmp_path, refuse=refuse), upstream.play("/v1/end", chunked(b"all of it"))
    with no_space(after=1):
        seen = caller.see(recorder, "GET", url)
    assert seen.chunks == [b"all of it"]
    assert ("how it ended cannot be recorded" in (seen.error or "")) is refuse
    assert recorder.lost_ever == 1
    recorder.close()
    assert [exchange.ending for exchange in journalled(tmp_path)] == [Ending.UNKNOWN]


def test_a_block_that_is_recorded_by_hand_is_not_entered_or_breaks_off_at_its_end(refusing: Recorder) -> None:
    entered = []
    with no_space(), pytest.raises(JournalError, match="not made"), record(refusing, url="https://h/v1", request=""):
        entered.append(1)
    assert entered == []
    ended = pytest.raises(JournalError, match="how it ended")
    with no_space(after=1), ended, record(refusing, url="https://h/v1", request=""):
        entered.append(2)
    assert entered == [2]
