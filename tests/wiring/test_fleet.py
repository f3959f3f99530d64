"""Whole installations: each process is a real one."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from audit.errors import JournalError
from audit.settings import Settings, load_settings
from audit.simulator.process import running
from audit.store.rows import KeyTerms
from audit.wiring import fleet, watching
from audit.wiring.fleet import Fleet
from audit.wiring.issuing import issue_key, revoke_key
from audit.wiring.places import Served
from audit.wiring.proxying import with_options
from tests.wired import environment_of, patiently, recorded
from tests.wiring.fleets import ask, children, metrics, readyz, run

CONFIGURED = """
[providers.openai]
base_url = "{simulator}/openai"
key_env = "OPENAI_KEY"

[proxy]
port = 0
admin_port = 0
workers = 2
root = "openai"
allow_networks = ["127.0.0.0/8"]
{proxy}

[dashboard]
port = 0

[[models]]
name = "gpt-4o"
provider = "openai"
{more}
"""
Configured = Callable[..., Settings]


@pytest.fixture(scope="module")
def simulator() -> Iterator[str]:
    with running() as url:
        yield url


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, simulator: str) -> Configured:
    """Returns settings that the other processes find as well."""

    def configure(proxy: str = "", more: str = "") -> Settings:
        config = tmp_path / "audit.toml"
        config.write_text(CONFIGURED.format(simulator=simulator, proxy=proxy, more=more))
        monkeypatch.setenv("AUDIT_CONFIG", str(config))
        monkeypatch.delenv("AUDIT_DATABASE_URL", raising=False)
        for variable, value in environment_of(tmp_path / "home").items():
            monkeypatch.setenv(variable, value)
        return load_settings(os.environ)

    return configure


def first(served: Served) -> str:
    return served.providers[0][0]


def counted(served: Served, name: str) -> float:
    return sum(value for key, value in metrics(served).items() if key.partition("{")[0] == name)


def kill(name: str) -> None:
    pid = children()[name]
    os.kill(pid, signal.SIGKILL)
    patiently(lambda: pid not in children().values())


def answers(url: str) -> bool:
    try:
        return httpx2.get(url, trust_env=False).is_success
    except httpx2.TransportError:
        return False


def test_calls_are_passed_on_recorded_and_counted(configured: Configured) -> None:
    settings = configured()
    lives: list[int] = []

    def scene(served: Served) -> None:
        lives.extend(children().values())
        assert [base_url for _, base_url in served.providers] == [settings.providers["openai"].base_url] * 2
        for number in range(6):
            assert ask(served.providers[number % 2][0], stream=number < 3) == 200
        patiently(lambda: counted(served, "audit_calls_total") == 6)
        patiently(lambda: counted(served, "audit_proxy_served_total") == 6)
        assert readyz(served).json() == {"ready": True, "problems": [], "notes": []}
        found = metrics(served)
        assert {found[f"audit_up{{{name}}}"] for name in ("worker-1", "worker-2", "collector")} == {1}
        assert found["audit_time_to_first_token_seconds_count{gpt-4o-2024-08-06,openai}"] == 3
        assert counted(served, "audit_duration_seconds_count") == 6
        assert found["audit_lost_total"] == found["audit_recorded_losses_total"] == 0
        assert {"audit_journal_bytes", "audit_journal_oldest_seconds"} <= found.keys()
        ask(first(served), prompt="The last one.")

    assert run(settings, scene) is True
    rows = [detail.row for detail in recorded(settings)]
    assert len(rows) == 7, "what was under way at the end is there too"
    assert {(row.origin, row.provider, row.standing.value) for row in rows} == {("proxy", "openai", "ok")}
    assert len(lives) == 3
    assert not any(Path(f"/proc/{pid}").exists() for pid in lives)
    assert list(settings.journal.iterdir()) == []


def test_whatever_dies_is_started_again_and_calls_are_recorded_all_the_same(
    configured: Configured, caplog: pytest.LogCaptureFixture
) -> None:
    settings = configured()

    def scene(served: Served) -> None:
        names = {"worker-1", "worker-2", "collector", "scheduler", "dashboard"}
        patiently(lambda: children().keys() == names)
        for name in sorted(names):
            kill(name)
            assert ask(first(served)) == 200
            patiently(lambda: children().keys() == names)
        patiently(lambda: readyz(served).status_code == 200)
        patiently(lambda: answers(f"{served.dashboard}/healthz"))
        patiently(lambda: counted(served, "audit_calls_total") >= len(names))
        assert counted(served, "audit_restarts_total") == len(names)
        assert counted(served, "audit_lost_total") == 0

    run(settings, scene, Fleet(scheduler=True, dashboard=True))
    ours = [detail for detail in recorded(settings) if detail.row.canary is None]
    assert len(ours) == 5
    deaths = [message for message in caplog.messages if "has died: signal SIGKILL" in message]
    assert len(deaths) == 5


def test_issued_keys_are_let_through_from_when_they_are_issued_until_they_are_revoked(
    configured: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_KEY", "sk-the-real-one")
    settings = configured('keys = "issued"')
    before = issue_key(settings, KeyTerms(name="before", project="p"))

    def scene(served: Served) -> None:
        assert ask(first(served), key=before.secret) == 200, "at once: workers are told before they begin"
        after = issue_key(settings, KeyTerms(name="after"))
        patiently(lambda: ask(first(served), key=after.secret) == 200)
        pids = children()
        for name in ("worker-1", "worker-2"):
            os.kill(pids[name], signal.SIGKILL)
        patiently(lambda: len(children().keys() & {"worker-1", "worker-2"}) == 2)
        assert ask(first(served), key=after.secret) == 200, "those that are started again are told, too"
        revoke_key(settings, after.fingerprint)
        patiently(lambda: ask(first(served), key=after.secret) in (401, 403))
        assert ask(first(served), key="sk-the-providers-own") in (401, 403)
        assert ask(first(served), key=before.secret) == 200
        patiently(lambda: counted(served, "audit_proxy_refused_total") >= 1)

    run(settings, scene)
    told = [detail.row.project for detail in recorded(settings)]
    assert "p" in told


def test_who_is_in_a_hurry_ends_all_at_once(configured: Configured) -> None:
    settings = configured('shutdown_grace = "60s"')

    def scene(served: Served) -> None:
        calling = threading.Thread(target=broken, args=(first(served),))
        calling.start()
        patiently(lambda: counted(served, "audit_proxy_active") == 1)
        os.kill(os.getpid(), signal.SIGTERM)  # and once more at the end of the scene
        patiently(lambda: not answers(first(served)))
        assert "it is about to end" in readyz(served).json()["problems"]
        calling_ends.append(calling)

    calling_ends: list[threading.Thread] = []
    assert run(settings, scene) is False
    calling_ends[0].join()
    assert children() == {}
    (call,) = recorded(settings)
    assert call.row.standing.value == "unfinished"


def broken(address: str) -> None:
    with pytest.raises(httpx2.TransportError):
        ask(address, prompt="Wait. [[sim:slow=60000]]")


def test_one_that_is_told_to_end_before_it_has_begun_ends_in_order(configured: Configured) -> None:
    settings = configured()

    def interrupt() -> None:
        patiently(lambda: len(children()) == 3)
        os.kill(os.getpid(), signal.SIGTERM)

    interrupting = threading.Thread(target=interrupt)
    interrupting.start()
    assert fleet.run(settings, Fleet()) is True
    interrupting.join()
    assert children() == {}


def test_it_is_ready_without_a_database_and_says_so(configured: Configured, monkeypatch: pytest.MonkeyPatch) -> None:
    configured()
    monkeypatch.setattr(watching, "PATIENCE_S", 0.5)
    monkeypatch.setenv("AUDIT_DATABASE_URL", "postgresql://127.0.0.1:1/nowhere")
    settings = load_settings(os.environ)

    def scene(served: Served) -> None:
        assert ask(first(served)) == 200
        patiently(lambda: metrics(served).get("audit_database_up") == 0)
        said = readyz(served)
        assert (said.status_code, said.json()["problems"]) == (200, [])
        assert said.json()["notes"][0].startswith("the database has not answered for ")
        patiently(lambda: metrics(served).get("audit_journal_bytes", 0) > 0)

    run(settings, scene)
    assert len(recorded(configured())) == 1


def test_it_is_not_ready_when_the_journal_is_at_its_limit(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    limited = Settings.model_validate({"home": tmp_path, "journal": {"max_bytes": "1KiB"}})
    assert fleet._not_recordable(Settings(home=tmp_path)) == []
    assert "[journal] max_bytes" in fleet._not_recordable(limited)[0]


def test_it_is_not_ready_when_nothing_can_be_recorded(configured: Configured) -> None:
    settings = configured()

    def scene(served: Served) -> None:
        patiently(lambda: readyz(served).status_code == 200)
        shutil.rmtree(settings.journal)
        (settings.home / "journal").touch()
        said = readyz(served)
        assert said.status_code == 503
        unwritable = f"{settings.journal} cannot be written to: Not a directory"
        problems = set(said.json()["problems"])
        assert problems - {"the collector does not run"} == {unwritable}, "which may find out before we ask"

    run(settings, scene)


def test_it_is_not_ready_without_a_worker_or_a_collector(
    configured: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = configured()

    def scene(served: Served) -> None:
        patiently(lambda: readyz(served).status_code == 200)
        monkeypatch.setattr("audit.supervision.pause.FIRST_S", 60.0)
        for pid in children().values():
            os.kill(pid, signal.SIGKILL)
        patiently(lambda: len(readyz(served).json()["problems"]) == 2)
        assert readyz(served).json()["problems"] == ["no worker takes connections", "the collector does not run"]
        assert httpx2.get(f"{served.admin}/healthz", trust_env=False).status_code == 200

    run(settings, scene)


@pytest.mark.parametrize(
    ("more", "notes"),
    [
        ("", ["OPENAI_KEY is not set: keys issued here cannot be used with openai"]),
        ("[recording]\ndrain = false", ["calls stay in the journal: recording.drain is false"]),
        ("[recording]\nenabled = false", ["nothing is recorded: recording.enabled is false"]),
    ],
)
def test_what_may_surprise_is_said(
    configured: Configured, more: str, notes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Served] = []
    monkeypatch.delenv("OPENAI_KEY", raising=False)
    if more:
        monkeypatch.setenv("OPENAI_KEY", "sk-the-real-one")
    settings = configured("", more)

    def scene(served: Served) -> None:
        told.append(served)
        assert ask(first(served)) == 200
        assert ("collector" in children()) is (more == "")
        patiently(lambda: readyz(served).status_code == 200)

    assert run(settings, scene) is True
    assert list(told[0].notes) == notes
    assert len(recorded(settings)) == (0 if "enabled" in more else 1)


def test_an_admin_port_is_there_only_if_it_is_wanted(configured: Configured) -> None:
    settings = with_options(configured(), None, {"admin_port": None})
    told: list[Served] = []
    run(settings, told.append)
    assert told[0].admin is None


def test_a_home_that_cannot_be_one_is_told(configured: Configured) -> None:
    settings = configured()
    settings.home.mkdir()
    settings.journal.touch()
    with pytest.raises(JournalError, match=r"cannot make .*journal: File exists"):
        fleet.run(settings, Fleet())
