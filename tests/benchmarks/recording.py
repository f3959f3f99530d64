"""What recording costs a caller: `python -m tests.benchmarks.recording [--rounds 5 --calls 1000 --json]`.

Each round takes a block of calls with the bare client, one with the same client recorded, and so on, so that a noisy
machine is noisy for both; figures are medians over the rounds with the least and the greatest. Before a bare block
the journal is drained, or the writer would slow the baseline. The provider answers at once, in another process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx2
from openai import AsyncOpenAI, OpenAI
from sqlalchemy import text

from audit import wiring
from audit.clients import attach
from audit.recording.keys import Fingerprints
from audit.recording.recorder import Recorder
from audit.settings import load_settings
from audit.store.engine import open_engine
from tests.benchmarks.upstream import answering, prose

WORKERS = 32
DRAIN_S = 300.0
PATH = "/v1/chat/completions"


@dataclass(frozen=True, kw_only=True)
class Block:
    """What one block of calls took."""

    latencies_ms: list[float]
    seconds: float
    drain_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Row:
    """Figures of one kind of client: median, least, greatest over the rounds."""

    name: str
    bare_p50_ms: tuple[float, ...]
    added_p50_ms: tuple[float, ...]
    added_p99_ms: tuple[float, ...]
    bare_calls_per_s: tuple[float, ...]
    throughput_ratio: tuple[float, ...]
    drained_calls_per_s: tuple[float, ...]
    drain_s: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A way of calling; bare when there is no recorder."""

    name: str
    run: Callable[[str, Recorder | None, int], Block]


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and return 0."""
    given = _parser().parse_args(arguments)
    with answering() as url, tempfile.TemporaryDirectory() as home:
        rows, stored = _measure(url, Path(home), given)
    if given.json:
        sys.stdout.write(json.dumps({"rows": [asdict(row) for row in rows], "bytes_per_call": stored}) + "\n")
    else:
        _print(rows, stored, given)
    return 0


def _measure(url: str, home: Path, given: argparse.Namespace) -> tuple[list[Row], float | None]:
    cases = [case for case in CASES if not given.only or any(word in case.name for word in given.only)]
    with _recorder(home, journal_only=given.journal_only) as recorder:
        for case in cases:
            case.run(url, recorder, 64)
        recorder.flush(DRAIN_S)
        blocks: dict[str, list[tuple[Block, Block]]] = {case.name: [] for case in cases}
        before = 0 if given.journal_only else _stored(home)
        for _ in range(given.rounds):
            for case in random.sample(cases, len(cases)):
                blocks[case.name].append(_pair(case, url, recorder, given.calls))
        made = given.calls * given.rounds * len(cases)
        stored = None if given.journal_only else (_stored(home) - before) / made
    return [_row(name, pairs, given.calls) for name, pairs in blocks.items()], stored


def _pair(case: Case, url: str, recorder: Recorder, calls: int) -> tuple[Block, Block]:
    """Return a bare block and a recorded one, in either order."""
    if random.random() < 0.5:
        recorded = _drained(case.run(url, recorder, calls), recorder)
        return case.run(url, None, calls), recorded
    bare = case.run(url, None, calls)
    return bare, _drained(case.run(url, recorder, calls), recorder)


def _drained(block: Block, recorder: Recorder) -> Block:
    began = time.perf_counter()
    recorder.flush(DRAIN_S)
    return Block(latencies_ms=block.latencies_ms, seconds=block.seconds, drain_s=time.perf_counter() - began)


@contextmanager
def _recorder(home: Path, *, journal_only: bool) -> Iterator[Recorder]:
    settings = load_settings({"AUDIT_HOME": str(home)})
    if journal_only:
        recorder = Recorder(settings.journal, fingerprint=Fingerprints(bytes(32)), destination=None)
    else:
        recorder = wiring.open_recorder(settings)
    yield recorder
    recorder.close(DRAIN_S)


def _stored(home: Path) -> int:
    """Return the database's bytes, without its write-ahead log: that one does not grow with the calls."""
    engine = open_engine(f"sqlite:///{home / 'audit.db'}", read_only=True)
    with engine.connect() as connection:
        size: int = connection.scalar(text("select page_count * page_size from pragma_page_count, pragma_page_size"))
    engine.dispose()
    return size


def _row(name: str, pairs: list[tuple[Block, Block]], calls: int) -> Row:
    return Row(
        name=name,
        bare_p50_ms=_spread([_quantile(bare, 50) for bare, _ in pairs]),
        added_p50_ms=_spread([_quantile(recorded, 50) - _quantile(bare, 50) for bare, recorded in pairs]),
        added_p99_ms=_spread([_quantile(recorded, 99) - _quantile(bare, 99) for bare, recorded in pairs]),
        bare_calls_per_s=_spread([calls / bare.seconds for bare, _ in pairs]),
        throughput_ratio=_spread([bare.seconds / recorded.seconds for bare, recorded in pairs]),
        drained_calls_per_s=_spread([calls / (recorded.seconds + recorded.drain_s) for _, recorded in pairs]),
        drain_s=_spread([recorded.drain_s for _, recorded in pairs]),
    )


