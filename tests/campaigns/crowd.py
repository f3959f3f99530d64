"""Records with many processes into one database: `python -m tests.campaigns.crowd --database KIND --seconds 60`.

Into SQLite they all drain by themselves. Into PostgreSQL they only journal, in two folders as on two machines, each
with a collector of its own. In the end every call must be in the record once and whole, and the ledger without a hole.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import httpx2

from audit.settings import Settings, load_settings
from audit.simulator.process import running
from tests.campaigns.reckoning import Acknowledged, Campaign, adopt_and_reckon, all_served
from tests.campaigns.summary import lines
from tests.databases import KINDS, an_empty_database

PATIENCE_S = 120.0
"""How long processes may take to begin and to end."""
MACHINES = {"sqlite": 1, "postgresql": 2}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign, print what came of it, and return 1 if anything is amiss."""
    given = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, running() as provider:
        machines = _machines(given.database, Path(folder))
        campaign = Campaign(machines[0], Path(folder), 0)
        for told in _told(campaign, provider, given):
            if told.startswith("failed "):
                campaign.failures.append(told)
            else:
                campaign.evidence.acknowledged.append(Acknowledged(*told.split()))
        with httpx2.Client(base_url=provider) as behind:
            campaign.evidence.served += all_served(behind)
        campaign.failures += [f"left behind: {path}" for one in machines[1:] for path in one.journal.glob("*")]
        reckoning = adopt_and_reckon(campaign.evidence, campaign.settings)
    summary = {"database": given.database, **asdict(reckoning), "failures": campaign.failures}
    print(json.dumps(summary) if given.json else "\n".join(lines(summary)))
    return 0 if reckoning.right and not campaign.failures else 1


def _machines(database: str, folder: Path) -> list[Settings]:
    """Return the settings of each machine, all of one database; they stand in files of their own."""
    url, machines = an_empty_database(database, folder), []
    for number in range(MACHINES[database]):
        config, drain = folder / f"{number}.toml", str(database == "sqlite").lower()
        text = f'home = "{folder}/home-{number}"\n[store]\nurl = "{url}"\n[recording]\ndrain = {drain}\n'
        text += f'[ledger]\nkey = "{folder}/ledger.key"\n'
        config.write_text(text, encoding="utf-8")
        machines.append(load_settings({}, config))
    return machines


def _told(campaign: Campaign, provider: str, given: argparse.Namespace) -> Iterator[str]:
    """Run everything for a while; yield what the recorders have told."""
    machines = MACHINES[given.database]
    with _ended(campaign) as collectors, _ended(campaign) as recorders:
        for number in range(machines if given.database != "sqlite" else 0):
            collectors.append(_begun(campaign, number, f"collector-{number}", "audit", "collect", "--with-parent"))
        for number in range(given.processes):
            rate = str(given.rate / given.processes)
            module = ["tests.campaigns.steady", provider, str(number), rate]
            recorders.append(_begun(campaign, number % machines, f"recorder-{number}", *module))
        paths = [campaign.folder / f"recorder-{number}" for number in range(given.processes)]
        end = time.monotonic() + PATIENCE_S
        while not all(path.stat().st_size for path in paths) and time.monotonic() < end:
            time.sleep(0.1)
        time.sleep(given.seconds)
    yield from (line for path in paths for line in path.read_text(encoding="utf-8").splitlines())


def _begun(campaign: Campaign, machine: int, name: str, *module: str) -> subprocess.Popen[bytes]:
    environ = {**os.environ, "AUDIT_CONFIG": str(campaign.folder / f"{machine}.toml")}
    with (campaign.folder / name).open("wb") as out, campaign.errors.open("ab") as errors:
        command = [sys.executable, "-m", *module]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=errors, env=environ)


@contextmanager
def _ended(campaign: Campaign) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Yield a list of processes, which in the end are ended by their standard input."""
    processes: list[subprocess.Popen[bytes]] = []
    try:
        yield processes
        for process in processes:
            assert process.stdin is not None
            process.stdin.close()
        for process in processes:
            if (code := process.wait(PATIENCE_S)) != 0:
                campaign.failures.append(f"{process.args!r} ended with code {code}")
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--database", choices=KINDS, default="sqlite")
    parser.add_argument("--seconds", type=float, default=3.0, help="60 is the full size")
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--rate", type=float, default=200.0, help="calls a second, of all together")
    parser.add_argument("--json", action="store_true", help="the summary on one line")
    return parser


if __name__ == "__main__":
    sys.exit(main())
