"""A collector for the configured database."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from audit.call import Ending
from audit.errors import AuditError, StoreError
from audit.recording.collector import Collector
from audit.recording.journal import writers
from audit.settings import Settings
from audit.wiring import collecting
from audit.wiring.collecting import collect, collect_once
from tests.recording.kept import a_recorder, ask, begin
from tests.wired import environment_of, patiently, recorded, settings_of

CALLS = 40
_CALLING = """
import sys
from pathlib import Path
from tests.recording.kept import a_recorder, ask, begin

recorder = a_recorder(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    ask(recorder, f"{sys.argv[2]} {number}".encode())
under_way = begin(recorder, f"{sys.argv[2]} under way".encode())
print("called", flush=True)
sys.stdin.read()
under_way.finish(__import__("audit.call").call.Ending.EOF)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "TELL_EVERY_S", 0.01)


@contextmanager
def process(settings: Settings, *command: str) -> Iterator[subprocess.Popen[str]]:
    """A process that ends with the block."""
    environment = {**os.environ, **environment_of(settings.home)}
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, *command], stdin=pipe, stdout=pipe, text=True, env=environment) as started:
        try:
            yield started
        finally:
            started.kill()


def status(collector: subprocess.Popen[str]) -> dict[str, Any]:
    assert collector.stdout is not None
    told: dict[str, Any] = json.loads(collector.stdout.readline())
    return told


def calling(settings: Settings, name: str) -> Any:
    return process(settings, "-c", _CALLING, str(settings.journal), name, str(CALLS))


def test_processes_that_only_journal_are_collected_whole_though_one_is_killed(settings: Settings) -> None:
    with process(settings, "-m", "audit", "collect", "--status-lines", "--with-parent") as collector:
        assert status(collector)["pid"] == collector.pid
        with calling(settings, "killed") as killed, calling(settings, "ending") as ending:
            for caller in (killed, ending):
                assert caller.stdout.readline() == "called\n"
            killed.kill()
            while status(collector)["stored"] < 2 * CALLS + 1:
                pass
            ending.communicate("")
            assert ending.returncode == 0
            while (told := status(collector))["journals"] or told["stored"] < 2 * CALLS + 2:
                pass
        assert (told["lost"], told["depth_bytes"], told["oldest_s"]) == (0, 0, 0)
        collector.communicate("")  # its parent ends
        assert collector.returncode == 0
    endings = Counter((detail.exchange.request_body, detail.exchange.ending) for detail in recorded(settings))
    whole = {b"%s %d" % (name, number) for name in (b"killed", b"ending") for number in range(CALLS)}
    assert endings == {
        **{(body, Ending.EOF): 1 for body in whole},
        (b"killed under way", Ending.UNKNOWN): 1,
        (b"ending under way", Ending.EOF): 1,
    }
    assert list(settings.journal.iterdir()) == []


def test_a_collector_on_standby_takes_over(settings: Settings) -> None:
    command = ("-m", "audit", "collect", "--status-lines", "--with-parent")
    with process(settings, *command) as first:
        status(first)
        with process(settings, *command, "--standby") as second, process(settings, *command) as third:
            assert status(second)["stored"] == 0
            assert third.wait(30) == 2, "without it another one is an error"
            first.communicate("")
            with calling(settings, "first") as recorder:
                recorder.communicate("")
            while status(second)["stored"] < CALLS + 1:
                pass
            second.communicate("")
            assert second.returncode == 0


def test_a_collector_on_standby_can_be_told_to_end(settings: Settings) -> None:
    command = ("-m", "audit", "collect", "--status-lines", "--with-parent")
    with process(settings, *command) as first:
        status(first)
        with process(settings, *command, "--standby") as second:
            status(second)
            second.communicate("")
            assert second.returncode == 0


def test_a_collector_that_is_killed_costs_no_call_and_repeats_none(settings: Settings) -> None:
    command = ("-m", "audit", "collect", "--status-lines")
    recorder, made = a_recorder(settings.journal), 0
    for _ in range(2):
        with process(settings, *command) as collector:
            status(collector)
            for _ in range(CALLS):
                ask(recorder, str(made := made + 1).encode())
            while not status(collector)["stored"]:
                pass
    recorder.close()
    collect_once(settings)
    assert sorted(int(detail.exchange.request_body) for detail in recorded(settings)) == list(range(1, made + 1))
    assert list(settings.journal.iterdir()) == []


def test_what_is_there_is_stored_once(settings: Settings) -> None:
    recorder = a_recorder(settings.journal)
    ask(recorder)
    assert collect_once(settings).stored == 1
    assert len(writers(settings.journal)) == 1
    begin(recorder)
    recorder.close()
    assert collect_once(settings).stored == 1
    assert list(settings.journal.iterdir()) == []
    assert len(recorded(settings)) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_when_what_is_there_is_stored(settings: Settings, number: int) -> None:
    recorder, before = a_recorder(settings.journal), signal.getsignal(number)

    def ask_and_end(progress: Any) -> None:
        if not progress.stored:
            ask(recorder)
        os.kill(os.getpid(), number)

    assert collect(settings, tell=ask_and_end).stored == 1
    assert signal.getsignal(number) == before


def test_it_tells_how_it_gets_on(settings: Settings) -> None:
    told: list[Any] = []
    ask(a_recorder(settings.journal))

    def tell(progress: Any) -> None:
        told.append(progress)
        if progress.stored:
            os.kill(os.getpid(), signal.SIGTERM)

    collect(settings, tell=tell)
    assert told[0].stored == 0
    assert told[-1].stored == 1


def test_it_ends_with_its_parent_if_it_is_told_to(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"not the end")

    def close(_progress: Any) -> None:
        told.append(1)
        if len(told) == 3:
            os.close(writing)

    told: list[int] = []
    with os.fdopen(reading) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        collect(settings, with_parent=True, tell=close)
    assert len(told) == 3


def test_who_cannot_be_told_any_more_ends_it(settings: Settings) -> None:
    ask(a_recorder(settings.journal))

    def broken(_progress: Any) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        collect(settings, tell=broken)
    patiently(lambda: not (settings.journal / "collecting").exists())
    assert len(recorded(settings)) == 1


def test_a_database_that_cannot_be_used_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def newer(_settings: Settings) -> Any:
        raise StoreError("newer", permanent=True)

    monkeypatch.setattr("audit.wiring.open_store", newer)
    with pytest.raises(StoreError, match="newer"):
        collect(settings)


def test_a_second_one_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.recording.collector.LOCK_WAIT_S", 0.0)
    with Collector(settings.journal, lambda: pytest.fail("nothing is to be stored")):
        for start in (collect, collect_once):
            with pytest.raises(AuditError, match="another collector"):
                start(settings)  # type: ignore[operator]


def test_what_is_due_is_removed_while_it_collects(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    @contextmanager
    def daily(given: Settings) -> Iterator[None]:
        assert given is settings
        told.append("begun")
        yield
        told.append("ended")

    def end(_progress: Any) -> None:
        told.append("collecting")
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(collecting, "daily", daily)
    collect(settings, tell=end)
    assert (told[0], told[1], told[-1]) == ("begun", "collecting", "ended")
