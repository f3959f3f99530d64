"""Takes PostgreSQL away under load: `python -m tests.campaigns.outage --way stopped --minutes 10 [--drain] [--json]`.

Two processes make calls at a steady rate and only journal, and a collector stores; with `--drain` they store by
themselves. Meanwhile the database is stopped, frozen, failed over to a hot standby, or its connections are cut again
and again. No call may fail, all must be in the record once and whole, what waited must be stored within a minute of the
database's return, and nobody's memory may have grown with what waits.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from audit.settings import load_settings
from audit.simulator.process import running
from tests.campaigns.reckoning import Acknowledged, Campaign, adopt_and_reckon, all_served
from tests.campaigns.servers import Server, a_server
from tests.campaigns.summary import lines

RECORDERS = 2
PATIENCE_S = 60.0
"""How long processes may take to start and end."""
STORED_WITHIN_S = 60.0
"""How long what waited may take to be stored."""
GROWTH_MB = 100.0
CUT_EVERY_S = 0.05
LOOK_S = 0.2


@dataclass
class Outage(Campaign):
    """What runs, and what is known of it."""

    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    server: Server | None = None
    """The one that takes writes."""

    @property
    def told(self) -> list[bytes]:
        """All whole lines that the recorders have written so far."""
        paths = [self.folder / name for name in self.processes if name != "collector"]
        return [line for path in paths for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]

    @property
    def stored(self) -> int:
        """How many calls are in the database."""
        assert self.server is not None
        return int(self.server.execute("SELECT count(*) FROM calls")[0][0])

    def memory_mb(self) -> dict[str, float]:
        """What each process takes of memory."""
        return {name: _resident_mb(process.pid) for name, process in self.processes.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign, print what came of it, and return 1 if anything is amiss."""
    given = _parser().parse_args(arguments)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        provider = stack.enter_context(running())
        servers = [stack.enter_context(a_server())]
        if given.way == "failed-over":
            servers.append(servers[0].beside())
            servers[1].make_standby(servers[0])
        config = folder / "audit.toml"
        config.write_text(_config(folder, servers, drain=given.drain), encoding="utf-8")
        outage = Outage(load_settings({}, config), folder, 0, server=servers[0])
        figures = _under_load(outage, provider, given, servers)
        with httpx2.Client(base_url=provider) as behind:
            outage.evidence.served += all_served(behind)
        reckoning = adopt_and_reckon(outage.evidence, outage.settings)
    summary = {"way": given.way, "drain": given.drain, **figures, **asdict(reckoning), "failures": outage.failures}
    print(json.dumps(summary) if given.json else "\n".join(lines(summary)))
    return 0 if reckoning.right and not outage.failures else 1


def _config(folder: Path, servers: Sequence[Server], *, drain: bool) -> str:
    hosts = "&".join(f"host={server.place}" for server in servers)
    url = f"postgresql+psycopg://postgres@/postgres?{hosts}&target_session_attrs=read-write"
    return f'home = "{folder}/home"\n[store]\nurl = "{url}"\n[recording]\ndrain = {str(drain).lower()}\n'


def _under_load(outage: Outage, provider: str, given: argparse.Namespace, servers: Sequence[Server]) -> dict[str, Any]:
    """Let all run, take the database away, and see to the end; return figures."""
    with _processes(outage, provider, given.rate, drain=given.drain):
        _patiently(lambda: len(outage.told) > given.rate / 2)  # all are at work
        _patiently(lambda: outage.stored > 0)
        with _watched(outage) as growth:
            began = time.monotonic()
            WAYS[given.way](outage, servers, given.minutes * 60)
            away_s, waiting = time.monotonic() - began, len(outage.told)
            back = time.monotonic()
            in_time = _patiently(lambda: outage.stored >= waiting, STORED_WITHIN_S)
            _hold(outage, in_time, f"{waiting} calls are not stored after {STORED_WITHIN_S} s")
            drained_s = time.monotonic() - back
    for line in outage.told:
        if line.startswith(b"failed "):
            outage.failures.append(line.decode(errors="replace").strip())
        else:
            outage.evidence.acknowledged.append(Acknowledged(*line.decode().split()))
    for name, grown_mb in growth.items():
        _hold(outage, grown_mb <= GROWTH_MB, f"{name} has grown by {grown_mb} MB")
    return {"away_s": round(away_s, 1), "drained after s": round(drained_s, 1), "grown by MB": dict(growth)}


