"""Takes the journal's disk away under load: `python -m tests.campaigns.full_disk [--way WAY] [--calls 500] [--json]`.

The disk is full, or down to its reserve, or the journal is at its limit; writes or syncs fail; or nobody may write from
the start. A client or the proxy calls the simulator all the while, and the trouble ends under way. Where calls are
refused, what the provider has had is exactly what is recorded, and each caller had an answer that is recorded or a
clear refusal. Where they pass, each caller is served, and what is counted as lost is exactly what is not recorded.
Recording goes on by itself in the end. Without a choice all are tried.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import httpx2

from audit.recording.keys import load_secret
from audit.settings import load_settings
from audit.simulator.process import running
from tests.campaigns.failing_os import environment
from tests.campaigns.full_disk_callers import CALLERS, Callers
from tests.campaigns.reckoning import Campaign, Reckoning, adopt_and_reckon, all_served
from tests.campaigns.summary import lines
from tests.campaigns.troubles import WAYS, Disk, Way, a_disk

PATIENCE_S = 30.0
"""How long each step may take."""
GROWN_BYTES = 8_000
"""By how much the journal has grown when it is recorded again."""
LOOK_S = 0.05
MODES = ("refuse", "pass")
TOLD = {"refuse": "a call was refused because it cannot be recorded", "pass": "a call could not be recorded"}
"""What the log says, once a minute for each process."""


@dataclass
class Siege(Campaign):
    """One way, one kind of caller, one mode."""

    calls: int = 10
    mode: str = "pass"

    def patiently(self, what: str, done: Callable[[], bool]) -> None:
        """Wait for something; note a failure if it does not come."""
        end = time.monotonic() + PATIENCE_S
        while not done():
            if time.monotonic() > end:
                self.failures.append(f"for {PATIENCE_S} s: {what}")
                return
            time.sleep(LOOK_S)

    @property
    def log(self) -> str:
        """What the processes have logged."""
        return self.errors.read_text(encoding="utf-8", errors="replace") if self.errors.exists() else ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign, print what came of it, and return 1 if anything is amiss."""
    given = _parser().parse_args(arguments)
    chosen = product(given.way or WAYS, given.who or CALLERS, given.mode or MODES)
    summary = {}
    for way, who, mode in chosen:
        print(f"{way}, {who}, {mode}", file=sys.stderr, flush=True)
        summary[f"{way} {who} {mode}"] = _tried(way, who, mode, given.calls)
    print(json.dumps(summary) if given.json else "\n".join(lines(summary)))
    return 1 if any(one["failures"] for one in summary.values()) else 0


def _tried(way: str, who: str, mode: str, calls: int) -> dict[str, Any]:
    with (
        tempfile.TemporaryDirectory() as folder,
        a_disk(Path(folder)) as disk,
        running() as provider,
        httpx2.Client(base_url=provider) as behind,
    ):
        config = Path(folder, "audit.toml")
        config.write_text(_CONFIG.format(folder=folder, mode=mode, journal=WAYS[way].journal), encoding="utf-8")
        siege = Siege(load_settings({}, config), Path(folder), 0, calls=calls, mode=mode)
        load_secret(siege.settings.home / "secret")
        siege.settings.journal.mkdir()
        environ = {**os.environ, "AUDIT_CONFIG": str(config), **environment(Path(folder, "site"), disk.failing)}
        with CALLERS[who](siege, provider, environ, PATIENCE_S) as callers:
            _besiege(siege, WAYS[way], disk, callers)
        seen = callers.seen
        siege.evidence.acknowledged += seen.served
        siege.evidence.served += all_served(behind)
        reckoning = adopt_and_reckon(siege.evidence, siege.settings)
        siege.failures += [*seen.failed, *_amiss(siege, reckoning, len(seen.refused), len(seen.broken_off))]
        return _summary(siege, reckoning, disk, len(seen.refused), len(seen.broken_off))


