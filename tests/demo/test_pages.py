from __future__ import annotations

import runpy
import signal
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from audit import wiring
from audit.demo import pages


@pytest.fixture
def parent(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when the process that started us has gone, which closes standard input."""
    gone = threading.Event()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=SimpleNamespace(read=gone.wait)))
    return gone


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "audit.toml"
    path.write_text('home = "here"\n')
    return path


def test_it_serves_the_record_of_the_file_on_this_machine_alone(
    monkeypatch: pytest.MonkeyPatch, parent: threading.Event, config: Path
) -> None:
    told: dict[str, Any] = {}
    monkeypatch.setattr(wiring, "serve_dashboard", lambda settings, **facts: told.update(home=settings.home, **facts))
    monkeypatch.delenv("AUDIT_HOME", raising=False)
    pages.main([str(config), "8599"])
    assert told == {
        "home": config.parent / "here",
        "config": config,
        "host": "127.0.0.1",
        "port": 8599,
        "allow_remote": False,
    }


def test_it_ends_with_the_process_that_has_started_it(
    monkeypatch: pytest.MonkeyPatch, parent: threading.Event, config: Path
) -> None:
    interrupted: list[bool] = []

    def serve(_settings: Any, **_facts: Any) -> None:
        parent.set()
        try:
            time.sleep(20)
        except KeyboardInterrupt:
            interrupted.append(True)
            raise

    monkeypatch.setattr(wiring, "serve_dashboard", serve)
    before = signal.getsignal(signal.SIGINT)
    pages.main([str(config), "0"])
    assert interrupted == [True]
    assert signal.getsignal(signal.SIGINT) == before


def test_it_is_a_program(monkeypatch: pytest.MonkeyPatch, parent: threading.Event, config: Path) -> None:
    told: list[int] = []
    monkeypatch.setattr(wiring, "serve_dashboard", lambda _settings, *, port, **_facts: told.append(port))
    monkeypatch.setattr(sys, "argv", ["pages", str(config), "8598"])
    monkeypatch.delitem(sys.modules, "audit.demo.pages")
    runpy.run_module("audit.demo.pages", run_name="__main__")
    assert told == [8598]
