"""What the proxy costs: `python -m tests.benchmarks.proxy [--seconds 3 --rounds 3 --only recorded --json]`.

Callers, what stands between, and an origin that answers at once are processes of one machine. In each round every
gateway gets a block of calls for each number of connections, one after another in random order, so that a noisy machine
is noisy for all; figures are medians over the rounds with the least and the greatest. `minimal` is passthrough.py: the
same libraries as the proxy's, no recording, no safety. `recorded` journals, and `recorded, collected` does so while
another process brings the calls into the database, which has more to do than it can. `issued keys`, and a journal that
`outlives power`, have to be asked for.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace

import httpx2

from tests.benchmarks import gateways
from tests.benchmarks.gateways import Gateway
from tests.benchmarks.load import WARM_UP_S, Done, Job
from tests.benchmarks.origin import EVENTS, WHOLE

COLLECTED = "recorded, collected"
BASE = "minimal"
NAN = float("nan")
KINDS = ("JSON", "stream")
Run = Callable[[Job], Done]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Circumstances under which all gateways are compared."""

    workers: int
    connections: int
    kind: str

    def __str__(self) -> str:
        return f"{self.workers} worker{'s' * (self.workers > 1)}, {self.connections} connections, {self.kind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What one block of calls took."""

    done: Done
    cpu_us: float
    """Of the gateway's own processes, a call."""
    collected_per_s: float = 0.0
    """Calls that were brought into the database meanwhile."""


