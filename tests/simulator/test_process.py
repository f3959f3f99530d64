from __future__ import annotations

import signal
import subprocess
import sys
import time

import httpx2
import pytest

from audit.simulator import process
from audit.simulator.process import running
from tests.simulator.wire import CHAT, chat

KILLED = """
import os, signal
from audit.simulator.process import running
with running() as url:
    print(url, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
INTERRUPTED = """
import os, signal, httpx2
from audit.simulator.process import running
signal.signal(signal.SIGINT, lambda *_: None)
with running() as url:
    os.killpg(0, signal.SIGINT)
    print(httpx2.get(f"{url}/__sim/health").status_code)
"""


def test_it_runs_and_stops() -> None:
    with running() as url, httpx2.Client(base_url=url) as client:
        assert client.post(CHAT, json=chat()).status_code == 200

    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{url}/__sim/health")


def test_it_stops_with_a_reply_still_waiting(capfd: pytest.CaptureFixture[str]) -> None:
    with running() as url, httpx2.Client(base_url=url, timeout=0.2) as client, pytest.raises(httpx2.ReadTimeout):
        client.post(CHAT, json=chat("gpt-4o+slow=60000"))

    assert capfd.readouterr().err == ""


def test_it_stops_when_its_parent_is_killed() -> None:
    done = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, timeout=60)
    url = done.stdout.strip()

    assert done.returncode == -signal.SIGKILL
    assert not lives(url, while_s=10)


def test_it_leaves_ctrl_c_to_its_parent() -> None:
    """A terminal interrupts all processes of a group at once."""
    command = [sys.executable, "-c", INTERRUPTED]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, start_new_session=True)

    assert (done.stdout, done.stderr) == ("200\n", "")


def lives(url: str, *, while_s: float) -> bool:
    """Whether it still answers when the time is over; it is told by the system that its parent is gone, and at once."""
    give_up = time.monotonic() + while_s
    while time.monotonic() < give_up:
        try:
            httpx2.get(f"{url}/__sim/health")
        except httpx2.TransportError:
            return False
    return True


def test_a_port_that_is_taken_is_an_error() -> None:
    with running() as url, pytest.raises(RuntimeError, match="exit code 1"), running(int(url.rpartition(":")[2])):
        pass


def test_one_that_does_not_stop_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_STOP_S", 0.1)
    deaf = [sys.executable, "-c", "import time; print('simulator at nowhere', flush=True); time.sleep(60)"]
    child = subprocess.Popen(deaf, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    assert process._address(child) == "nowhere"
    process._stop(child)

    assert child.returncode == -signal.SIGKILL