_CONFIG = """
home = "{folder}/home"
[store]
url = "sqlite:///{folder}/audit.db"
[recording]
drain = false
on_unrecordable = "{mode}"
[journal]
{journal}
"""


def _besiege(siege: Siege, way: Way, disk: Disk, callers: Callers) -> None:
    """Let calls be made before, in and after the trouble."""

    def more(what: str) -> None:
        wanted = len(callers.seen) + siege.calls
        siege.patiently(f"no {siege.calls} calls {what}", lambda: len(callers.seen) >= wanted)

    if way.from_the_start:
        way.begin(disk)
        callers.start()
    else:
        callers.start()
        more("before the trouble")
        way.begin(disk)
    siege.patiently("no call that cannot be recorded", lambda: TOLD[siege.mode] in siege.log)
    more("in trouble")
    way.end(disk, siege.settings)
    before = disk.journal_bytes
    siege.patiently("nothing is recorded again", lambda: disk.journal_bytes >= before + GROWN_BYTES)
    more("after the trouble")


def _amiss(siege: Siege, reckoning: Reckoning, refused: int, broken_off: int) -> Iterator[str]:
    """Tell what is not as it must be."""
    cut = reckoning.endings.get("unknown", 0)
    whole, lost, wrong = reckoning.recorded - cut, _lost(reckoning), reckoning.wrong
    for kind in ("duplicated", "served otherwise", "left in the journal", "database"):
        yield from (f"{kind}: {one}" for one in wrong[kind])
    if lost != reckoning.served - whole:
        yield f"{lost} calls count as lost, of {reckoning.served} at the provider {whole} are recorded"
    if (told := siege.log.count(TOLD[siege.mode])) > 2:
        yield f"the log says {told} times: {TOLD[siege.mode]}"
    if siege.mode == "refuse":
        for kind in ("lost", "altered", "served without a trace"):
            yield from (f"{kind}: {one}" for one in wrong[kind])
        if reckoning.served != reckoning.recorded:
            yield f"{reckoning.served} calls at the provider, {reckoning.recorded} in the record"
        if (whole, lost) != (reckoning.acknowledged, broken_off):
            yield f"{reckoning.acknowledged} were served and {broken_off} broken off, {whole} are recorded whole"
        if not refused:
            yield "no call was refused"
    else:
        if reckoning.acknowledged != reckoning.served or refused or broken_off:
            yield f"of {reckoning.served} callers {reckoning.acknowledged} were served"
        if len({one.partition(":")[0] for one in wrong["altered"]}) > cut:
            yield f"altered: {wrong['altered']}"
        if not lost:
            yield "no call was lost"


def _lost(reckoning: Reckoning) -> int:
    return sum(int(one.partition(":")[0]) for one in reckoning.wrong["counted as lost"])


def _summary(siege: Siege, reckoning: Reckoning, disk: Disk, refused: int, broken_off: int) -> dict[str, Any]:
    reasons = Counter(one.partition(": ")[2] for one in reckoning.wrong["counted as lost"])
    return {
        "disk": "of its own" if disk.real else "injected",
        "at the provider": reckoning.served,
        "served": reckoning.acknowledged,
        "refused": refused,
        "broken off": broken_off,
        "recorded": reckoning.recorded,
        "of these cut": reckoning.endings.get("unknown", 0),
        "lost": _lost(reckoning),
        "because": list(reasons),
        "failures": siege.failures,
        **({"log": siege.log.splitlines()[-20:]} if siege.failures else {}),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--way", action="append", choices=list(WAYS), help="all, if none is given")
    parser.add_argument("--who", action="append", choices=list(CALLERS), help="likewise")
    parser.add_argument("--mode", action="append", choices=MODES, help="likewise")
    parser.add_argument("--calls", type=int, default=20, help="before, in and after the trouble; 500 is the full size")
    parser.add_argument("--json", action="store_true", help="the summary on one line")
    return parser


if __name__ == "__main__":
    sys.exit(main())
