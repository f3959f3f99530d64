from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from audit.wiring.fleet import Fleet
from tests.cli.serving import Asked, asked
from tests.cli.terminal import Audit
from tests.wired import patiently
from tests.wiring.fleets import children

__all__ = ["asked"]

MODELS = """
[providers.router]
base_url = "https://r.example"
[[models]]
name = "gpt-5-mini"
provider = "router"
"""


def test_everything_that_is_configured_runs(audit: Audit, asked: Asked, tmp_path: Path) -> None:
    assert audit("up").code == 0
    assert asked.fleet == Fleet(scheduler=False, dashboard=True), "there are no models to ask"
    config = tmp_path / "other.toml"
    config.write_text(MODELS)
    assert audit("--config", str(config), "up", "--workers", "2", "--allow-remote").code == 0
    assert asked.fleet == Fleet(scheduler=True, dashboard=True, allow_remote=True, config=config)
    assert asked.settings.proxy.workers == 2


def test_parts_can_be_left_out(audit: Audit, asked: Asked, tmp_path: Path) -> None:
    (tmp_path / "audit.toml").write_text(MODELS)
    audit("up", "--without", "dashboard")
    assert asked.fleet == Fleet(scheduler=True, dashboard=False)
    audit("up", "--without", "dashboard", "--without", "scheduler")
    assert asked.fleet == Fleet()
    assert audit("up", "--without", "proxy").code == 2


def test_no_process_outlives_one_that_is_killed(home: Path, provider: str, tmp_path: Path) -> None:
    ports = "[dashboard]\nport = 0\n[proxy]\nport = 0\nadmin_port = 0\nallow_networks = ['127.0.0.0/8']\n"
    (tmp_path / "audit.toml").write_text(MODELS.replace("https://r.example", f"{provider}/openai") + ports)
    command = [sys.executable, "-m", "audit", "up"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"Recording:\n"
        pids = children(process.pid)
        process.kill()
    assert set(pids) == {"worker-1", "collector", "scheduler", "dashboard"}
    patiently(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids.values()))
