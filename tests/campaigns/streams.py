"""Streams through the proxy: `python -m tests.campaigns.streams [--full --only PART… --unhurried --json]`.

How long an event takes from the provider to the client, straight and through the proxy, which must hold none for more
bytes; and how much memory one worker takes for many slow streams beside a large response and a large request, and for
clients that ask for much and read nothing. All of it must be in the record, byte for byte.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks import gateways
from tests.benchmarks.gateways import Gateway
from tests.campaigns.readers import Arrivals, Had, ask, stalling, watch
from tests.campaigns.recorded_bodies import unlike
from tests.campaigns.streams_origin import big, raise_limit_of_files

MOST_MS = 5.0
"""What the first event may take at the median."""
MOST_LATE = 0.05
"""The share of events that may come together with a later one: on a busy machine a client wakes late."""
TRIES = 3
"""How often at most: what else the machine does only ever makes an event late, so the best of them counts."""
MOST_MB = 300.0
FRAMINGS = ("chunked", "length", "close")
DRAIN_S = 120.0
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is done."""

    rounds: int
    streams: int
    megabytes: int
    stalled: int
    seconds: float
    """How long slow streams last."""

    @property
    def bytes(self) -> int:
        """Of a large body."""
        return self.megabytes * 1_000_000


SMALL = Size(rounds=3, streams=100, megabytes=10, stalled=100, seconds=3.0)
FULL = Size(rounds=30, streams=1000, megabytes=100, stalled=1000, seconds=10.0)


@dataclass(slots=True)
class Campaign:
    """What has been found so far."""

    origin: int
    size: Size
    judges_time: bool = True
    figures: Figures = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def expect(self, held: bool, otherwise: str) -> None:
        """Note a failure unless something held."""
        if not held:
            self.failures.append(otherwise)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign, print what came of it, and return 1 if anything is amiss."""
    given = _parser().parse_args(arguments)
    raise_limit_of_files()
    with _origin() as origin:
        campaign = Campaign(origin, FULL if given.full else SMALL, judges_time=not given.unhurried)
        for name, part in PARTS.items():
            if not given.only or name in given.only:
                part(campaign)
    if given.json:
        print(json.dumps({**campaign.figures, "failures": campaign.failures}))
    else:
        for name, figure in campaign.figures.items():
            print(f"{name + ' ':.<60} {figure}")
        print("\n".join(f"FAILED: {failure}" for failure in campaign.failures) or "nothing amiss")
    return 1 if campaign.failures else 0


@contextmanager
def _origin() -> Iterator[int]:
    with gateways.talking(["tests.campaigns.streams_origin"]) as process:
        yield int(gateways.hear(process))


def latency(campaign: Campaign) -> None:
    """Time events straight and through the proxy by turns; once more if they are late."""
    for _ in range(TRIES):
        amiss = _amiss_by_time(campaign)
        if not (amiss and campaign.judges_time):
            return
    campaign.failures += amiss


def _amiss_by_time(campaign: Campaign) -> list[str]:
    """Time a round and return what is late in it."""
    had: dict[str, list[Arrivals]] = {"straight": [], "proxied": []}
    with gateways.standing("recorded", campaign.origin, workers=1) as gateway:
        ports = {"straight": campaign.origin, "proxied": gateway.port}
        for number in range(campaign.size.rounds):
            for way, port in ports.items():
                path = f"/drip/20/20/{FRAMINGS[number % len(FRAMINGS)]}"
                had[way] += asyncio.run(_watched(port, path, f"{way}-{number}"))
    for way, arrivals in had.items():
        _tell_latency(campaign, way, arrivals)
    first = statistics.median(stream.taken_ms[0] for stream in had["proxied"])
    late, events = _late(had["proxied"])
    slow = [f"the first event takes {first:.2f} ms at the median"] if first > MOST_MS else []
    held = [f"{late} of {events} events were held until a later one came"] if late > MOST_LATE * events else []
    return slow + held


def _tell_latency(campaign: Campaign, way: str, arrivals: Sequence[Arrivals]) -> None:
    first = [stream.taken_ms[0] for stream in arrivals]
    later = [taken for stream in arrivals for taken in stream.taken_ms[1:]]
    campaign.figures[f"first event, {way}, ms p50 / p99"] = _quantiles(first)
    campaign.figures[f"later events, {way}, ms p50 / p99"] = _quantiles(later)
    campaign.figures[f"events that came with a later one, {way}"] = "{} of {}".format(*_late(arrivals))


def _late(arrivals: Sequence[Arrivals]) -> tuple[int, int]:
    return sum(stream.late for stream in arrivals), sum(len(stream.taken_ms) for stream in arrivals)


async def _watched(port: int, path: str, name: str, streams: int = 8) -> list[Arrivals]:
    return await asyncio.gather(*(watch(port, path, f"{name}-{number}") for number in range(streams)))


def memory(campaign: Campaign) -> None:
    """Let many streams drip while a large response and a large request pass."""
    size = campaign.size
    with gateways.standing("recorded", campaign.origin, workers=1) as gateway:
        had = asyncio.run(_all_at_once(gateway.port, size))
        _await_collected(campaign, gateway, len(had))
        _tell_peaks(campaign, gateway, f"{size.streams} slow streams, {size.megabytes} MB both ways")
        sent = {f"swallow-{size.megabytes}": big(size.bytes)}
        assert gateway.home is not None
        campaign.failures += unlike(gateway.home, had, sent)


async def _all_at_once(port: int, size: Size) -> list[Had]:
    pauses, large = 40, big(size.bytes)
    drip = f"/drip/{pauses}/{int(size.seconds * 1000 / pauses)}/chunked"
    return await asyncio.gather(
        *(ask(port, drip, f"drip-{number}") for number in range(size.streams)),
        ask(port, f"/big/{size.bytes}", f"big-{size.megabytes}"),
        ask(port, "/swallow", f"swallow-{size.megabytes}", body=large),
    )


def stalled(campaign: Campaign) -> None:
    """Let many clients ask for much and read nothing."""
    count = campaign.size.stalled
    with gateways.standing("recorded", campaign.origin, workers=1) as gateway:
        with stalling(gateway.port, f"/big/{campaign.size.bytes}", count) as labels:
            resident = _settled(gateway)
        campaign.figures["worker's memory while they stall, MB"] = " ".join(f"{each:.0f}" for each in resident)
        campaign.expect(resident[-1] - resident[-2] < 5, f"memory still grows: {resident[-4:]} MB")
        _await_collected(campaign, gateway, len(labels))
        _tell_peaks(campaign, gateway, f"{count} stalled readers")


def _settled(gateway: Gateway) -> list[float]:
    """Return the worker's memory each half second until it grows no more."""
    resident, deadline = [_megabytes(gateway.pids[0], "VmRSS")], time.monotonic() + 30
    while len(resident) < 5 or (resident[-1] - resident[-3] > 1 and time.monotonic() < deadline):
        time.sleep(0.5)
        resident.append(_megabytes(gateway.pids[0], "VmRSS"))
    return resident


