"""A look at an installation: whatever is wrong stands beside all the rest, nothing is changed, nobody is asked."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from audit import diagnosis
from audit.call import Ending
from audit.diagnosis import AHEAD, Diagnosis, Level, diagnose
from audit.recording.collector import Collector
from audit.recording.journal import Journal
from audit.recording.recorder import Recorder
from audit.settings import (
    DashboardSettings,
    ModelSettings,
    ProviderSettings,
    ProxySettings,
    RecordingSettings,
    Settings,
)
from audit.store.engine import hidden, opened
from audit.store.schema import head, upgrade
from audit.store.write import Writer
from tests.databases import KIND, an_empty_database, the_database
from tests.store.samples import a_call, an_id
from tests.wired import settings_of

SUBJECTS = [
    "versions",
    "libraries",
    "environment",
    "home",
    "disk",
    "database",
    "journal",
    "recording",
    "canaries",
    "dashboard",
    "proxy",
]


@pytest.fixture(autouse=True)
def _not_serving(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether something listens on the usual port of this machine is no matter of these tests."""
    monkeypatch.setattr(diagnosis, "is_free", lambda _host, _port: True)


def told(subject: str, folder: Path, environ: dict[str, str] | None = None, **settings: Any) -> list[tuple[str, str]]:
    """Return what is found about one subject: how bad, and what."""
    found = diagnose(settings_of(folder, **settings), environ or {})
    return [(one.level.value, one.text) for one in found if one.subject == subject]


def a_database(folder: Path) -> str:
    """Make an empty database where the settings look for it; return its URL."""
    url = the_database(folder)
    with opened(url) as engine:
        upgrade(engine)
    return url


