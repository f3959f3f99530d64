"""Cuts the power of the journal: `python -m tests.campaigns.journal_power --cuts 200 [--durability power] [--json]`.

A recorder begins and ends calls in several threads on a disk that is simulated, and a collector stores what has ended.
At a random operation the power is lost: of what was not synced, anything may be left. In half of the cuts some syncs
fail, and what they should have brought to the disk never gets there. Then a collector takes up what is left. Each call
that had ended must be in the record, byte for byte; of each that had begun there must be a trace. With
`--durability process`, which promises less, the campaign finds losses.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock
from uuid import UUID

from audit.call import Ending, Exchange
from audit.errors import JournalError
from audit.recording import journal
from audit.recording.collector import Collector
from audit.recording.drain import Drain
from audit.recording.frames import Loss
from audit.recording.journal import writers
from audit.recording.recorder import Recorder
from audit.recording.settling import Deferring, Settling
from audit.recording.stable import journal_kind
from audit.recording.tape import Tape
from tests.campaigns.disk import Disk, a_folder
from tests.campaigns.journal_disk import PowerLost, mirrored
from tests.campaigns.summary import lines

__all__ = ["Diary", "Stored", "findings", "main"]

KINDS = ("lost", "no trace", "altered")
SEGMENT_BYTES = 48 * 1024
"""So small that segments are begun and taken away all the time."""
SIZES = (0, 40, 700, 5_000, 30_000, 90_000)
MOST_OPERATIONS = 400
CALLS = 12
"""Calls of each thread."""
THREADS = 3


@dataclass(slots=True)
class Diary:
    """What the recorder has said of calls, by their names, before the power was lost."""

    begun: dict[bytes, bytes] = field(default_factory=dict)
    """The replies that they were to get."""
    ended: set[bytes] = field(default_factory=set)


@dataclass(slots=True)
class Stored:
    """A database that loses nothing: it keeps what it was given first."""

    calls: dict[UUID, Exchange] = field(default_factory=dict)
    losses: dict[UUID, int] = field(default_factory=dict)

    def read(self, exchange: Exchange) -> Exchange:
        """Take it as it is."""
        return exchange

    def append(self, calls: Sequence[Exchange]) -> tuple[()]:
        """Keep calls, each once."""
        for call in calls:
            self.calls.setdefault(call.id, call)
        return ()

    def lost(self, loss: Loss) -> None:
        """Keep a loss, once."""
        self.losses[loss.id] = loss.count

    def catch_up(self) -> bool:
        """Have nothing left for later."""
        return False

    def close(self) -> None:
        """Have nothing to do."""


@dataclass(slots=True)
class Campaign:
    """What has happened so far."""

    counts: Counter[str] = field(default_factory=Counter)
    harm: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(KINDS, 0)))
    failures: list[str] = field(default_factory=list)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign, print what came of it, and return 1 if anything is amiss."""
    given = _parser().parse_args(arguments)
    logging.getLogger("audit").addHandler(logging.NullHandler())  # syncs that fail are told, hundreds of them
    campaign, began = Campaign(), time.monotonic()
    with mock.patch.multiple(journal, SEGMENT_BYTES=SEGMENT_BYTES, WORTH_TURNING_BYTES=1):
        for number in range(given.cuts):
            found = _cut(campaign, random.Random(f"{given.seed}.{number}"), outlives_power=given.durability == "power")
            campaign.harm.update(kind for kind, _ in found)
            campaign.failures += [f"{given.seed}.{number}: {kind}: {what}" for kind, what in found[:1]]
    told = {"durability": given.durability, "seed": given.seed, "cuts": given.cuts, **campaign.counts}
    summary = {**told, "seconds": round(time.monotonic() - began, 1), "harm": dict(campaign.harm)}
    summary["failures"] = campaign.failures[:20]
    print(json.dumps(summary) if given.json else "\n".join(lines(summary)))
    return 1 if campaign.harm.total() else 0


