"""Kills recording processes at random moments: `python -m tests.campaigns.kill --kills 50 [--database KIND] [--json]`.

All record into one database, several at a time, and each adopts what those before it have left; with `--database
journal` they only journal, and a collector, which is killed too, brings it into SQLite. In the end every call that had
returned to its caller must be in the record once and whole, and every request that the provider got must have left a
trace.
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
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from audit.settings import Settings, load_settings
from audit.simulator.process import running
from audit.store.engine import open_engine
from audit.wiring.collecting import collect_once
from tests.campaigns.caller import ADOPTED, ADOPTING
from tests.campaigns.reckoning import Acknowledged, Campaign, Reckoning, adopt_and_reckon, all_served
from tests.campaigns.summary import lines
from tests.databases import KINDS, an_empty_database

START_S = 60.0
"""How long a process may take to its first call."""
WAYS = {"calling": 9, "draining": 5, "starting": 3, "adopting": 3}
"""How often each way to die is chosen: after the first call has returned; the same while what returns is at once
brought into the database; before any call has returned; while bringing in what others have left."""
JOURNAL = "journal"
COLLECT = ["audit", "collect"]
COLLECTOR_LIVES_S = (0.5, 4.0)
"""How long a collector may live, most of which it is at work after a second of coming up."""


@dataclass
class KillCampaign(Campaign):
    """For several threads."""

    guard: threading.Lock = field(default_factory=threading.Lock)

    @property
    def environ(self) -> dict[str, str]:
        """What the processes are given to find the same settings."""
        return {**os.environ, "AUDIT_CONFIG": str(self.folder / "audit.toml")}

    @property
    def ways(self) -> dict[str, int]:
        """What may be chosen of `WAYS`: who only journals cannot be killed while it drains."""
        return {way: often for way, often in WAYS.items() if self.settings.recording.drain or way != "draining"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign, print what came of it, and return 1 if anything is amiss."""
    given = _parser().parse_args(arguments)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        campaign = KillCampaign(_settings(given.database, Path(folder)), Path(folder), given.seed)
        with _killed_collectors(campaign), ThreadPoolExecutor(given.writers) as pool:
            numbers = [range(lane, given.kills, given.writers) for lane in range(given.writers)]
            list(pool.map(lambda lane: _lane(campaign, lane), numbers))
        reckoning = adopt_and_reckon(campaign.evidence, campaign.settings)
        summary = {"database": given.database, **_summary(campaign, reckoning, time.monotonic() - began)}
    print(json.dumps(summary) if given.json else "\n".join(lines(summary)))
    return 0 if reckoning.right and not campaign.failures else 1


def _settings(database: str, folder: Path) -> Settings:
    """Write down which database and who drains into it, and read it as the processes will."""
    url = an_empty_database("sqlite" if database == JOURNAL else database, folder)
    drain = str(database != JOURNAL).lower()
    config = folder / "audit.toml"
    config.write_text(f'home = "{folder}/home"\n[store]\nurl = "{url}"\n[recording]\ndrain = {drain}\n')
    return load_settings({}, config)


@contextmanager
def _killed_collectors(campaign: KillCampaign) -> Iterator[None]:
    """Kill one collector after another, where those who record leave it to one."""
    if campaign.settings.recording.drain:
        yield
        return
    over = threading.Event()
    thread = threading.Thread(target=_kill_collectors, args=(campaign, over))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    collect_once(campaign.settings)


def _kill_collectors(campaign: KillCampaign, over: threading.Event) -> None:
    chance = random.Random(f"{campaign.seed}.collectors")
    while not over.is_set():
        with campaign.errors.open("ab") as errors:
            command = [sys.executable, "-m", *COLLECT]
            process = subprocess.Popen(command, stdout=errors, stderr=errors, env=campaign.environ)
        with process:
            over.wait(chance.uniform(*COLLECTOR_LIVES_S))
            died = process.poll()
            process.kill()
        with campaign.guard:
            campaign.counts["collectors killed"] += died is None
            if died is not None:
                campaign.failures.append(f"a collector ended by itself with code {died}")


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
    (way,) = chance.choices(list(campaign.ways), list(campaign.ways.values()))
    command = ["adopt"] if way == "adopting" else ["drain" if way == "draining" else "call", url, str(number)]
    with campaign.errors.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.campaigns.caller", *command],
            stdout=subprocess.PIPE,
            stderr=errors,
            env=campaign.environ,
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
    except DBAPIError:  # the first ones die before there is a database, or a table in it
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
    parser.add_argument("--database", choices=[*KINDS, JOURNAL], default="sqlite", help="where the calls go")
    parser.add_argument(
        "--writers", type=int, default=2, help="processes that record at the same time; 8 is the full size"
    )
    parser.add_argument("--json", action="store_true", help="the summary on one line")
    return parser


if __name__ == "__main__":
    sys.exit(main())
