"""Pages are served where they are wanted, on a record that is up to date, or a reason is given."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from audit import clients, wiring
from audit.errors import AuditError
from audit.settings import RecordingSettings, Settings
from dashboard import serve as dashboard_serve
from tests.wired import recorded, settings_of


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path / "home")


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, bool]]:
    """Where pages would have been served."""
    told: list[tuple[str, int, bool]] = []

    def serve(host: str, port: int, *, open_to_network: bool, ready: Callable[[], None]) -> None:
        told.append((host, port, open_to_network))
        ready()

    monkeypatch.setattr(dashboard_serve, "serve", serve)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return told


def show(settings: Settings, **over: Any) -> None:
    wiring.serve_dashboard(settings, **{"config": None, "host": None, "port": None, "allow_remote": False, **over})


def test_pages_are_served_where_the_settings_say(settings: Settings, served: list[Any]) -> None:
    port = a_free_port()
    show(settings.model_copy(update={"dashboard": settings.dashboard.model_copy(update={"port": port})}))
    assert served == [("127.0.0.1", port, False)]


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
def test_their_address_is_told_when_they_are_served(
    settings: Settings, served: list[Any], host: str, shown: str
) -> None:
    addresses: list[str] = []
    show(settings, host=host, port=0, ready=addresses.append)
    assert addresses == [f"http://{shown}:{served[0][1]}"]


def a_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def test_pages_are_served_where_the_command_says(settings: Settings, served: list[Any]) -> None:
    port = a_free_port()
    show(settings, host="0.0.0.0", port=port, allow_remote=True)
    assert served == [("0.0.0.0", port, True)]


def test_port_0_is_a_free_one(settings: Settings, served: list[Any]) -> None:
    show(settings, port=0)
    [(_, port, _)] = served
    with socket.create_server(("127.0.0.1", port)):
        pass


@pytest.mark.parametrize("port", [0, 8501])
def test_pages_are_not_served_at_what_is_no_address(settings: Settings, served: list[Any], port: int) -> None:
    with pytest.raises(AuditError, match="is no address of this machine"):
        show(settings, host="\udcff", port=port)
    assert served == []


def test_a_port_that_is_taken_is_told_before_anything_is_done(settings: Settings, served: list[Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(AuditError, match=rf"port {port} at 127\.0\.0\.1 is taken, .*; --port names another"):
            show(settings, port=port)
    assert served == []
    assert not settings.home.exists()


def test_pages_find_the_journal_brought_in_and_the_settings_that_were_named(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path, served: list[Any]
) -> None:
    journalling = settings.model_copy(update={"recording": RecordingSettings(drain=False)})
    with (
        closing(wiring.open_recorder(journalling)) as recorder,
        clients.record(url="https://host/v1/chat/completions", request=b"", recorder=recorder),
    ):
        pass
    monkeypatch.setenv("AUDIT_CONFIG", "another.toml")
    show(settings, config=tmp_path / "named.toml", port=0)
    assert os.environ["AUDIT_CONFIG"] == str(tmp_path / "named.toml")
    assert len(recorded(settings)) == len(served) == 1


def test_pages_are_found_wherever_they_lie(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, served: list[Any]
) -> None:
    folder = str(wiring.bundled("dashboard").parent)
    monkeypatch.setattr(sys, "path", [place for place in sys.path if place != folder])
    for _ in range(2):
        show(settings, port=0)
    assert sys.path.count(folder) == 1


def test_what_ships_with_the_package_lies_inside_it_or_beside_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(wiring, "__file__", str(tmp_path / "audit" / "wiring" / "__init__.py"))
    assert wiring.bundled("dashboard") == tmp_path / "dashboard"
    inside = tmp_path / "audit" / "_bundled" / "dashboard"
    inside.mkdir(parents=True)
    assert wiring.bundled("dashboard") == inside