Blocks = dict[Setting, dict[str, list[Block]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Figures of one gateway in one setting: median, least, greatest over the rounds."""

    name: str
    calls_per_s: tuple[float, ...]
    of_minimal: tuple[float, ...]
    """Calls in a second, as a share of the minimal pass-through's in the same round."""
    added_p50_ms: tuple[float, ...]
    added_p99_ms: tuple[float, ...]
    cpu_us_per_call: tuple[float, ...]
    collected_per_s: tuple[float, ...]


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and return 1 if a call failed."""
    given = _parser().parse_args(arguments)
    settings = [
        Setting(workers=workers, connections=connections, kind=kind)
        for workers in given.workers
        for connections in given.connections
        for kind in given.kinds
    ]
    blocks: Blocks = {setting: defaultdict(list) for setting in settings}
    names = list(_names(given.only))
    with gateways.answering() as origin, gateways.calling() as run:
        for _ in range(given.rounds):
            for workers in given.workers:
                _round(
                    [each for each in settings if each.workers == workers], names, origin, run, given.seconds, blocks
                )
    tables = {setting: _rows(blocks[setting]) for setting in settings}
    failed = failures(blocks)
    if given.json:
        rows = [{**asdict(setting), **asdict(row)} for setting, table in tables.items() for row in table]
        print(json.dumps({"rows": rows, "failures": failed}))
    else:
        _print(tables, failed, given)
    return 1 if failed else 0


def _names(only: Sequence[str]) -> Iterator[str]:
    """Yield which gateways to start, and say what cannot be."""
    for name in gateways.NAMES:
        wanted = name not in gateways.ASKED_FOR if not only else any(word in name for word in only)
        if not wanted and name not in ("direct", BASE):
            continue
        if (reason := gateways.missing(name)) is not None:
            print(f"{name} is left out: {reason}", file=sys.stderr)
        else:
            yield name


def _round(
    settings: Sequence[Setting], names: Sequence[str], origin: int, run: Run, seconds: float, blocks: Blocks
) -> None:
    """Start all gateways afresh, and add a block of each in each setting."""
    with ExitStack() as stack:
        workers = settings[0].workers
        started = [stack.enter_context(gateways.standing(name, origin, workers=workers)) for name in names]
        for gateway in started:
            check(gateway)
            gateway.stop_collecting(calls=2)
        turns = [(gateway.name, gateway) for gateway in started]
        turns += [(COLLECTED, gateway) for gateway in started if gateway.name == "recorded"]
        for setting in random.sample(settings, len(settings)):
            print(setting, file=sys.stderr)
            for name, gateway in random.sample(turns, len(turns)):
                block = _collected if name == COLLECTED else _block
                blocks[setting][name].append(block(gateway, setting, run, seconds))


def check(gateway: Gateway) -> None:
    """Raise unless what comes through the gateway is what the origin sends."""
    with httpx2.Client(
        base_url=f"http://127.0.0.1:{gateway.port}", headers={"authorization": f"Bearer {gateway.key}"}
    ) as client:
        for streamed, wanted in ((False, WHOLE), (True, EVENTS)):
            body = json.dumps({"model": "gpt-4.1-mini", "stream": streamed}, separators=(",", ":"))
            reply = client.post("/v1/chat/completions", content=body)
            if (reply.status_code, reply.content) != (200, wanted):
                raise RuntimeError(f"{gateway.name} answers {reply.status_code} with {reply.content[:200]!r}")


def _collected(gateway: Gateway, setting: Setting, run: Run, seconds: float) -> Block:
    """Take a block while the collector runs."""
    before, began = gateway.collected(), time.monotonic()
    with gateway.collecting():
        block = _block(gateway, setting, run, seconds)
    rate = (gateway.collected() - before) / (time.monotonic() - began)
    return replace(block, collected_per_s=rate)


def _block(gateway: Gateway, setting: Setting, run: Run, seconds: float) -> Block:
    before = gateway.cpu_s()
    streamed = setting.kind == "stream"
    done = run(
        Job(
            port=gateway.port,
            connections=setting.connections,
            streamed=streamed,
            seconds=seconds,
            key=gateway.key,
        )
    )
    made = max(1.0, done.calls_per_s * (done.seconds + WARM_UP_S))
    return Block(done=done, cpu_us=(gateway.cpu_s() - before) / made * 1e6)


def _rows(blocks: dict[str, list[Block]]) -> list[Row]:
    direct, minimal = ([block.done for block in blocks[name]] for name in ("direct", BASE))
    return [_row(name, rounds, direct, minimal) for name, rounds in blocks.items()]


def _row(name: str, rounds: list[Block], direct: list[Done], minimal: list[Done]) -> Row:
    done = [block.done for block in rounds]
    base = [each.calls_per_s or NAN for each in minimal]
    return Row(
        name=name,
        calls_per_s=_spread(each.calls_per_s for each in done),
        of_minimal=_spread(each.calls_per_s / rate for each, rate in zip(done, base, strict=True)),
        added_p50_ms=_spread(each.p50_ms - bare.p50_ms for each, bare in zip(done, direct, strict=True)),
        added_p99_ms=_spread(each.p99_ms - bare.p99_ms for each, bare in zip(done, direct, strict=True)),
        cpu_us_per_call=_spread(block.cpu_us for block in rounds),
        collected_per_s=_spread(block.collected_per_s for block in rounds),
    )


def _spread(figures: Iterable[float]) -> tuple[float, ...]:
    values = list(figures)
    return tuple(round(value, 4) for value in (statistics.median(values), min(values), max(values)))


def failures(blocks: Blocks) -> list[str]:
    """Return what went wrong, and where."""
    return [
        f"{setting}, {name}: {count} times {why}"
        for setting, compared in blocks.items()
        for name, rounds in compared.items()
        for block in rounds
        for why, count in block.done.failures.items()
    ]


_COLUMNS = {
    "calls_per_s": ("calls/s", "{:.0f}"),
    "of_minimal": ("of minimal", "{:.2f}"),
    "added_p50_ms": ("added p50 ms", "{:.3f}"),
    "added_p99_ms": ("added p99 ms", "{:.3f}"),
    "cpu_us_per_call": ("CPU µs a call", "{:.0f}"),
    "collected_per_s": ("collected/s", "{:.0f}"),
}


def _print(tables: dict[Setting, list[Row]], failed: list[str], given: argparse.Namespace) -> None:
    print(f"{given.rounds} rounds of {given.seconds} s, median (least..greatest)")
    for setting, rows in tables.items():
        print(f"\n{setting}\n" + " " * 20 + "".join(f"{title:>28}" for title, _ in _COLUMNS.values()))
        for row in sorted(rows, key=lambda row: [*gateways.NAMES, COLLECTED].index(row.name)):
            cells = (_shown(getattr(row, column), form) for column, (_, form) in _COLUMNS.items())
            print(f"{row.name:<20}" + "".join(f"{cell:>28}" for cell in cells))
    for failure in failed:
        print(f"FAILED: {failure}")


def _shown(spread: tuple[float, ...], form: str) -> str:
    middle, least, most = (form.format(value) for value in spread)
    return f"{middle} ({least}..{most})" if any(spread) else "-"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.proxy", description=(__doc__ or "").partition("\n\n")[2]
    )
    parser.add_argument("--seconds", type=float, default=3.0, help="of a block")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    names = ", ".join(gateways.NAMES[2:])
    parser.add_argument("--only", nargs="*", help=f"words in the names of those to compare with minimal: {names}")
    parser.add_argument("--json", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
