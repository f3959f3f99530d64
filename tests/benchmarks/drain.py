"""How fast a journal gets into the database: `python -m tests.benchmarks.drain [--calls N --database KIND --rounds N]`.

A collector brings in calls of 4 KB that wait in a journal: it reads, prices and stores them, and when none waits, it
enters their words into the search index. Both by themselves, and together; each round in a database of its own.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from audit import wiring
from audit.garbage import collect_rarely
from audit.recording.collector import Collector
from audit.recording.frames import encode_exchange
from audit.recording.journal import Journal
from audit.settings import Settings
from tests.benchmarks.writer import exchanges
from tests.databases import KINDS, a_database

__all__ = ["measured"]


class _Later(wiring.Store):
    """A store that catches up when it is told to, and not before."""

    def catch_up(self) -> bool:
        return False

    def catch_up_now(self) -> None:
        while super().catch_up():
            pass


def measured(url: str, folder: Path, calls: int) -> dict[str, float]:
    """Return calls a second: stored, entered into the search index, and both."""
    settings = Settings.model_validate({"home": folder / "home", "store": {"url": url}})
    journal = Journal(settings.journal, left=True)
    for exchange in exchanges(calls):
        journal.append(encode_exchange(exchange))
    journal.close(stored=None)
    store = _Later(settings)
    collect_rarely()
    with Collector(settings.journal, lambda: store) as collector:
        stored_s = _seconds(collector.drain)
        words_s = _seconds(store.catch_up_now)
        assert collector.progress.stored == calls
    return {"stored": calls / stored_s, "words": calls / words_s, "both": calls / (stored_s + words_s)}


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print what came of it."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.drain", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--calls", type=int, default=5_000)
    parser.add_argument("--database", choices=KINDS, nargs="*", default=list(KINDS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    found: dict[str, list[dict[str, float]]] = {kind: [] for kind in given.database}
    for _ in range(given.rounds):
        for kind, rounds in found.items():
            with tempfile.TemporaryDirectory() as folder, a_database(kind, Path(folder)) as url:
                rounds.append(measured(url, Path(folder), given.calls))
    if given.json:
        print(json.dumps(found))
    for kind, rounds in found.items() if not given.json else ():
        for name in rounds[0]:
            rates = [one[name] for one in rounds]
            print(f"{kind:<12}{name:<8}{statistics.median(rates):>8,.0f}/s  ({min(rates):,.0f} to {max(rates):,.0f})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
