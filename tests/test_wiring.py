"""Settings become things that work together: a recorder, a record, pages."""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy.exc import DBAPIError

from audit import clients, wiring
from audit.archives import open_archive
from audit.errors import JournalError, SettingsError, StoreError
from audit.recording.journal import writers
from audit.recording.silence import Silence
from audit.settings import Settings
from audit.simulator import server
from audit.simulator.process import running
from audit.store.engine import open_engine
from audit.store.schema import SchemaCheck, head
from audit.store.scope import Scope
from tests.databases import KIND, an_empty_database
from tests.wired import PATIENCE_S, ask, environment_of, keys, patiently, recorded, settings_of


@pytest.fixture(scope="module")
def simulator() -> Iterator[str]:
    with running() as url:
        yield url


@pytest.fixture(autouse=True)
def _nobodys_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Let the environment name a configuration of the test's own, and no recorder outlive it."""
    (tmp_path / "audit.toml").touch()
    monkeypatch.setenv("AUDIT_CONFIG", str(tmp_path / "audit.toml"))
    monkeypatch.delenv("AUDIT_DATABASE_URL", raising=False)
    for variable, value in environment_of(tmp_path / "home").items():
        monkeypatch.setenv(variable, value)
    wiring._opened_recorder.cache_clear()
    yield
    wiring._opened_recorder.cache_clear()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path / "home")


