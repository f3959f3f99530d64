"""Hostile bytes into the reading path: `python -m tests.campaigns.fuzz --cases 2000 [--seed N] [--only K]`.

Sound exchanges in every format are damaged, one to three times each, then read, priced, stored in a real database,
read back and made into what the pages show. Nothing may raise, nothing may take long, no dialect may fail, and the
exchange must come back byte for byte. Every tenth case damages an archive of exchanges too, and what that still
yields is read and stored. A case is made of seed and number alone: `--only` runs one again.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from random import Random
from typing import TypeVar
from uuid import UUID

from audit import wiring
from audit.call import Call, Exchange
from audit.recording.frames import encode_exchange, exchange_of, read_frames
from audit.settings import load_settings
from audit.store.read import Reader
from tests.campaigns.corpus import recorded, samples, simulated
from tests.campaigns.damaged_archives import damaged_archive, entries
from tests.campaigns.mutations import MUTATIONS, RARE
from tests.campaigns.rendering import render

T = TypeVar("T")
SHARED = Path(__file__).parents[3] / "shared" / "traffic" / "open.jsonl"
BATCH = 50
ARCHIVE_EVERY = 10
MOST_S = 5.0
"""Of a processor's time for one step with one exchange: far above what 10 MB take, far below what would hurt."""


@dataclass(frozen=True, slots=True)
class Case:
    """A damaged exchange."""

    number: int
    mutations: tuple[str, ...]
    exchange: Exchange
    archive: bytes | None = None


@dataclass
class Findings:
    """What has come of the cases so far."""

    mutations: Counter[str] = field(default_factory=Counter)
    dialects: Counter[str] = field(default_factory=Counter)
    noted: int = 0
    archived: int = 0
    """Exchanges that damaged archives have still yielded."""
    slowest_s: float = 0.0
    failures: dict[int, str] = field(default_factory=dict)

    def watched(self, case: Case, step: str, act: Callable[[], T]) -> T | None:
        """Return what a step returns; note that it raises, or how long it takes."""
        began = time.process_time()
        try:
            return act()
        except Exception:  # noqa: BLE001  # that nothing raises is what is to be shown
            self.fail(case, f"{step}: {traceback.format_exc(limit=-6)}")
            return None
        finally:
            taken_s = time.process_time() - began
            self.slowest_s = max(self.slowest_s, taken_s)
            if taken_s > MOST_S:
                self.fail(case, f"{step} took {taken_s:.1f} s")

    def fail(self, case: Case, what: str) -> None:
        """Note a failure of a case, the first only."""
        told = f"case {case.number} ({', '.join(case.mutations)}; {case.exchange.url[:100]}): {what}"
        if self.failures.setdefault(case.number, told) is told:
            print(told, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases, print what came of them, and return 1 if any failed."""
    given = _parser().parse_args(arguments)
    sound = [*simulated(), *samples(), *(recorded(given.traffic) if given.traffic.is_file() else ())]
    numbers = range(given.cases) if given.only is None else [given.only]
    found, began = Findings(), time.monotonic()
    with tempfile.TemporaryDirectory() as home:
        settings = load_settings({"AUDIT_HOME": home})
        with closing(wiring.open_store(settings)) as store, closing(wiring.open_reader(settings)) as reader:
            cases = (_case(sound, given.seed, number) for number in numbers)
            for done, batch in enumerate(_batches(cases), 1):
                _run(batch, store, reader, found)
                if done * BATCH % 1000 == 0:
                    print(f"{done * BATCH} cases, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print(_summary(found, given.seed, len(numbers), len(sound), time.monotonic() - began))
    return 1 if found.failures else 0


def _case(sound: Sequence[Exchange], seed: int, number: int) -> Case:
    chance = Random(f"{seed}.{number}")
    exchange = chance.choice(sound)
    weights = [RARE.get(name, 1.0) for name in MUTATIONS]
    names = chance.choices(list(MUTATIONS), weights, k=chance.choice((1, 1, 2, 3)))
    for name in names:
        exchange = MUTATIONS[name](exchange, chance, chance.choice(sound))
    archive = damaged_archive(sound, chance) if number % ARCHIVE_EVERY == 0 else None
    return Case(number, tuple(names), replace(exchange, id=UUID(int=number)), archive)


def _batches(cases: Iterable[Case]) -> Iterator[list[Case]]:
    iterator = iter(cases)
    while batch := list(islice(iterator, BATCH)):
        yield batch


def _run(batch: Sequence[Case], store: wiring.Store, reader: Reader, found: Findings) -> None:
    calls: dict[UUID, tuple[Case, Call]] = {}
    for case in batch:
        found.mutations.update(case.mutations)
        call = found.watched(case, "reading", lambda case=case: store.read(case.exchange))  # type: ignore[misc]
        if call is not None:
            calls[case.exchange.id] = case, call
            _judge(case, call, found)
        if case.archive is not None:
            found.archived += found.watched(case, "archive", lambda case=case: _bring(case, store)) or 0  # type: ignore[misc]
    for refused, why in store.append([call for _, call in calls.values()]):
        found.fail(calls[refused][0], f"refused by the database: {why}")
    for case, call in calls.values():
        found.watched(case, "showing", lambda case=case, call=call: _look(case, call, reader))  # type: ignore[misc]


def _bring(case: Case, store: wiring.Store) -> int:
    """Read and store what a damaged archive still yields; return how many exchanges."""
    with tempfile.TemporaryDirectory() as folder:
        yielded = [entry.exchange for entry in entries(case.archive or b"", Path(folder)) if entry.exchange is not None]
    refused = store.append([store.read(exchange) for exchange in yielded])
    assert not refused, refused
    return len(yielded)


def _judge(case: Case, call: Call, found: Findings) -> None:
    found.dialects[call.reading.dialect] += 1
    found.noted += bool(call.reading.notes)
    for note in (*call.reading.notes, call.unpriced_reason or ""):
        if " failed: " in note:
            found.fail(case, note)


def _look(case: Case, call: Call, reader: Reader) -> None:
    """Read the call back and show it; what the journal would hold of it must be the same too."""
    detail = reader.call(case.exchange.id)
    assert detail is not None, "it is not in the record"
    assert detail.exchange == case.exchange, "the exchange read back is another"
    intent, finish = read_frames(b"".join(encode_exchange(case.exchange)))
    told = replace(exchange_of(intent, finish), reference=case.exchange.reference)
    assert told == case.exchange, "the exchange out of the journal is another"
    render(detail, call.reading)


def _summary(found: Findings, seed: int, cases: int, sound: int, seconds: float) -> str:
    told = {
        "cases": f"{cases} out of {sound} sound exchanges, seed {seed}, {seconds:.0f} s",
        "by mutation": ", ".join(f"{name} {count}" for name, count in found.mutations.most_common()),
        "by dialect": ", ".join(f"{name} {count}" for name, count in found.dialects.most_common()),
        "with notes": str(found.noted),
        "out of archives": str(found.archived),
        "slowest step": f"{found.slowest_s:.2f} s",
        "failures": str(len(found.failures)),
    }
    lines = [f"{name:<17}{value}" for name, value in told.items()]
    lines += [f"again: python -m tests.campaigns.fuzz --seed {seed} --only {number}" for number in found.failures]
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=2000, help="100000 is the full size")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="run this case alone")
    parser.add_argument("--traffic", type=Path, default=SHARED, help="recordings to damage as well, as JSON lines")
    return parser


if __name__ == "__main__":
    sys.exit(main())
