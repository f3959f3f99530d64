"""A worker of the proxy as a process of its own, as the supervisor starts it, and what it has written down."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import coverage
import msgspec

from audit.call import Exchange
from audit.proxy.plan import IssuedKey, Limits, Plan, Status, Update, UpstreamPlan
from audit.recording.backlog import Backlog
from audit.recording.journal import writers
from audit.simulator.server import listen

__all__ = ["HERE", "RunningProxy", "running_proxy"]

ROOT = Path(__file__).parents[2]
HERE = ("127.0.0.0/8",)
START_S = STOP_S = 30.0


@dataclass(kw_only=True)
class RunningProxy:
    """A proxy that takes connections."""

    port: int
    home: Path
    plan: Plan
    processes: list[subprocess.Popen[bytes]]
    log: Path
    """What all its workers have written to standard error."""
    _statuses: list[queue.Queue[Status]] = field(default_factory=list)
    """What each worker has told and nobody has taken yet."""

    host = "127.0.0.1"

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def database(self) -> str:
        return f"sqlite:///{self.home / 'audit.db'}"

    def tell(self, *keys: IssuedKey) -> None:
        """Tell all workers which keys are issued."""
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.write(msgspec.json.encode(Update(keys=keys)) + b"\n")
            process.stdin.flush()

    def status(self) -> Status:
        """Return what the first worker tells next."""
        waiting = self._statuses[0]
        while not waiting.empty():
            waiting.get()
        return waiting.get(timeout=START_S)

    def exchanges(self, count: int | None = None, *, within_s: float = 10.0) -> list[Exchange]:
        """Return what is in the journal, in order of time, once it has `count` finished exchanges; else after a look.

        Nothing is taken out of it.
        """
        until = time.monotonic() + within_s
        while True:
            found = [one for name in writers(self.home / "journal") for one in _told_by(self.home / "journal", name)]
            if count is None or len(found) >= count or time.monotonic() > until:
                return sorted(found, key=lambda one: one.started_at)
            time.sleep(0.02)

    def kill(self, number: int = 0) -> None:
        """Kill one worker with SIGKILL."""
        self.processes[number].send_signal(signal.SIGKILL)
        self.processes[number].wait(STOP_S)


def _told_by(folder: Path, name: str) -> Iterator[Exchange]:
    backlog = Backlog(folder, name)
    while batch := backlog.take(1000):
        yield from batch.exchanges


@contextmanager
def running_proxy(
    upstreams: str | Mapping[str, str] | Sequence[UpstreamPlan],
    *,
    workers: int = 1,
    limits: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    home: Path | None = None,
    **plan: Any,
) -> Iterator[RunningProxy]:
    """Start workers and yield the proxy; `upstreams` is one URL served at `/`, or URLs by name, served at `/name`.

    `plan` sets further fields of the `Plan`. The workers see `environ` beside this process's environment.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = home or Path(folder)
        listening = listen("127.0.0.1", 0)
        given = Plan(
            listening_fd=listening.fileno(),
            journal=str(home / "journal"),
            secret=str(home / "secret"),
            upstreams=_plans(upstreams),
            limits=Limits(**(limits or {})),
            **{"allow_networks": HERE, "grace_s": 5.0, **plan},
        )
        log = Path(folder) / "workers.log"
        with log.open("wb") as errors:
            started = [_start(given, errors, environ) for _ in range(workers)]
            listening_port = listening.getsockname()[1]
            listening.close()
            proxy = RunningProxy(port=listening_port, home=home, plan=given, processes=started, log=log)
            proxy._statuses = [queue.Queue() for _ in started]
            readers = [threading.Thread(target=_read, args=pair) for pair in zip(started, proxy._statuses, strict=True)]
            for reader in readers:
                reader.start()
            try:
                for waiting in proxy._statuses:
                    waiting.get(timeout=START_S)
                yield proxy
            finally:
                for process in started:
                    _stop(process)
                for reader in readers:
                    reader.join()


def _plans(upstreams: str | Mapping[str, str] | Sequence[UpstreamPlan]) -> tuple[UpstreamPlan, ...]:
    if isinstance(upstreams, str):
        return (UpstreamPlan(name="upstream", mounts=("",), base_url=upstreams),)
    if isinstance(upstreams, Mapping):
        return tuple(UpstreamPlan(name=name, mounts=(f"/{name}",), base_url=url) for name, url in upstreams.items())
    return tuple(upstreams)


def _start(plan: Plan, errors: Any, environ: Mapping[str, str] | None) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, *_measured(), "-m", "audit.proxy"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        pass_fds=[plan.listening_fd, *([] if plan.rates_fd is None else [plan.rates_fd])],
        env={**os.environ, "COVERAGE_FILE": str(ROOT / ".coverage"), **(environ or {})},
    )
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(plan) + b"\n")
    process.stdin.flush()
    return process


def _measured() -> list[str]:
    """Return how a worker is started so that what it runs counts, where these tests' own coverage is measured."""
    if coverage.Coverage.current() is None:
        return []
    return ["-m", "coverage", "run", "--parallel-mode", f"--rcfile={ROOT / 'pyproject.toml'}"]


def _read(process: subprocess.Popen[bytes], told: queue.Queue[Status]) -> None:
    """Take down what a worker tells, to its end."""
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            told.put(msgspec.json.decode(line, type=Status))


def _stop(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
