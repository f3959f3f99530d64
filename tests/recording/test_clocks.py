"""A clock that is set while calls are recorded: the record has each call once, in order, with the time that it took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from audit import wiring
from audit.call import Ending
from audit.recording.depth import look
from audit.recording.recorder import Recorder
from audit.settings import Settings
from audit.store.rows import CallRow
from audit.store.scope import Scope
from audit.wiring.collecting import collect_once
from audit.wiring.keeping import sign_now
from audit.wiring.ledger import verify_record
from tests.recording.kept import begin
from tests.wired import PATIENCE_S, settings_of

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
DAY, YEAR = timedelta(days=1), timedelta(days=400)
JUMPS = {
    "a day back and ahead": [-DAY, DAY],
    "400 days ahead and back": [YEAR, -YEAR],
    "to and fro": [YEAR, -2 * YEAR, DAY, -DAY, YEAR],
}


@pytest.fixture(params=JUMPS.values(), ids=JUMPS)
def jumps(request: pytest.FixtureRequest) -> list[timedelta]:
    return list(request.param)


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(NOON, tick=True) as clock:
        yield clock


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path)


def record(recorder: Recorder, clock: time_machine.Coordinates, jumps: list[timedelta]) -> int:
    """Make calls before, across and after each jump; return how long all took, in microseconds."""
    began = time.perf_counter()
    for jump in jumps:
        for within in (timedelta(0), jump, timedelta(0)):
            tape = begin(recorder)
            assert tape is not None
            tape.head(200, [])
            clock.shift(within)
            tape.chunk(b"answer")
            tape.finish(Ending.EOF)
    return int((time.perf_counter() - began) * 1e6) + 1


def a_recorder(settings: Settings, *, draining: bool) -> Recorder:
    return Recorder(
        settings.journal,
        fingerprint=str,
        destination=(lambda: wiring.open_store(settings)) if draining else None,
    )


def stored(settings: Settings) -> tuple[CallRow, ...]:
    """Return the calls in the order in which the record took them."""
    with closing(wiring.open_reader(settings)) as reader:
        return reader.after(0, Scope())


def check(settings: Settings, jumps: list[timedelta], took_us: int) -> None:
    """Hold the record to what was done: ids grow in the order of recording, so that order is told by them."""
    rows = stored(settings)
    assert len(rows) == 3 * len(jumps)
    ids = [row.id for row in rows]
    assert ids == sorted(set(ids))
    for row in rows:
        assert row.first_byte_us is not None
        assert row.duration_us is not None
        assert 0 <= row.first_byte_us <= row.duration_us <= took_us
    assert verify_record(settings).is_whole
    assert look(settings.journal) == []


def test_what_is_drained_while_the_clock_is_set(
    settings: Settings, clock: time_machine.Coordinates, jumps: list[timedelta]
) -> None:
    with closing(a_recorder(settings, draining=True)) as recorder:
        took_us = 0
        for jump in jumps:  # stored before the next, so that writer and ledger live through it too
            took_us += record(recorder, clock, [jump])
            assert recorder.flush(PATIENCE_S)
            sign_now(settings)
    check(settings, jumps, took_us)


def test_what_is_collected_after_the_clock_was_set(
    settings: Settings, clock: time_machine.Coordinates, jumps: list[timedelta]
) -> None:
    recorder = a_recorder(settings, draining=False)
    took_us = record(recorder, clock, jumps)
    assert collect_once(settings).stored == 3 * len(jumps)
    recorder.close()
    assert collect_once(settings).stored == 0
    check(settings, jumps, took_us)


def test_what_a_dead_process_left_is_collected_in_another_year(
    settings: Settings, clock: time_machine.Coordinates, jumps: list[timedelta]
) -> None:
    recorder = a_recorder(settings, draining=False)
    took_us = record(recorder, clock, jumps)
    recorder.close()
    clock.shift(-3 * YEAR)
    told = collect_once(settings)
    assert (told.stored, told.oldest_s) == (3 * len(jumps), 0)
    check(settings, jumps, took_us)