def _stopped(outage: Outage, _servers: Sequence[Server], for_s: float) -> None:
    assert outage.server is not None
    outage.server.stop()
    time.sleep(for_s)
    outage.server.start()


def _frozen(outage: Outage, _servers: Sequence[Server], for_s: float) -> None:
    assert outage.server is not None
    outage.server.signal(signal.SIGSTOP)
    time.sleep(for_s)
    outage.server.signal(signal.SIGCONT)


def _failed_over(outage: Outage, servers: Sequence[Server], for_s: float) -> None:
    primary, standby = servers
    primary.signal(signal.SIGKILL)
    time.sleep(for_s)
    standby.promote()
    outage.server = standby


def _cut(outage: Outage, _servers: Sequence[Server], for_s: float) -> None:
    assert outage.server is not None
    end = time.monotonic() + for_s
    while time.monotonic() < end:
        cut = outage.server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'audit'"
        )
        outage.counts["connections cut"] += len(cut)
        time.sleep(CUT_EVERY_S)


WAYS: dict[str, Callable[[Outage, Sequence[Server], float], None]] = {
    "stopped": _stopped,
    "frozen": _frozen,
    "failed-over": _failed_over,
    "cut": _cut,
}


@contextmanager
def _processes(outage: Outage, provider: str, rate: float, *, drain: bool) -> Iterator[None]:
    """Run recorders, and a collector unless they drain by themselves; end them in this order, each in peace."""
    modules = {
        f"recorder-{at}": ["tests.campaigns.steady", provider, str(at), str(rate / RECORDERS)]
        for at in range(RECORDERS)
    }
    modules |= {} if drain else {"collector": ["audit", "collect", "--with-parent"]}
    environ = {**os.environ, "AUDIT_CONFIG": str(outage.folder / "audit.toml")}
    for name, arguments in modules.items():
        with (outage.folder / name).open("wb") as out, outage.errors.open("ab") as errors:
            command = [sys.executable, "-m", *arguments]
            outage.processes[name] = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=out, stderr=errors, env=environ
            )
    try:
        yield
        for name, process in outage.processes.items():
            with suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=PATIENCE_S)
            code = process.poll()
            _hold(outage, code == 0, f"{name} has ended with code {code} within {PATIENCE_S} s")
    finally:
        for process in outage.processes.values():
            process.kill()
            process.wait()


@contextmanager
def _watched(outage: Outage) -> Iterator[dict[str, float]]:
    """Yield by how much each process's memory has grown at most, in MB."""
    before, over = outage.memory_mb(), threading.Event()
    growth = dict.fromkeys(before, 0.0)

    def watch() -> None:
        while not over.wait(LOOK_S):
            for name, now in outage.memory_mb().items():
                growth[name] = max(growth[name], round(now - before[name], 1))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield growth
    finally:
        over.set()
        thread.join()


def _resident_mb(pid: int) -> float:
    lines_ = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) for line in lines_ if line.startswith("VmRSS:")) / 1024


def _patiently(done: Callable[[], bool], patience_s: float = PATIENCE_S) -> bool:
    """Wait for something; return whether it came."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        try:
            if done():
                return True
        except Exception:  # noqa: BLE001  # no table yet, or its connection is cut: asked again
            pass
        time.sleep(LOOK_S)
    return False


def _hold(outage: Outage, right: bool, otherwise: str) -> None:
    if not right:
        outage.failures.append(otherwise)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--way", choices=list(WAYS), default="stopped")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long it is away; 0.05 is the small size")
    parser.add_argument("--rate", type=float, default=200.0, help="calls a second")
    parser.add_argument("--drain", action="store_true", help="who records stores by itself, without a collector")
    parser.add_argument("--json", action="store_true", help="the summary on one line")
    return parser


if __name__ == "__main__":
    sys.exit(main())
