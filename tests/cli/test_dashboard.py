from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from audit import wiring
from audit.cli import _options
from tests.cli.terminal import Audit


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the pages were to be served with."""
    told: dict[str, Any] = {}
    monkeypatch.setattr(wiring, "serve_dashboard", lambda _settings, *, ready, **options: told.update(options))
    return told


def test_it_says_where_as_soon_as_it_serves(audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "serve_dashboard", lambda _settings, *, ready, **_options: ready("http://here:1"))
    assert audit("dashboard").out == "The dashboard is at http://here:1. Ctrl-C stops it.\n"


def test_it_serves_as_configured_unless_it_is_told_otherwise(audit: Audit, served: dict[str, Any]) -> None:
    assert audit("dashboard").code == 0
    assert served == {"config": None, "host": None, "port": None, "allow_remote": False}


def test_options_go_before_what_is_configured(audit: Audit, served: dict[str, Any], tmp_path: Path) -> None:
    config = tmp_path / "other.toml"
    config.touch()
    words = ["--config", str(config), "dashboard", "--host", "0.0.0.0", "--port", "0", "--allow-remote"]
    assert audit(*words).code == 0
    assert served == {"config": config, "host": "0.0.0.0", "port": 0, "allow_remote": True}


def test_one_that_another_process_has_started_ends_with_it_and_keeps_silent(
    audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[bool] = []
    monkeypatch.setattr(_options, "end_with_parent", lambda: ended.append(True))
    monkeypatch.setattr(wiring, "serve_dashboard", lambda _settings, *, ready, **_options: ready("http://here:1"))
    assert audit("dashboard", "--with-parent").out == ""
    assert ended == [True]
    assert "--with-parent" not in audit("dashboard", "--help").out


def test_ctrl_c_is_how_it_ends(audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_settings: Any, **_options: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(wiring, "serve_dashboard", interrupted)
    assert audit("dashboard").code == 0


def test_a_port_that_is_taken_is_told(audit: Audit) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        said = audit("dashboard", "--port", str(port))
    assert said.code == 2
    assert said.err.startswith(f"Error: port {port} at 127.0.0.1 is taken, perhaps by another `audit dashboard`")


def test_others_cannot_be_served_by_mistake(audit: Audit) -> None:
    said = audit("dashboard", "--host", "0.0.0.0", "--port", "0")
    assert said.code == 2
    assert said.err.startswith("Error: the configuration has problems:\n  ")
    assert said.err.endswith("(--allow-remote)\n")


def test_help_names_no_port_that_is_impossible(audit: Audit) -> None:
    assert audit("dashboard", "--port", "99999").code == 2
    assert "audit dashboard --port 0" in audit("dashboard", "--help").out