def _quantile(block: Block, percent: int) -> float:
    ordered = sorted(block.latencies_ms)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def _spread(values: list[float]) -> tuple[float, ...]:
    return tuple(round(value, 4) for value in (statistics.median(values), min(values), max(values)))


def _print(rows: list[Row], stored: float | None, given: argparse.Namespace) -> None:
    sys.stdout.write(f"{given.rounds} rounds of {given.calls} calls, median (least..greatest)\n")
    for row in rows:
        sys.stdout.write(f"\n{row.name}\n")
        for name, spread in asdict(row).items():
            if name != "name":
                middle, least, most = (f"{value:.3f}" for value in spread)
                sys.stdout.write(f"  {name:<22}{middle:>10}  ({least}..{most})\n")
    if stored is not None:
        sys.stdout.write(f"\nbytes per call in the database: {stored:.0f}\n")


def _one_by_one(client: Any, ask: Callable[[Any], Any], calls: int) -> Block:
    latencies, began = [], time.perf_counter()
    with client:
        for _ in range(calls):
            started = time.perf_counter()
            ask(client)
            latencies.append((time.perf_counter() - started) * 1000)
        seconds = time.perf_counter() - began
    return Block(latencies_ms=latencies, seconds=seconds)


def _many_at_once(client: Any, ask: Callable[[Any], Any], calls: int) -> Block:
    async def work(numbers: Iterator[int], latencies: list[float]) -> None:
        for _ in numbers:
            started = time.perf_counter()
            await ask(client)
            latencies.append((time.perf_counter() - started) * 1000)

    async def run() -> Block:
        latencies: list[float] = []
        async with client:
            numbers, began = iter(range(calls)), time.perf_counter()
            await asyncio.gather(*(work(numbers, latencies) for _ in range(WORKERS)))
            return Block(latencies_ms=latencies, seconds=time.perf_counter() - began)

    return asyncio.run(run())


def _made(client: Any, recorder: Recorder | None) -> Any:
    return client if recorder is None else attach(client, recorder=recorder)


_PROMPTS = [prose(1900, seed) for seed in range(1000)]


def _body() -> dict[str, Any]:
    return {"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": random.choice(_PROMPTS)}]}


_HEADERS = {"Authorization": "Bearer sk-not-a-key"}


def _httpx2(stream: bool) -> Callable[[str, Recorder | None, int], Block]:
    def run(url: str, recorder: Recorder | None, calls: int) -> Block:
        client = _made(httpx2.Client(base_url=url, headers=_HEADERS), recorder)
        return _one_by_one(client, lambda client: client.post(PATH, json={**_body(), "stream": stream}).content, calls)

    return run


def _httpx2_async(stream: bool) -> Callable[[str, Recorder | None, int], Block]:
    def run(url: str, recorder: Recorder | None, calls: int) -> Block:
        client = _made(httpx2.AsyncClient(base_url=url, headers=_HEADERS), recorder)
        return _many_at_once(client, lambda client: client.post(PATH, json={**_body(), "stream": stream}), calls)

    return run


def _openai(stream: bool) -> Callable[[str, Recorder | None, int], Block]:
    def ask(client: Any) -> None:
        reply = client.chat.completions.create(**_body(), stream=stream)
        if stream:
            for _ in reply:
                pass

    def run(url: str, recorder: Recorder | None, calls: int) -> Block:
        client = _made(OpenAI(base_url=f"{url}/v1", api_key="sk-not-a-key"), recorder)
        return _one_by_one(client, ask, calls)

    return run


def _openai_async(stream: bool) -> Callable[[str, Recorder | None, int], Block]:
    async def ask(client: Any) -> None:
        reply = await client.chat.completions.create(**_body(), stream=stream)
        if stream:
            async for _ in reply:
                pass

    def run(url: str, recorder: Recorder | None, calls: int) -> Block:
        client = _made(AsyncOpenAI(base_url=f"{url}/v1", api_key="sk-not-a-key"), recorder)
        return _many_at_once(client, ask, calls)

    return run


CASES = [
    Case(name=f"{library}, {way}, {kind}", run=make(kind == "stream"))
    for library, ways in {
        "httpx2": {"one by one": _httpx2, f"{WORKERS} at once": _httpx2_async},
        "openai": {"one by one": _openai, f"{WORKERS} at once": _openai_async},
    }.items()
    for way, make in ways.items()
    for kind in ("JSON", "stream")
]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=1000, help="in a block")
    parser.add_argument("--only", nargs="*", help="words in the names of the cases to run")
    parser.add_argument("--journal-only", action="store_true", help="leave the database to another process")
    parser.add_argument("--json", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
