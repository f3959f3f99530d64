from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from audit.wiring.fleet import Fleet
from tests.cli.serving import Asked, asked
from tests.cli.terminal import Audit
from tests.wired import patiently, recorded, settings_of
from tests.wiring.fleets import ask, children

__all__ = ["asked"]


def test_it_serves_as_configured_unless_it_is_told_otherwise(audit: Audit, asked: Asked, tmp_path: Path) -> None:
    (tmp_path / "audit.toml").write_text('[proxy]\nport = 1\nallow_networks = ["10.0.0.0/8"]\n')
    assert audit("proxy").code == 0
    assert asked.fleet == Fleet()
    assert (asked.settings.proxy.port, asked.settings.proxy.admin_port) == (1, 8485)
    assert asked.settings.proxy.allow_networks == ("10.0.0.0/8",)


def test_options_go_before_what_is_configured(audit: Audit, asked: Asked, tmp_path: Path) -> None:
    config = tmp_path / "other.toml"
    config.write_text('[proxy]\nport = 1\nallow_networks = ["10.0.0.0/8"]\n')
    words = """--host 0.0.0.0 --port 0 --workers 3 --admin-port off --allow-network 127.0.0.1 --allow-network fd00::/8
        --on-unrecordable refuse --keys issued --allow-remote --upstream https://r.example/v1"""
    assert audit("--config", str(config), "proxy", *words.split()).code == 0
    assert asked.fleet == Fleet(allow_remote=True, config=config)
    proxy = asked.settings.proxy
    assert (proxy.host, proxy.port, proxy.workers, proxy.admin_port) == ("0.0.0.0", 0, 3, None)
    assert proxy.allow_networks == ("10.0.0.0/8", "127.0.0.1/32", "fd00::/8")
    assert (proxy.on_unrecordable, proxy.keys) == ("refuse", "issued")
    assert (proxy.root, proxy.providers) == ("r.example", ())
    audit("proxy", "--admin-port", "0")
    assert asked.settings.proxy.admin_port == 0


def test_it_says_what_is_served_where_and_how_to_use_it(audit: Audit, asked: Asked) -> None:
    said = audit("proxy")
    assert said.lines == [
        "Recording:",
        "  http://127.0.0.1:1/openai → https://api.openai.com",
        "  http://127.0.0.1:1 → https://r.example",
        "To point a tool at it: audit connect claude-code (or another; audit connect --help)",
        "The dashboard is at http://127.0.0.1:3",
        "Health and metrics are at http://127.0.0.1:2/readyz and http://127.0.0.1:2/metrics",
        "Note: it is late",
        "Ctrl-C stops it.",
    ]
    assert said.err == "stopping when the calls under way have ended; Ctrl-C again to stop at once\n"
    asked.served = replace(asked.served, admin=None, dashboard=None, notes=())
    assert len(audit("proxy").lines) == 5


def test_an_end_that_was_not_in_order_shows(audit: Audit, asked: Asked) -> None:
    asked.in_order = False
    assert audit("proxy").code == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--allow-network everywhere", "'everywhere' does not appear to be an IPv4 or IPv6 network; 10.0.0.0/8"),
        ("--admin-port none", "'none' is neither a port nor 'off'"),
        ("--admin-port 65536", "'65536' is neither a port nor 'off'"),
        ("--workers 0", "0 is not in the range"),
        ("--upstream router", "--upstream: must begin with https:// or http:// and a host, not 'router'"),
    ],
)
def test_what_makes_no_sense_is_refused(audit: Audit, asked: Asked, words: str, told: str) -> None:
    said = audit("proxy", *words.split())
    assert said.code == 2
    assert told in said.err.replace("\n", " ")
    assert asked.runs == []


def test_all_that_is_wrong_is_told_before_anything_is_started(audit: Audit, home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = audit("proxy", "--port", str(port), "--admin-port", str(port), "--upstream", "http://127.0.0.1:9")
    assert said.code == 2
    assert said.err.startswith("Error: the configuration has problems:\n  providers.127.0.0.1: 127.0.0.1 is not conn")
    assert f"  port {port} at 127.0.0.1 is taken; name another one, or 0 for any that is free (--port)\n" in said.err
    assert said.err.endswith("(--admin-port)\n")
    assert list(home.iterdir()) == []
    assert children() == {}


@contextmanager
def started(provider: str, *words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a proxy of the provider as people do; yield it, and its address."""
    options = ["--upstream", f"{provider}/openai", "--allow-network", "127.0.0.0/8", "--port", "0", "--admin-port", "0"]
    command = [sys.executable, "-m", "audit", "proxy", *options, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "Recording:\n"
            yield process, process.stdout.readline().split()[0]
        finally:
            process.kill()


def test_it_records_what_passes_and_ends_in_order(home: Path, provider: str) -> None:
    with started(provider, "--workers", "2") as (process, address):
        assert [ask(address, stream=stream) for stream in (False, True, True)] == [200, 200, 200]
        pids = children(process.pid).values()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert len(pids) == 3
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert len(recorded(settings_of(home))) == 3


def test_no_process_outlives_one_that_is_killed(home: Path, provider: str) -> None:
    with started(provider) as (process, address):
        pids = children(process.pid).values()
        assert ask(address) == 200
        os.kill(process.pid, signal.SIGKILL)
        process.wait(20)
    assert len(pids) == 2
    patiently(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))
    assert len(recorded(settings_of(home))) == 1
