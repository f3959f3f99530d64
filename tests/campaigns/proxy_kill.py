"""Kills the proxy's workers at random moments: `python -m tests.campaigns.proxy_kill --kills 10 [--seed N] [--json]`.

A supervised proxy with two workers and a collector is under load all the while; now and then the collector dies too.
In the end every call whose response a client has had whole must be in the record once, with exactly those bytes, and
every request that the provider got must have left a trace.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2

from audit.settings import load_settings
from audit.simulator.process import running
from tests.campaigns.caller import KINDS, LEFT, PATH, VAST, Asked, asked
from tests.campaigns.reckoning import Acknowledged, Campaign, Reckoning, adopt_and_reckon, all_served
from tests.campaigns.summary import lines

CLIENTS = 6
PATIENCE_S = 60.0
"""How long a first call may take, a worker to come back, and the proxy to end."""
WAYS = {"serving": 8, "starting": 3, "collecting": 1}
"""How often each way to die is chosen: a worker some time after a call has gone through; one as soon as it is started
again; the collector."""
_PROGRAM = """
import sys
from audit.supervision import pause
pause.FIRST_S = pause.LONGEST_S = 0.05  # or it would wait ever longer for one that dies so often
from audit.cli import main
main()
"""


@dataclass
class ProxyCampaign(Campaign):
    """For one event loop."""

    over: asyncio.Event = field(default_factory=asyncio.Event)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign, print what came of it, and return 1 if anything is amiss."""
    given = _parser().parse_args(arguments)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, running() as provider:
        port, config = free_port(), Path(folder, "audit.toml")
        config.write_text(_CONFIG.format(folder=folder, provider=provider, port=port), encoding="utf-8")
        campaign = ProxyCampaign(load_settings({}, config), Path(folder), given.seed)
        with _proxy(campaign, config) as proxy:
            asyncio.run(_run(campaign, proxy, f"http://127.0.0.1:{port}", given.kills))
        with httpx2.Client(base_url=provider) as behind:
            campaign.evidence.served += all_served(behind)
        reckoning = adopt_and_reckon(campaign.evidence, campaign.settings)
        summary = _summary(campaign, reckoning, time.monotonic() - began)
    print(json.dumps(summary) if given.json else "\n".join(lines(summary)))
    return 0 if reckoning.right and not campaign.failures else 1


_CONFIG = """
home = "{folder}/home"
[proxy]
port = {port}
admin_port = false
workers = 2
root = "simulator"
allow_networks = ["127.0.0.0/8"]
[providers.simulator]
base_url = "{provider}"
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


@contextmanager
def _proxy(campaign: ProxyCampaign, config: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the supervisor; note a failure if it does not end well by itself."""
    with campaign.errors.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, "proxy"],
            stdout=errors,
            stderr=errors,
            env={**os.environ, "AUDIT_CONFIG": str(config)},
        )
    try:
        yield process
        process.terminate()
        if (code := process.wait(PATIENCE_S)) != 0:
            campaign.failures.append(f"the supervisor ended with code {code}")
    finally:
        process.kill()
        process.wait()


async def _run(campaign: ProxyCampaign, proxy: subprocess.Popen[bytes], url: str, kills: int) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(CLIENTS):
            group.create_task(_call(campaign, url, str(number)))
        try:
            await _kill(campaign, proxy.pid, kills)
        except TimeoutError as exc:
            campaign.failures.append(str(exc))
        campaign.over.set()


async def _call(campaign: ProxyCampaign, url: str, name: str) -> None:
    """Make calls until the campaign is over; those that break off are not made again."""
    async with httpx2.AsyncClient(base_url=url, timeout=PATIENCE_S, trust_env=False) as client:
        for one in asked(name, random.Random(f"{campaign.seed}.{name}"), {**KINDS, VAST: 1}):
            if campaign.over.is_set():
                return
            try:
                await _made(campaign, client, one)
            except httpx2.ConnectError:
                campaign.counts["not connected"] += 1
                await asyncio.sleep(0.05)
            except httpx2.TransportError:
                campaign.counts["broken off"] += 1


async def _made(campaign: ProxyCampaign, client: httpx2.AsyncClient, one: Asked) -> None:
    request_sha256 = sha256(one.body).hexdigest()
    campaign.evidence.asked[request_sha256] = one.name
    async with client.stream("POST", PATH, **one.options) as response:
        pieces = response.aiter_raw()
        if one.kind == LEFT:
            await anext(pieces)
            return
        received = b"".join([piece async for piece in pieces])
    if response.status_code != 200:
        campaign.failures.append(f"call {one.name} was answered with {response.status_code}: {received[:200]!r}")
    had = Acknowledged(one.name, one.kind, request_sha256, sha256(received).hexdigest())
    campaign.evidence.acknowledged.append(had)


async def _kill(campaign: ProxyCampaign, supervisor: int, kills: int) -> None:
    """Kill so many processes, one after another; raise `TimeoutError` if the proxy does not come back."""
    for number in range(kills + 1):
        await _called(campaign)  # after the last one too: it has to come back
        if number < kills:
            chance = random.Random(f"{campaign.seed}.{number}")
            (way,) = chance.choices(list(WAYS), list(WAYS.values()))
            await asyncio.sleep(chance.uniform(0.0, 0.6))
            await _end(supervisor, way, chance)
            if way == "starting":
                await asyncio.sleep(chance.uniform(0.05, 0.5))
                await _end(supervisor, way, chance)
            campaign.counts["kills"] += 1
            campaign.counts[way] += 1
            _progress(campaign)


async def _called(campaign: ProxyCampaign) -> None:
    """Wait until more calls have gone through."""
    before, end = len(campaign.evidence.acknowledged), time.monotonic() + PATIENCE_S
    while len(campaign.evidence.acknowledged) < before + CLIENTS:
        if time.monotonic() > end:
            raise TimeoutError(f"no call has gone through for {PATIENCE_S} s after {campaign.counts['kills']} kills")
        await asyncio.sleep(0.01)


async def _end(supervisor: int, way: str, chance: random.Random) -> None:
    """Kill one of the supervisor's children, as soon as there is one."""
    wanted, end = "collect" if way == "collecting" else "audit.proxy", time.monotonic() + PATIENCE_S
    while not (found := [pid for pid in _children(supervisor) if wanted in _command(pid)]):
        if time.monotonic() > end:
            raise TimeoutError(f"for {PATIENCE_S} s the supervisor has had no child that runs {wanted}")
        await asyncio.sleep(0.01)
    with suppress(ProcessLookupError):
        os.kill(chance.choice(found), signal.SIGKILL)


def _children(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for thread in threads for child in (thread / "children").read_text(encoding="ascii").split()]


def _command(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


def _summary(campaign: ProxyCampaign, reckoning: Reckoning, seconds: float) -> dict[str, Any]:
    told = campaign.errors.read_text(encoding="utf-8", errors="replace").splitlines()
    return {
        "seed": campaign.seed,
        "seconds": round(seconds, 1),
        **campaign.counts,
        **asdict(reckoning),
        "failures": campaign.failures,
        "last lines of standard error": told[-20:],
    }


def _progress(campaign: ProxyCampaign) -> None:
    kills = campaign.counts["kills"]
    if kills % 10 == 0:
        print(f"{kills} kills, {len(campaign.evidence.acknowledged)} calls acknowledged", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=10, help="200 is the full size")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="the summary on one line")
    return parser


if __name__ == "__main__":
    sys.exit(main())
