"""Starts what stands between callers and the origin: minimal proxies, and ours."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from audit.proxy.admission import digest_of
from audit.proxy.plan import IssuedKey, UpstreamPlan
from tests.benchmarks.load import Done, Job
from tests.proxy.running import running_proxy

__all__ = ["ASKED_FOR", "NAMES", "Gateway", "answering", "calling", "hear", "missing", "say", "standing", "talking"]

ASKED_FOR = ("issued keys", "outlives power")
OURS = ("not recorded", "recorded", *ASKED_FOR)
NAMES = ("direct", "minimal", "uvicorn + httpx2", "uvicorn + aiohttp", *OURS)
"""`minimal` is passthrough.py."""
KEY = "sk-audit-0123456789abcdefghijklmnopqrstuv"
_KEY_ENV = "AUDIT_BENCHMARK_UPSTREAM_KEY"
_START_S = 30.0


def missing(name: str) -> str | None:
    """Return why a gateway cannot be measured here."""
    return "aiohttp is not installed" if name == "uvicorn + aiohttp" and find_spec("aiohttp") is None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A proxy that takes connections."""

    name: str
    port: int
    key: str = "sk-not-a-key"
    """What callers authorise themselves with."""
    pids: tuple[int, ...] = ()
    collector: subprocess.Popen[str] | None = None
    """What brings recorded calls into the database; stopped but for when `collecting`."""
    home: Path | None = None

    def cpu_s(self) -> float:
        """Return the processor's time that the proxy's own processes have taken so far."""
        return sum(_cpu_s(pid) for pid in self.pids)

    def stop_collecting(self, calls: int) -> None:
        """Stop the collector once it has brought so many calls into the database, which shows that it works."""
        if self.collector is None:
            return
        deadline = time.monotonic() + _START_S
        while self.collected() < calls:
            if time.monotonic() > deadline or self.collector.poll() is not None:
                raise RuntimeError(f"{self.collected()} calls of {calls} have come into the database of {self.name}")
            time.sleep(0.05)
        self.collector.send_signal(signal.SIGSTOP)

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Let the collector run."""
        assert self.collector is not None
        self.collector.send_signal(signal.SIGCONT)
        try:
            yield
        finally:
            self.collector.send_signal(signal.SIGSTOP)

    def collected(self) -> int:
        """Return how many calls are in the database."""
        assert self.home is not None
        try:
            with closing(sqlite3.connect(f"file:{self.home / 'audit.db'}?mode=ro", uri=True)) as database:
                return int(database.execute("SELECT count(*) FROM calls").fetchone()[0])
        except sqlite3.OperationalError:  # there is no database yet, or no table in it
            return 0


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def standing(name: str, origin: int, *, workers: int) -> Iterator[Gateway]:
    """Start a gateway to the origin at a port of this machine, and end it."""
    if name == "direct":
        yield Gateway(name=name, port=origin)
    elif name in OURS:
        with _ours(name, origin, workers) as gateway:
            yield gateway
    else:
        with _minimal(name, origin, workers) as gateway:
            yield gateway


@contextmanager
def _minimal(name: str, origin: int, workers: int) -> Iterator[Gateway]:
    with ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=1024))
        descriptor, port = listening.fileno(), listening.getsockname()[1]
        module, *arguments = (
            ["passthrough", str(descriptor), "127.0.0.1", str(origin)]
            if name == "minimal"
            else ["passthrough_asgi", str(descriptor), f"http://127.0.0.1:{origin}", name.rpartition(" ")[2]]
        )
        command = [f"tests.benchmarks.{module}", *arguments]
        started = [stack.enter_context(talking(command, pass_fds=(descriptor,))) for _ in range(workers)]
        for process in started:
            hear(process)
        yield Gateway(name=name, port=port, pids=tuple(process.pid for process in started))


@contextmanager
def _ours(name: str, origin: int, workers: int) -> Iterator[Gateway]:
    """Start workers, and a collector; raise at the end if a call was lost."""
    issued, recording = name == "issued keys", name != "not recorded"
    served = UpstreamPlan(
        name="origin", mounts=("",), base_url=f"http://127.0.0.1:{origin}", key_env=_KEY_ENV if issued else None
    )
    with ExitStack() as stack:
        proxy = stack.enter_context(
            running_proxy(
                [served],
                workers=workers,
                environ={_KEY_ENV: "sk-upstream"},
                recording=recording,
                issued_keys_only=issued,
                stable=name == "outlives power",
            )
        )
        if issued:
            proxy.tell(IssuedKey(slot=0, digest=digest_of(KEY), name="benchmark", project="speed"))
        collects = talking(
            ["audit", "collect", "--status-lines"], env={"AUDIT_HOME": str(proxy.home)}, listened_to=False
        )
        yield Gateway(
            name=name,
            port=proxy.port,
            key=KEY if issued else "sk-not-a-key",
            pids=tuple(process.pid for process in proxy.processes),
            collector=stack.enter_context(collects) if recording else None,
            home=proxy.home,
        )
        if lost := proxy.status().lost:
            raise RuntimeError(f"a worker has lost {lost} calls: {proxy.log.read_text(encoding='utf-8')[-2000:]}")


@contextmanager
def talking(
    command: Sequence[str],
    *,
    pass_fds: Sequence[int] = (),
    env: Mapping[str, str] | None = None,
    listened_to: bool = True,
) -> Iterator[subprocess.Popen[str]]:
    """Start a module of Python, and kill it in the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE if listened_to else subprocess.DEVNULL,
        text=True,
        pass_fds=pass_fds,
        env={**os.environ, **(env or {})},
    )
    assert process.stdin is not None
    try:
        yield process
    finally:
        process.stdin.close()
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def say(process: subprocess.Popen[str], line: str) -> None:
    """Tell a process a line."""
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def hear(process: subprocess.Popen[str]) -> str:
    """Return the next line that a process says; raise `RuntimeError` if it ends or says none."""
    assert process.stdout is not None
    impatience = threading.Timer(_START_S, process.kill)
    impatience.start()
    try:
        line = process.stdout.readline()
    finally:
        impatience.cancel()
    if not line:
        raise RuntimeError(f"{process.args!r} has said nothing; it says why above")
    return line


@contextmanager
def calling() -> Iterator[Callable[[Job], Done]]:
    """Start the callers; yield what has them do a job."""
    with talking(["tests.benchmarks.load"]) as process:

        def run(job: Job) -> Done:
            say(process, json.dumps(asdict(job)))
            return Done(**json.loads(hear(process)))

        yield run


@contextmanager
def answering() -> Iterator[int]:
    """Start the origin; yield its port."""
    with talking(["tests.benchmarks.origin"]) as process:
        yield int(hear(process))