def _await_collected(campaign: Campaign, gateway: Gateway, calls: int) -> None:
    deadline = time.monotonic() + DRAIN_S
    while gateway.collected() < calls and time.monotonic() < deadline:
        time.sleep(0.1)
    campaign.expect(gateway.collected() == calls, f"{gateway.collected()} calls are in the database, not {calls}")


def _tell_peaks(campaign: Campaign, gateway: Gateway, while_: str) -> None:
    assert gateway.collector is not None
    worker = _megabytes(gateway.pids[0], "VmHWM")
    campaign.figures[f"worker's peak, {while_}, MB"] = f"{worker:.0f}"
    campaign.figures[f"collector's peak, {while_}, MB"] = f"{_megabytes(gateway.collector.pid, 'VmHWM'):.0f}"
    campaign.expect(worker < MOST_MB, f"the worker took {worker:.0f} MB for {while_}")


def _megabytes(pid: int, name: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise LookupError(f"{name} of process {pid}")


def _quantiles(values: list[float]) -> str:
    ordered = sorted(values)
    return " / ".join(f"{ordered[len(ordered) * percent // 100]:.2f}" for percent in (50, 99))


PARTS: dict[str, Callable[[Campaign], None]] = {"latency": latency, "memory": memory, "stalled": stalled}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.campaigns.streams", description=(__doc__ or "").partition("\n\n")[2]
    )
    parser.add_argument("--full", action="store_true", help=f"{FULL.streams} streams and {FULL.megabytes} MB")
    parser.add_argument("--only", nargs="*", choices=list(PARTS))
    parser.add_argument("--unhurried", action="store_true", help="time is told, not judged: the machine is busy")
    parser.add_argument("--json", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