def _cut(campaign: Campaign, chance: random.Random, *, outlives_power: bool) -> list[tuple[str, str]]:
    """Record until the power is lost, take up what is left, and return what is wrong then."""
    disk, diary, stored = Disk({}, chance, chance.randrange(MOST_OPERATIONS)), Diary(), Stored()
    failing = chance.choice([0.0, 0.1])
    with a_folder() as folder, mirrored(disk, Path(folder), failing=failing, chance=random.Random(chance.random())):
        _record(Path(folder), disk, diary, stored, chance, outlives_power=outlives_power)
    with a_folder() as folder:
        for name, content in disk.cut().items():
            Path(folder, name).write_bytes(content)
        started_anew = mock.patch.object(journal, "_boot", return_value="anew")
        with started_anew, Collector(Path(folder), lambda: stored) as collector:
            collector.drain()
    campaign.counts.update({"calls begun": len(diary.begun), "calls ended": len(diary.ended)})
    campaign.counts["cut while files were written"] += bool(disk.unsynced)
    campaign.counts["with syncs that fail"] += bool(failing)
    return list(findings(diary, stored))


def findings(diary: Diary, stored: Stored) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with what was stored, as (kind, call)."""
    calls = {call.request_body: call for call in stored.calls.values()}
    for name, reply in diary.begun.items():
        call = calls.get(name)
        if call is None:
            yield "no trace", name.decode()
        elif name in diary.ended and call.ending is not Ending.EOF:
            yield "lost", name.decode()
        elif not (call.response_body == reply if call.ending is Ending.EOF else reply.startswith(call.response_body)):
            yield "altered", name.decode()


def _record(
    folder: Path, disk: Disk, diary: Diary, stored: Stored, chance: random.Random, *, outlives_power: bool
) -> None:
    """Make calls in threads, and store in this one, until all have ended or the power is lost."""
    with suppress(PowerLost):
        kind = journal_kind(outlives_power)
        recorder = Recorder(folder, fingerprint=lambda key: key, destination=None, journal=kind, refuse=True)
        seeds = [chance.random() for _ in range(THREADS)]
        threads = [
            threading.Thread(target=_call, args=(recorder, disk, diary, f"{number}", random.Random(seed)))
            for number, seed in enumerate(seeds)
        ]
        for thread in threads:
            thread.start()
        with suppress(PowerLost):
            while any(thread.is_alive() for thread in threads):
                _collect(folder, stored)
                threads[0].join(0.001)
        for thread in threads:
            thread.join()
        _collect(folder, stored)
        if chance.random() < 0.5:
            recorder.close()


def _collect(folder: Path, stored: Stored) -> None:
    """Store what has ended, as a collector does of a living process."""
    for name in writers(folder):
        drain = Drain(folder, name)
        while drain.look(4):
            drain.store(stored)


def _call(recorder: Recorder, disk: Disk, diary: Diary, thread: str, chance: random.Random) -> None:
    """Begin calls and end them, up to four of them at once."""
    under_way: list[tuple[bytes, Tape, bytes]] = []
    with suppress(PowerLost):
        for number in range(CALLS):
            name = f"call {thread}.{number}".encode()
            with suppress(JournalError):  # a sync has failed; of the call nothing is promised
                tape = _begin(recorder, name, deferred=chance.random() < 0.5)
                reply = chance.randbytes(chance.choice(SIZES))
                if not disk.lost:
                    diary.begun[name] = reply
                under_way.append((name, tape, reply))
            while under_way and (len(under_way) > 3 or chance.random() < 0.6 or number == CALLS - 1):
                deferred = chance.random() < 0.5
                ended, tape, reply = under_way.pop(chance.randrange(len(under_way)))
                if _end(recorder, tape, reply, deferred=deferred) and not disk.lost:
                    diary.ended.add(ended)


def _begin(recorder: Recorder, name: bytes, *, deferred: bool) -> Tape:
    """Begin a call; `deferred` as an event loop does, which has it waited for afterwards."""
    with recorder.deferring() if deferred else nullcontext(Settling(Deferring())) as settling:
        tape = recorder.begin(method="POST", url="https://host/v1/chat", headers=[], body=name)
    assert tape is not None
    if not settling():
        tape.drop()
    return tape


def _end(recorder: Recorder, tape: Tape, reply: bytes, *, deferred: bool) -> bool:
    tape.head(200, [])
    for start in range(0, len(reply), 20_000):
        tape.chunk(reply[start : start + 20_000])
    with recorder.deferring() if deferred else nullcontext(Settling(Deferring())) as settling:
        kept = tape.finish(Ending.EOF)
    return kept and settling()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cuts", type=int, default=200, help="10000 is the full size")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--durability", choices=("power", "process"), default="power")
    parser.add_argument("--json", action="store_true", help="the summary on one line")
    return parser


if __name__ == "__main__":
    sys.exit(main())
