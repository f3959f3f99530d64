"""How fast a month goes by retention: `python -m tests.benchmarks.retention [--calls N --json]`.

A record of two months in PostgreSQL with N calls each: half of them chats of 4 KB, half turns of agents' conversations,
of which every other goes on from the first month into the second. Told is how many calls a second lose everything, or
their bodies alone, of the first month: all of it at once, and call by call, as where one of them is held.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, select

from audit.call import Exchange, Tags
from audit.interpret import Interpreter
from audit.pricing import Pricer
from audit.store import tables
from audit.store.choosing import By
from audit.store.engine import open_engine
from audit.store.holds import place_hold
from audit.store.read.verification import verify
from audit.store.retaining import Policy, remove_due
from audit.store.rows.verified import Verdict
from audit.store.sequencing import advance
from audit.store.write import Writer
from tests.benchmarks import conversations, writer
from tests.databases import a_copy, a_database

__all__ = ["fill", "measured", "rates"]

BATCH, TURNS = 500, 20
MONTHS = (datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 2, 15, tzinfo=UTC))
BETWEEN, NOW = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC)
POLICIES = {
    "all": Policy(name="all", bodies_before=BETWEEN, metadata_before=BETWEEN),
    "bodies": Policy(name="bodies", bodies_before=BETWEEN),
}


def fill(engine: Engine, calls: int) -> None:
    """Store as many calls in each month."""
    interpret = Interpreter(pricing=Pricer(()))
    for month, some in zip(MONTHS, _exchanges(calls), strict=True):
        writing = Writer(engine, clock=lambda at=month: at)
        for start in range(0, len(some), BATCH):
            writing.append([interpret(exchange) for exchange in some[start : start + BATCH]])
        writing.close()
    advance(engine)


def measured(engine: Engine, policy: Policy, *, held: bool) -> float:
    """Remove what is due by a policy, but for a call if one is to be `held`; return how many went in a second."""
    if held:
        with engine.begin() as connection:
            call = connection.execute(select(tables.calls.c.id).limit(1)).scalar_one()
        place_hold(engine, By.CALL, str(call), reason="a claim", actor="me")
    began = time.perf_counter()
    gone = sum(remove_due(engine, [policy], actor="me", now=NOW).calls.values())
    rate = gone / (time.perf_counter() - began)
    advance(engine)
    with engine.begin() as connection:
        found = verify(connection, ())
    assert (found.is_whole, found.entries[Verdict.ERASED]) == (True, gone), found.amiss
    return rate


def _exchanges(calls: int) -> Iterator[list[Exchange]]:
    """Yield the exchanges of each month."""
    many = max(1, calls // 2 // TURNS)
    alone = iter(writer.exchanges(2 * many * TURNS))
    going_on, begun = conversations.exchanges(many, 2 * TURNS), conversations.exchanges(2 * many, TURNS)
    for month in MONTHS:
        made: list[Exchange] = []
        for turn in range(TURNS):
            talk = next(going_on)
            if month is not MONTHS[0]:  # the others have ended, and as many have begun
                talk = [*talk[: many // 2], *next(begun)[many + many // 2 :]]
            both = [one for pair in zip(talk, alone, strict=False) for one in pair]
            made += [_told(one, month + timedelta(minutes=turn), number) for number, one in enumerate(both)]
        yield made


def _told(exchange: Exchange, at: datetime, number: int) -> Exchange:
    labels = (("team", "red" if number % 2 else "blue"),)
    return replace(exchange, started_at=at, tags=Tags(project="p", user=f"u{number % 50}", labels=labels))


def rates(calls: int) -> Iterator[tuple[str, float]]:
    """Yield how fast it goes each way, from copies of one record."""
    with tempfile.TemporaryDirectory() as folder, a_database("postgresql", Path(folder)) as url:
        engine = open_engine(url)
        fill(engine, calls)
        engine.dispose()
        for name, policy in POLICIES.items():
            for held in (True, False):
                with a_copy(url) as mine:
                    engine = open_engine(mine)
                    yield f"{name}, {'call by call' if held else 'at once'}", measured(engine, policy, held=held)
                    engine.dispose()


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print what came of it."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.retention", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--calls", type=int, default=20_000, help="in each month")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    found = dict(rates(given.calls))
    if given.json:
        print(json.dumps(found))
    for name, rate in found.items() if not given.json else ():
        print(f"{name:<24}{rate:>10,.0f}/s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