def execute(settings: Settings, statement: str) -> None:
    engine = open_engine(settings.database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def test_settings_are_those_of_the_environment_or_of_the_file_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("[dashboard]\nport = 7")
    assert wiring.read_settings().home == tmp_path / "home"
    assert wiring.read_settings(tmp_path / "other.toml").dashboard.port == 7


def test_a_call_goes_from_the_recorder_into_the_record(settings: Settings, simulator: str) -> None:
    ask(settings, simulator, authorization="Bearer sk-secret-of-mine")
    [detail] = recorded(settings)
    assert (detail.exchange.status, detail.row.model_requested) == (200, "gpt-4o")
    [key] = keys(settings)
    assert detail.exchange.key_fingerprint == key.fingerprint
    assert b"sk-secret-of-mine" not in b"".join(
        path.read_bytes() for path in settings.home.rglob("*") if path.is_file()
    )


def test_what_is_only_journalled_is_brought_in_by_whoever_reads(tmp_path: Path, simulator: str) -> None:
    settings = settings_of(tmp_path, recording={"drain": False})
    ask(settings, simulator)
    assert not (tmp_path / "audit.db").exists()
    assert len(writers(settings.journal)) == 1
    assert len(recorded(settings)) == 1
    assert writers(settings.journal) == []


def test_reading_makes_a_database_that_is_not_there(settings: Settings) -> None:
    assert recorded(settings) == []
    assert wiring.check_schema(settings).sound


def test_who_may_only_read_can_read(monkeypatch: pytest.MonkeyPatch, settings: Settings, simulator: str) -> None:
    ask(settings, simulator)
    monkeypatch.setattr(wiring, "upgraded_engine", lambda _settings: pytest.fail("it was opened for writing"))
    with closing(wiring.open_reader(settings)) as reader:
        assert reader.totals(Scope()).calls == 1
        with pytest.raises(DBAPIError, match=r"read-?only"), reader._engine.begin() as connection:
            connection.exec_driver_sql("delete from calls")


def test_a_database_of_a_newer_audit_is_left_alone(settings: Settings) -> None:
    wiring.upgrade(settings)
    execute(settings, "update alembic_version set version_num = '9999'")
    with pytest.raises(StoreError, match="newer audit"):
        wiring.open_reader(settings)
    assert wiring.check_schema(settings) == SchemaCheck(revision="9999", expected=head())


def test_a_name_can_be_taken_away(settings: Settings, simulator: str) -> None:
    ask(settings, simulator, authorization="Bearer sk-1")
    [key] = keys(settings)
    for name in ("team", None):
        wiring.name_key(settings, key.fingerprint, name)
    assert [row.name for row in keys(settings)] == [None]


def test_the_schema_is_brought_up_to_date_once(tmp_path: Path) -> None:
    settings = Settings.model_validate({"home": tmp_path, "store": {"url": an_empty_database(KIND, tmp_path)}})
    assert wiring.check_schema(settings) == SchemaCheck(revision=None, expected=head())
    assert not (settings.home / "audit.db").exists()
    assert wiring.upgrade(settings) == (None, head())
    assert wiring.upgrade(settings) == (head(), head())
    assert wiring.check_schema(settings).sound


def test_tables_that_are_not_as_expected_are_told(settings: Settings) -> None:
    wiring.upgrade(settings)
    execute(settings, "alter table losses add column colour text")
    found = wiring.check_schema(settings)
    assert (found.revision, found.sound) == (head(), False)
    assert "colour" in str(found.differences)


def test_diagnoses_are_of_this_process(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setenv("AUDIT_HOMES", "x")
    assert "AUDIT_HOMES is set and means nothing; is AUDIT_HOME meant?" in [
        one.text for one in wiring.diagnoses(settings)
    ]


def test_archives_are_imported_with_the_fingerprints_that_recording_gives(
    settings: Settings, simulator: str, tmp_path: Path
) -> None:
    ask(settings, simulator, authorization="Bearer sk-1")
    line = {"url": "https://api.openai.com/v1/chat/completions", "request_headers": {"authorization": "Bearer sk-1"}}
    (tmp_path / "calls.jsonl").write_text(json.dumps(line))
    with wiring.importing(settings) as intake:
        intake.bring(open_archive(tmp_path / "calls.jsonl"), "calls.jsonl", lambda _position: None)
        assert intake.summary.new == 1
    assert len({detail.exchange.key_fingerprint for detail in recorded(settings)}) == 1


def test_where_nothing_can_be_journalled_no_recorder_is_opened(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match="cannot use the fingerprint secret"):
        wiring.open_recorder(Settings(home=tmp_path / "file"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_wait_and_a_second_one_does_what_it_did_before(number: signal.Signals) -> None:
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}

    def tell() -> None:
        patiently(lambda: signal.getsignal(signal.SIGTERM) is not before[signal.SIGTERM])
        os.kill(os.getpid(), number)

    teller = threading.Thread(target=tell)
    teller.start()
    wiring.wait_for_interrupt()
    teller.join()
    assert {one: signal.getsignal(one) for one in before} == before


def test_what_the_simulator_can_do_is_told_by_name() -> None:
    assert "prompt_blocked" in wiring.simulator_scenarios()


def test_the_simulator_is_served_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(server, "serve", lambda *given, **named: told.append((given, named)))
    wiring.serve_simulator("127.0.0.1", 7, 0.5)
    assert told == [(("127.0.0.1", 7, 0.5), {"quiet": False})]


def test_threads_that_come_at_once_have_one_recorder(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Silence] = []
    both = threading.Event()

    def slowly(_settings: Settings) -> Silence:
        opened.append(Silence())
        both.set() if len(opened) > 1 else both.wait(0.2)
        return opened[-1]

    monkeypatch.setattr(wiring, "open_recorder", slowly)
    monkeypatch.setattr(atexit, "register", lambda *_: None)
    threads = [threading.Thread(target=wiring.default_recorder) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [wiring.default_recorder()] == opened


def test_a_process_has_one_recorder_which_is_closed_at_its_end(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    at_exit: list[Any] = []
    monkeypatch.setattr(atexit, "register", lambda *what: at_exit.append(what))
    recorder = wiring.default_recorder()
    assert wiring.default_recorder() is recorder
    [(close, wait_s)] = at_exit
    with clients.httpx2_client(transport=httpx2.MockTransport(lambda _: httpx2.Response(200))) as client:
        client.get("https://api.example.com/v1/chat/completions")
    assert close(PATIENCE_S)
    assert wait_s == wiring.EXIT_WAIT_S
    with closing(wiring.open_reader(settings)) as reader:
        assert reader.health().calls == 1


def test_where_recording_is_switched_off_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "audit.toml").write_text("[recording]\nenabled = false")
    assert isinstance(wiring.default_recorder(), Silence)
    assert not (tmp_path / "home").exists()


def test_a_recorder_that_could_not_be_opened_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "audit.toml").write_text("[recording]\nenabled = 3")
    with pytest.raises(SettingsError):
        wiring.default_recorder()
    (tmp_path / "audit.toml").write_text("[recording]\nenabled = false")
    assert isinstance(wiring.default_recorder(), Silence)


SHORT = """
import audit, httpx2
reply = httpx2.MockTransport(lambda _: httpx2.Response(200, json={"choices": []}))
with audit.httpx2_client(transport=reply) as client:
    client.post("https://api.example.com/v1/chat/completions", json={"model": "m"})
"""


def test_a_script_that_ends_at_once_is_recorded_without_a_word(settings: Settings) -> None:
    """All that storing needs is imported while the interpreter ends, when not everything can be."""
    script = subprocess.run([sys.executable, "-c", SHORT], capture_output=True, text=True, check=True)
    assert (script.stdout, script.stderr) == ("", "")
    with closing(wiring.open_reader(settings)) as reader:
        assert reader.health().calls == 1