def everything_in(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*"))


def test_a_new_installation_is_fine_and_stays_as_it_is(tmp_path: Path) -> None:
    found = list(diagnose(Settings(home=tmp_path / "home"), {}))
    assert list(dict.fromkeys(one.subject for one in found)) == SUBJECTS
    assert [one for one in found if one.level is Level.BAD] == []
    assert everything_in(tmp_path) == []


def test_one_that_cannot_be_looked_at_hides_no_other(tmp_path: Path) -> None:
    (tmp_path / "audit.db").write_bytes(b"no database at all" * 100)
    found = list(diagnose(Settings(home=tmp_path), {}))
    [database] = [one for one in found if one.subject == "database"]
    assert database.level is Level.BAD
    assert "the database" in database.text
    assert list(dict.fromkeys(one.subject for one in found)) == SUBJECTS


def test_an_error_of_the_system_is_a_finding(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(_folder: Path) -> Iterator[Diagnosis]:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(diagnosis.surroundings, "disk", fail)
    assert told("disk", tmp_path) == [("bad", "[Errno 5] Input/output error")]


def test_a_database_that_nobody_has_made_is_not_made(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/audit.db"
    assert told("database", tmp_path, store={"url": url}) == [
        ("note", f"{url}: not there yet; it is made when the first call is recorded")
    ]


def test_an_empty_database_is_not_prepared(tmp_path: Path) -> None:
    url = an_empty_database(KIND, tmp_path)
    with opened(url) as engine, engine.connect():
        pass
    assert told("database", tmp_path, store={"url": url}) == [
        ("note", f"{hidden(url)}: empty; it is prepared when the first call is recorded")
    ]


def test_a_sound_database_is_told_with_what_it_holds(tmp_path: Path) -> None:
    url = a_database(tmp_path)
    with opened(url) as engine:
        Writer(engine).append([a_call(1), a_call(2)])
    [revision, record] = told("database", tmp_path)
    assert revision == ("good", f"{hidden(url)}: revision {head()}")
    assert record[0] == "good"
    assert re.match(r"2 calls, 0\.\d+ MB, " if KIND == "sqlite" else r"2 calls, \d\.\d MB, ", record[1])
    assert f"last recorded {datetime.now().astimezone():%Y-%m-%d} " in record[1]


def test_a_database_without_calls_has_never_recorded(tmp_path: Path) -> None:
    a_database(tmp_path)
    [_, record] = told("database", tmp_path)
    assert record[1].startswith("0 calls, ")
    assert record[1].endswith(" MB, last recorded never")


def test_a_database_of_another_revision_is_bad(tmp_path: Path) -> None:
    url = a_database(tmp_path)
    with opened(url) as engine, engine.begin() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '9999'")
    assert told("database", tmp_path) == [
        ("bad", f"{hidden(url)}: revision 9999, expected {head()}; run `audit db upgrade`")
    ]


def test_a_server_that_does_not_answer_is_bad_and_its_password_not_shown(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    found = told("database", tmp_path, store={"url": "postgresql://u:secret@127.0.0.1:1/audit"})
    assert found[0][1].startswith("the database is out of reach: ")
    assert {level for level, _ in found} == {"bad"}
    assert "secret" not in str(found)


def test_a_password_is_not_shown_in_a_url(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(diagnosis, "is_there", lambda _url: False)
    [(_, text)] = told("database", tmp_path, store={"url": "postgresql://u:secret@host/audit"})
    assert text.startswith("postgresql://u:***@host/audit: not there yet")


@pytest.mark.parametrize(("ahead", "bad"), [(AHEAD - timedelta(seconds=30), 0), (AHEAD + timedelta(minutes=1), 1)])
def test_a_call_from_the_future_says_that_a_clock_is_wrong(tmp_path: Path, ahead: timedelta, bad: int) -> None:
    with opened(a_database(tmp_path)) as engine:
        Writer(engine).append([a_call(1, exchange={"started_at": datetime.now(UTC) + ahead})])
    found = [text for level, text in told("database", tmp_path) if level == "bad"]
    assert len(found) == bad
    assert all(text.startswith("the last call is from the future (") for text in found)


def test_losses_are_told_with_their_cause(tmp_path: Path) -> None:
    with opened(a_database(tmp_path)) as engine:
        Writer(engine).lost(an_id(1), datetime.now(UTC) - timedelta(days=3), 4, "long ago")
        Writer(engine).lost(an_id(2), datetime.now(UTC), 2, "the disk was full")
    assert ("bad", "6 exchanges were lost (2 in the last day), the last one because: the disk was full") in told(
        "database", tmp_path
    )


def test_what_could_not_be_read_is_counted(tmp_path: Path) -> None:
    with opened(a_database(tmp_path)) as engine:
        Writer(engine).append(
            [
                a_call(1, notes=("odd",)),
                a_call(2, dialect="unknown"),
                a_call(3, dialect="unknown"),
                a_call(4, exchange={"ending": Ending.UNKNOWN}),
            ]
        )
    assert [text for level, text in told("database", tmp_path) if level == "note"] == [
        "calls of which something could not be read; `audit calls show` tells what: 1",
        "calls in a format that no dialect knows: 2",
        "calls that ended with the process that made them: how, is unknown: 1",
    ]


def test_a_journal_that_nobody_has_begun_is_fine(tmp_path: Path) -> None:
    assert told("journal", tmp_path) == [
        ("good", f"{tmp_path}/journal: not there yet, made when the first call is recorded")
    ]


def test_processes_that_record_are_told_from_those_that_have_ended(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    living, dead, quiet = Journal(folder), Journal(folder), Journal(folder)
    living.append([b"x" * 1_500_000])
    dead.append([b"x" * 700_000])
    for ended in (dead, quiet):
        ended.close(stored=None)
    before = everything_in(folder)
    found = told("journal", tmp_path)
    assert found == [
        ("good", f"{folder}: 1 processes are recording, 1.5 MB in the journal"),
        (
            "note",
            "1 process has ended and left 0.70 MB of calls; "
            "the next command that reads or records brings them into the database",
        ),
    ]
    assert everything_in(folder) == before
    assert told("journal", tmp_path) == found  # whoever looks holds nobody's place
    living.close(stored=None)


def test_calls_that_were_set_aside_are_bad(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    folder.mkdir()
    for name in ("a.0.damaged", "rejected.journal"):
        (folder / name).touch()
    assert told("journal", tmp_path)[1:] == [
        ("bad", f"{folder}/a.0.damaged holds calls that could not be brought into the database"),
        ("bad", "calls that the database refused: 1; see `audit journal list --rejected`, then `audit journal retry`"),
    ]


@pytest.mark.parametrize(
    ("recording", "found"),
    [
        ({}, ("good", "is switched on")),
        ({"drain": False}, ("note", "goes to the journal only (recording.drain = false)")),
        ({"enabled": False}, ("note", "is switched off by recording.enabled = false: calls pass unseen")),
    ],
)
def test_recording_is_told_as_it_is_set(tmp_path: Path, recording: dict[str, bool], found: tuple[str, str]) -> None:
    assert told("recording", tmp_path, recording=RecordingSettings(**recording)) == [found]


def models(*providers: tuple[str, str | None]) -> dict[str, Any]:
    """Return settings with a model at each provider, whose key is in that variable."""
    return {
        "providers": {
            name: ProviderSettings(base_url="https://api.example.com", key_env=variable) for name, variable in providers
        },
        "models": tuple(ModelSettings(name="m", provider=name) for name, _ in providers),
    }


def test_without_models_none_is_checked(tmp_path: Path) -> None:
    assert told("canaries", tmp_path) == [("note", "no models are configured in audit.toml, so none is checked")]


def test_a_key_that_is_not_there_is_bad(tmp_path: Path) -> None:
    settings = models(("open", None), ("zed", "ZED_KEY"), ("blank", "BLANK_KEY"), ("closed", "CLOSED_KEY"))
    assert told("canaries", tmp_path, {"BLANK_KEY": " ", "CLOSED_KEY": "secret"}, **settings) == [
        ("good", "4 to ask; `audit canary list` names them"),
        ("bad", "BLANK_KEY is not set here, which must hold the key of blank"),
        ("bad", "ZED_KEY is not set here, which must hold the key of zed"),
    ]


def test_each_canary_that_cannot_be_asked_is_a_finding(tmp_path: Path) -> None:
    settings = models(("a", None))
    settings["models"] += (
        ModelSettings(name="x", provider="a", dialect="no_such"),
        ModelSettings(name="y", provider="a", dialect="no_such"),
    )
    found = told("canaries", tmp_path, **settings)
    assert [level for level, _ in found] == ["bad", "bad"]
    assert ["'x'" in found[0][1], "'y'" in found[1][1]] == [True, True]


def test_a_dashboard_that_does_not_run_is_told_where_it_would(tmp_path: Path) -> None:
    assert told("dashboard", tmp_path, dashboard=DashboardSettings(port=8555)) == [
        ("good", "not running; `audit dashboard` serves it at http://127.0.0.1:8555")
    ]


def test_a_dashboard_is_known_by_its_health(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with a_server(b'{"status": "ok"}') as port:
        assert dashboard(monkeypatch, tmp_path, port) == ("good", f"running at http://127.0.0.1:{port}")


@pytest.mark.parametrize("body", [b'{"status": "ill"}', b"hello", b"\xff", b"[" * 900, b""])
def test_another_program_at_its_port_is_told_from_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: bytes
) -> None:
    with a_server(body) as port:
        assert dashboard(monkeypatch, tmp_path, port) == another(port)


def test_a_program_that_speaks_no_http_is_another(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with listening(lambda connection: connection.sendall(b"SSH-2.0-OpenSSH\r\n" * 3)) as port:
        assert dashboard(monkeypatch, tmp_path, port) == another(port)


def test_a_program_that_says_nothing_is_waited_for_no_longer_than_a_moment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(diagnosis, "ANSWER_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert dashboard(monkeypatch, tmp_path, port) == another(port)


def proxy(monkeypatch: pytest.MonkeyPatch, folder: Path, **settings: Any) -> tuple[str, str]:
    """Look at a proxy whose admin port is taken."""
    monkeypatch.setattr(diagnosis, "is_free", lambda _host, _port: False)
    [found] = told("proxy", folder, proxy=ProxySettings(**settings))
    return found


def test_a_proxy_that_does_not_run_is_told_where_it_would(tmp_path: Path) -> None:
    assert told("proxy", tmp_path) == [("good", "not running; `audit proxy` serves it at http://127.0.0.1:8484")]


def test_a_proxy_without_an_admin_port_cannot_be_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    level, text = proxy(monkeypatch, tmp_path, admin_port=None)
    assert (level, "cannot be asked" in text) == ("note", True)


@pytest.mark.parametrize(
    ("body", "level", "text"),
    [
        (b'{"ready": true, "problems": []}', "good", "running; its health is at"),
        (b'{"ready": false, "problems": ["no worker", "no room"]}', "bad", "not ready: no worker; no room"),
        (b'{"ready": false}', "bad", "does not say why"),
        (b'{"status": "ok"}', "note", "another program"),
        (b"[" * 9000, "note", "another program"),
    ],
)
def test_a_proxy_is_known_by_its_health(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: bytes, level: str, text: str
) -> None:
    with a_server(body) as port:
        found = proxy(monkeypatch, tmp_path, admin_port=port)
    assert found[0] == level
    assert text in found[1]


def test_journals_that_nobody_collects_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    with closing(Recorder(folder, fingerprint=str, destination=None)):
        assert ("note", "run `audit collect`") in [(level, text[-19:]) for level, text in told("journal", tmp_path)]
        with Collector(folder, lambda: pytest.fail("nothing is to be stored")):
            assert len(told("journal", tmp_path)) == 1


def another(port: int) -> tuple[str, str]:
    return "note", f"127.0.0.1:{port} is taken by another program; `audit dashboard --port` names another port"


def dashboard(monkeypatch: pytest.MonkeyPatch, folder: Path, port: int) -> tuple[str, str]:
    """Look at a dashboard at a port that is taken."""
    monkeypatch.setattr(diagnosis, "is_free", lambda _host, _port: False)
    [found] = told("dashboard", folder, dashboard=DashboardSettings(port=port))
    return found


@contextmanager
def a_server(body: bytes) -> Iterator[int]:
    """Answer one request for the health with `body`; yield the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path in ("/healthz", "/readyz")
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        yield server.server_port
        thread.join()


@contextmanager
def listening(act: Callable[[socket.socket], None]) -> Iterator[int]:
    """Do this with the first connection that comes; yield the port."""

    def serve() -> None:
        connection, _ = server.accept()
        with closing(connection):
            act(connection)
            connection.recv(4096)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()
