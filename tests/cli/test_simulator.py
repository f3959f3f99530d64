from __future__ import annotations

import socket
from typing import Any

import pytest

from audit import wiring
from audit.simulator.scenarios import SCENARIOS
from tests.cli.terminal import Audit


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was to be served, and where."""
    told: list[Any] = []
    monkeypatch.setattr(wiring, "serve_simulator", lambda *place: told.append(place))
    return told


def a_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def test_it_serves_where_it_is_told_to(audit: Audit, served: list[Any]) -> None:
    port = a_free_port()
    assert audit("simulator", "--port", str(port), "--latency", "0.5").code == 0
    assert audit("simulator", "--port", "0").code == 0
    assert served == [("127.0.0.1", port, 0.5), ("127.0.0.1", 0, 0.0)]


def test_a_port_that_is_taken_is_told(audit: Audit, served: list[Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        said = audit("simulator", "--port", str(port))
    assert said.code == 2
    assert said.err == f"Error: port {port} at 127.0.0.1 is taken; --port names another, 0 any that is free\n"
    assert not served


def test_ctrl_c_is_how_it_ends(audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_place: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(wiring, "serve_simulator", interrupted)
    assert audit("simulator", "--port", "0").code == 0


@pytest.mark.parametrize("words", [["--port", "70000"], ["--latency", "-1"], ["--json"]])
def test_what_makes_no_sense_is_refused(audit: Audit, served: list[Any], words: list[str]) -> None:
    assert audit("simulator", *words).code == 2
    assert not served


def test_scenarios_are_listed_not_played(audit: Audit, served: list[Any]) -> None:
    said = audit("simulator", "--scenarios")
    assert said.code == 0
    assert [line.split()[0] for line in said.lines] == list(SCENARIOS)
    assert audit("simulator", "--scenarios", "--json").json == SCENARIOS
    assert not served
