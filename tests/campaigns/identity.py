"""Random exchanges with the proxy in between and without it: `python -m tests.campaigns.identity --cases 2000`.

What the provider gets, what the client gets, how it ends and what is recorded must be the same as if there were no
proxy, whatever the framing, the coding, the cuts and what is broken. A case is made of seed and number alone:
`--only` runs one again. Of the first case that fails a smaller one is sought and shown.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, TypeVar

from audit.call import Exchange
from audit.recording.backlog import Backlog
from audit.recording.journal import writers
from tests.campaigns.asks import Ask, an_ask
from tests.campaigns.comparison import Case, Trip, answered_alike, heard_alike, recorded_alike
from tests.campaigns.replies import Reply, a_reply
from tests.proxy.origin import Heard, Origin, running_origin
from tests.proxy.raw import Client
from tests.proxy.running import RunningProxy, running_proxy

__all__ = ["Bench", "a_bench", "a_case"]

T = TypeVar("T", Ask, Reply)
BATCH = 100
"""Cases between two looks at what is recorded."""
PATIENCE_S = 5.0
_TRIES = 300
"""Smaller cases that are tried in search of the smallest."""


@dataclass
class Bench:
    """A provider, a proxy before it, and a client for each of the two ways."""

    origin: Origin
    proxy: RunningProxy
    straight: Client
    through: Client
    backlog: Backlog
    mount: str
    number: int = 0

    def trips(self, case: Case) -> tuple[Trip, Trip, bytes]:
        """Run a case both ways; return both, and the mark by which it is found in the record."""
        self.number += 1
        mark = b"case-%d" % self.number
        self.origin.play(case.reply.script())
        direct = self._trip(self.straight, case, "", mark)
        return direct, self._trip(self.through, case, self.mount, mark), mark

    def recorded(self) -> dict[bytes, Exchange]:
        """Return what has been recorded since this was last asked, by mark."""
        found = {}
        while batch := self.backlog.take(BATCH):
            for exchange in batch.exchanges:
                found[dict(exchange.request_headers)["x-request-id"].encode()] = exchange
            self.backlog.settle()
        return found

    def differences(self, case: Case) -> list[str]:
        """Run one case and return what is wrong with it."""
        direct, trip, mark = self.trips(case)
        recorded = self.recorded().get(mark)
        return [*self.apart(case, direct, trip), *recorded_alike(case, self.origin.url, direct, recorded)]

    def apart(self, case: Case, direct: Trip, trip: Trip) -> list[str]:
        """Return what is wrong with a case but for the record."""
        return [*heard_alike(case, trip), *answered_alike(case, direct, trip)]

    def _trip(self, client: Client, case: Case, place: str, mark: bytes) -> Trip:
        self.origin.forget()
        answer = client.ask(*case.ask.pieces(place, mark), head=case.ask.method == "HEAD")
        heard = tuple(self.origin.heard)
        if not case.reply.keep or case.reply.fault is not None:
            self._wait_for_the_end(heard)
            if client is self.straight:
                client.close()
        return Trip(heard, answer)

    def _wait_for_the_end(self, heard: Sequence[Heard]) -> None:
        """Whoever asks while a provider closes its connection has bad luck, through a proxy or not."""
        until = time.monotonic() + PATIENCE_S
        while not {one.connection for one in heard} <= self.origin.ended and time.monotonic() < until:
            time.sleep(0.0002)


@contextmanager
def a_bench(mount: str = "/router") -> Iterator[Bench]:
    """Run a provider and a proxy."""
    with ExitStack() as stack:
        origin = stack.enter_context(running_origin())
        proxy = stack.enter_context(running_proxy({mount.strip("/"): origin.url} if mount else origin.url))
        straight = stack.enter_context(Client(origin.host, origin.port))
        through = stack.enter_context(Client(proxy.host, proxy.port))
        (writer,) = writers(proxy.home / "journal")
        yield Bench(origin, proxy, straight, through, Backlog(proxy.home / "journal", writer), mount)
        assert b"Traceback" not in proxy.log.read_bytes(), proxy.log.read_text()


def a_case(chance: Random) -> Case:
    """Return a random case."""
    ask = an_ask(chance)
    reply = a_reply(chance, head=ask.method == "HEAD")
    return Case(ask, replace(reply, interim=()) if ask.version == "1.0" else reply)


@dataclass
class Findings:
    """What has come of the cases so far."""

    kinds: Counter[str] = field(default_factory=Counter)
    failures: dict[int, list[str]] = field(default_factory=dict)

    def note(self, number: int, case: Case, wrong: Sequence[str]) -> None:
        """Count a case, and keep what is wrong with it."""
        self.kinds[case.reply.fault.name if case.reply.fault else str(case.reply.framing)] += 1
        self.fail(number, wrong)

    def fail(self, number: int, wrong: Sequence[str]) -> None:
        """Keep what is wrong with a case, if anything is."""
        if wrong:
            self.failures.setdefault(number, []).extend(wrong)
            print(f"case {number}: {'; '.join(wrong)}", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases, print what came of them, and return 1 if any failed."""
    given = _parser().parse_args(arguments)
    numbers = range(given.cases) if given.only is None else range(given.only, given.only + 1)
    found, began = Findings(), time.monotonic()
    with a_bench() as bench:
        for start in range(0, len(numbers), BATCH):
            _run(bench, given.seed, numbers[start : start + BATCH], found)
            if (start + BATCH) % 1000 == 0:
                print(f"{start + BATCH} cases, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        print(_summary(found, given.seed, len(numbers), time.monotonic() - began))
        if found.failures:
            print(_reproduction(bench, given.seed, min(found.failures)))
    return 1 if found.failures else 0


def _run(bench: Bench, seed: int, numbers: range, found: Findings) -> None:
    """Run cases, and look at what is recorded of them afterwards."""
    cases: dict[bytes, tuple[int, Case, Trip]] = {}
    for number in numbers:
        case = a_case(Random(f"{seed}.{number}"))
        direct, trip, mark = bench.trips(case)
        cases[mark] = number, case, direct
        found.note(number, case, bench.apart(case, direct, trip))
    recorded = bench.recorded()
    for mark, (number, case, direct) in cases.items():
        found.fail(number, list(recorded_alike(case, bench.origin.url, direct, recorded.get(mark))))


def _reproduction(bench: Bench, seed: int, number: int) -> str:
    """Return the smallest case found that fails as this one does, as what is sent either way."""
    case, tries = a_case(Random(f"{seed}.{number}")), 0
    wrong = bench.differences(case)
    while wrong and tries < _TRIES:
        for smaller in _smaller(case):
            tries += 1
            if still := bench.differences(smaller):
                case, wrong = smaller, still
                break
        else:
            break
    said = "; ".join(wrong) or "does not fail when it is run alone"
    script = case.reply.script()
    return (
        f"case {number} of seed {seed}, made smaller: {said}\n"
        f"  the client sends {case.ask.pieces(bench.mount)!r}\n"
        f"  the provider sends {script.steps!r}, then {script.then}"
    )


def _smaller(case: Case) -> Iterator[Case]:
    """Yield cases with one thing less."""
    yield from (replace(case, ask=ask) for ask in _less(case.ask, target="/v1/x"))
    yield from (replace(case, reply=reply) for reply in _less(case.reply, interim=()))


def _less(one: T, **plain: Any) -> Iterator[T]:
    for name, value in {"cuts": (), "pause_s": 0.0, "headers": (), "trailers": (), "extension": b"", **plain}.items():
        if getattr(one, name) != value:
            yield replace(one, **{name: value})
    for number in range(len(one.headers)):
        yield replace(one, headers=one.headers[:number] + one.headers[number + 1 :])
    if one.chunks:
        first, *others = one.chunks
        yield replace(one, chunks=tuple(others))
        if len(first) > 1:
            yield replace(one, chunks=(first[: len(first) // 2], *others))


def _summary(found: Findings, seed: int, number: int, took_s: float) -> str:
    kinds = ", ".join(f"{count} {name}" for name, count in found.kinds.most_common())
    failures = "".join(
        f"\n  case {case}: {'; '.join(wrong)[:300]}" for case, wrong in list(found.failures.items())[:20]
    )
    return f"{number} cases of seed {seed} in {took_s:.0f} s ({kinds}): {len(found.failures)} failed{failures}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.identity", description=__doc__)
    parser.add_argument("--cases", type=int, default=2000, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, metavar="K", help="run case K alone")
    return parser


if __name__ == "__main__":
    sys.exit(main())
