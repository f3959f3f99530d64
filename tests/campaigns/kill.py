"""Kills recording processes at random moments: `python -m tests.campaigns.kill --kills 50 [--seed N] [--json]`.

All record into one database, two at a time, and each adopts what those before it have left. In the end every call
that had returned to its caller must be in the record once and whole, and every request that the provider got must
have left a trace.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from audit.settings import Settings, load_settings
from audit.simulator.process import running
from audit.store.engine import open_engine
from tests.campaigns.caller import ADOPTED, ADOPTING
from tests.campaigns.reckoning import Acknowledged, Campaign, Reckoning, adopt_and_reckon, all_served
from tests.campaigns.summary import lines

START_S = 60.0
"""How long a process may take to its first call."""
WAYS = {"calling": 9, "draining": 5, "starting": 3, "adopting": 3}
"""How often each way to die is chosen: after the first call has returned; the same while what returns is at once
brought into the database; before any call has returned; while bringing in what others have left."""


@dataclass
class KillCampaign(Campaign):
    """For several threads."""

    guard: threading.Lock = field(default_factory=threading.Lock)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign, print what came of it, and return 1 if anything is amiss."""
    given = _parser().parse_args(arguments)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        campaign = KillCampaign(load_settings({"AUDIT_HOME": f"{folder}/home"}), Path(folder), given.seed)
        with ThreadPoolExecutor(given.lanes) as pool:
            list(pool.map(lambda lane: _lane(campaign, range(lane, given.kills, given.lanes)), range(given.lanes)))
        reckoning = adopt_and_reckon(campaign.evidence, campaign.settings)
        summary = _summary(campaign, reckoning, time.monotonic() - began)
    print(json.dumps(summary) if given.json else "\n".join(lines(summary)))
    return 0 if reckoning.right and not campaign.failures else 1


def _lane(campaign: KillCampaign, numbers: Sequence[int]) -> None:
    """Kill one process after another, each calling the same provider."""
    with running() as url, httpx2.Client(base_url=url) as behind:
        for number in numbers:
            heard = _killed(campaign, number, url)
            served = all_served(behind)
            behind.delete("/__sim/served")
            with campaign.guard:
                campaign.evidence.acknowledged += heard
                campaign.evidence.served += served
                campaign.counts["kills"] += 1
                _progress(campaign)


def _killed(campaign: KillCampaign, number: int, url: str) -> list[Acknowledged]:
    """Let a process live for a while; return which of its calls had returned."""
    chance = random.Random(f"{campaign.seed}.{number}")
    (way,) = chance.choices(list(WAYS), list(WAYS.values()))
    command = ["adopt"] if way == "adopting" else ["drain" if way == "draining" else "call", url, str(number)]
    with campaign.errors.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.campaigns.caller", *command],
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "AUDIT_HOME": str(campaign.settings.home)},
        )
    with process:
        heard = _lived(process, way, chance)
        drained = _stored(campaign.settings, number) if way == "draining" else 0
        died = process.poll()
        process.kill()
        assert process.stdout is not None
        heard += process.stdout.read()
    with campaign.guard:
        campaign.counts[way] += 1
        campaign.counts["stored while the process lived"] += drained
        campaign.counts["killed during adoption"] += way == "adopting" and ADOPTING in heard and ADOPTED not in heard
        if died is not None:
            campaign.failures.append(f"process {number} ended by itself with code {died}")
    return [Acknowledged(*line.decode().split()) for line in heard.splitlines() if line.count(b" ") == 3]


def _lived(process: subprocess.Popen[bytes], way: str, chance: random.Random) -> bytes:
    """Wait for the moment to kill; return what was heard until then."""
    assert process.stdout is not None
    descriptor, heard = process.stdout.fileno(), b""
    if way == "starting":
        return _listen(descriptor, time.monotonic() + chance.uniform(0.0, 1.2))
    end = time.monotonic() + START_S
    while not heard and time.monotonic() < end and process.poll() is None:
        heard += _listen(descriptor, min(end, time.monotonic() + 1.0), first=True)
    lifetime_s = chance.uniform(0.0, 0.4) if way == "adopting" else chance.uniform(0.05, 1.5)
    return heard + _listen(descriptor, time.monotonic() + lifetime_s)


def _listen(descriptor: int, until: float, *, first: bool = False) -> bytes:
    """Return what comes until then, or only what comes first."""
    heard = b""
    while (remaining := until - time.monotonic()) > 0 and not (first and heard):
        if select.select([descriptor], [], [], remaining)[0]:
            if not (piece := os.read(descriptor, 65_536)):
                break
            heard += piece
    return heard


def _stored(settings: Settings, number: int) -> int:
    """Return how many calls of a process that still lives are in the database already."""
    engine = open_engine(settings.database_url, read_only=True)
    try:
        with engine.connect() as connection:
            counted = text("SELECT count(*) FROM call_labels WHERE name = 'call' AND value LIKE :begins")
            return int(connection.execute(counted, {"begins": f"{number}.%"}).scalar_one())
    except OperationalError:  # the first ones die before there is a database, or a table in it
        return 0
    finally:
        engine.dispose()


def _summary(campaign: KillCampaign, reckoning: Reckoning, seconds: float) -> dict[str, Any]:
    told = Counter(campaign.errors.read_text(encoding="utf-8", errors="replace").splitlines())
    return {
        "seed": campaign.seed,
        "seconds": round(seconds, 1),
        **campaign.counts,
        **asdict(reckoning),
        "failures": campaign.failures,
        "standard error": dict(told.most_common(20)),
    }


def _progress(campaign: KillCampaign) -> None:
    kills = campaign.counts["kills"]
    if kills % 10 == 0:
        print(f"{kills} kills, {len(campaign.evidence.acknowledged)} calls acknowledged", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=50, help="1000 is the full size")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lanes", type=int, default=2, help="processes that record at the same time")
    parser.add_argument("--json", action="store_true", help="the summary on one line")
    return parser


if __name__ == "__main__":
    sys.exit(main())
