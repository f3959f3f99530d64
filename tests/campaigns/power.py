"""Cuts the power of the SQLite record: `python -m tests.campaigns.power --cuts 40 [--synchronous FULL] [--json]`.

The package's own writer, engine and migrations work on a disk that is simulated, and at a random operation the power
is lost: of what was not synced, anything may be left. In a third of the cuts what is left is opened and worked on,
and loses its power again. Then every batch whose `append` had returned must be there whole and byte for byte, the
database sound, and the ledger true to it and to what was anchored. With less than FULL, which the record never runs
with, the campaign finds losses.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from audit.call import Exchange
from audit.store.engine import open_engine, sqlite_url
from audit.store.schema import head, upgrade
from tests.campaigns.disk import Disk, a_folder
from tests.campaigns.power_findings import KINDS, Finding, findings, read_all
from tests.campaigns.power_play import NAME, Diary, Play, playing
from tests.campaigns.power_scenes import SCENES, Scene, upgrading
from tests.campaigns.summary import lines
from tests.campaigns.upgrade_kill import make_old

LEVELS = ("FULL", "NORMAL", "OFF")
AGAIN = 0.33
"""How often the power is lost a second time."""
RECOVERY_OPERATIONS = 90
"""About as many as it takes to open what is left, append a batch and close it."""
_WRITTEN = {
    NAME: "the log went into the database",
    f"{NAME}-wal": "the log was written",
    f"{NAME}-journal": "a new database was made",
}


@dataclass(slots=True)
class PowerCampaign:
    """What has happened so far."""

    seed: int
    synchronous: str
    counts: Counter[str] = field(default_factory=Counter)
    scenes: Counter[str] = field(default_factory=Counter)
    harm: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(KINDS, 0)))
    """How often something was lost or broken, by kind."""
    failures: list[str] = field(default_factory=list)
    """The first of them, with the cut's number."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """A database before its scene."""

    files: Mapping[str, bytes]
    kept: Mapping[UUID, Exchange]
    """What is recorded in it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign, print what came of it, and return 1 if anything is amiss."""
    given = _parser().parse_args(arguments)
    campaign, began = PowerCampaign(given.seed, given.synchronous), time.monotonic()
    for number in range(given.cuts):
        _note(campaign, number, _cut(campaign, random.Random(f"{given.seed}.{number}")))
    summary = _summary(campaign, given.cuts, time.monotonic() - began)
    print(json.dumps(summary) if given.json else "\n".join(lines(summary)))
    return 1 if campaign.harm.total() else 0


def _cut(campaign: PowerCampaign, chance: random.Random) -> list[Finding]:
    """Play a scene until the power is lost, and maybe lose it again; return what is wrong then."""
    (scene,) = chance.choices(SCENES, [scene.often for scene in SCENES])
    beginning, diary = _beginning(scene.before), Diary()
    lasts = chance.randrange(_operations(scene, campaign.synchronous))
    disks = [Disk(beginning.files, chance, lasts)]
    _play(scene.play, disks[0], diary, chance, campaign.synchronous)
    if chance.random() < AGAIN:
        disks.append(Disk(disks[0].cut(), chance, chance.randrange(RECOVERY_OPERATIONS)))
        _play(upgrading, disks[1], diary, chance, campaign.synchronous)
    campaign.scenes[scene.name] += 1
    _count(campaign.counts, disks, diary)
    with a_folder() as folder:
        return findings(Path(folder), disks[-1].cut(), diary, beginning.kept, {scene.before})


def _play(scene: Callable[[Play], None], disk: Disk, diary: Diary, chance: random.Random, synchronous: str) -> None:
    with (
        a_folder() as folder,
        playing(Path(folder), disk, diary=diary, chance=chance, synchronous=synchronous) as play,
    ):
        scene(play)


def _count(counts: Counter[str], disks: Sequence[Disk], diary: Diary) -> None:
    counts["batches"] += len(diary.batches)
    counts["batches acknowledged"] += sum(batch.acknowledged for batch in diary.batches)
    counts["calls acknowledged"] += sum(len(batch.calls) for batch in diary.batches if batch.acknowledged)
    counts["checkpoints anchored"] += len(diary.anchored)
    counts["cut again during recovery"] += len(disks) - 1
    for disk in disks:
        counts.update(f"cut while {_WRITTEN[name]}" for name in disk.unsynced)


@cache
def _operations(scene: Scene, synchronous: str) -> int:
    """Return about how many operations a scene takes on a disk whose power is never lost."""
    chance = random.Random(scene.name)
    disk = Disk(_beginning(scene.before).files, chance)
    _play(scene.play, disk, Diary(), chance, synchronous)
    return disk.operations


@cache
def _beginning(before: str | None) -> Beginning:
    """Return a database of that schema, which is made once, and its calls as they are to be read with the newest."""
    if before is None:
        return Beginning({}, {})
    with a_folder() as folder:
        url, path = sqlite_url(Path(folder, NAME)), Path(folder, NAME)
        if before != head():
            make_old(url)
            old = path.read_bytes()
        engine = open_engine(url)
        upgrade(engine)
        kept = read_all(engine)
        engine.dispose()
        return Beginning({NAME: path.read_bytes() if before == head() else old}, kept)


def _note(campaign: PowerCampaign, number: int, found: list[Finding]) -> None:
    campaign.harm.update(kind for kind, _ in found)
    campaign.counts["cuts that did harm"] += bool(found)
    if len(campaign.failures) < 20:
        campaign.failures += [f"{campaign.seed}.{number}: {kind}: {what}" for kind, what in found[:1]]
    if number % 100 == 99:
        print(f"{number + 1} cuts, {campaign.counts['cuts that did harm']} did harm", file=sys.stderr, flush=True)


def _summary(campaign: PowerCampaign, cuts: int, seconds: float) -> dict[str, Any]:
    return {
        "synchronous": campaign.synchronous,
        "seed": campaign.seed,
        "seconds": round(seconds, 1),
        "cuts": cuts,
        **campaign.counts,
        "scenes": dict(campaign.scenes),
        "harm": dict(campaign.harm),
        "failures": campaign.failures,
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cuts", type=int, default=40, help="2000 is the full size")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--synchronous", choices=LEVELS, default="FULL", help="below FULL something is lost")
    parser.add_argument("--json", action="store_true", help="the summary on one line")
    return parser


if __name__ == "__main__":
    sys.exit(main())
