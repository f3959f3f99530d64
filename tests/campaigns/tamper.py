"""Tamper with a record by raw SQL, over and over, each time in one way: is all of it found, and nothing else?

    python -m tests.campaigns.tamper --tamperings 10000 --database postgresql

Each tampering is a transaction that is rolled back once the record was verified as `audit verify` does it, with the
keys and the anchor outside of the database. Between tamperings the untouched record is verified as often. A tampering
that the database itself refuses, or that says the same in other words, is drawn anew. `tampering.NOT_COVERED` says
what is not tampered with, and why.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import SQLAlchemyError

from audit.errors import LedgerError, StoreError
from audit.ledger.anchors import notes_in
from audit.ledger.note import Checkpoint, open_checkpoint
from audit.store import tables
from audit.store.engine import open_engine
from audit.store.read.exchanges import stored_exchanges
from audit.store.read.verification import verify
from audit.store.sequencing import notes
from tests.campaigns.tamper_record import make_record
from tests.campaigns.tampering import NOT_COVERED, PACKED, TAMPERINGS, NothingToDo
from tests.databases import KINDS, a_database
from tests.ledger.keys import KEY

__all__ = ["Findings", "main", "tamper"]

_NAMES = {f"{table}.{column}" for table, column in PACKED}


@dataclass
class Findings:
    """What has come of the tamperings."""

    found: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)
    false_alarms: list[str] = field(default_factory=list)
    untouched: int = 0
    redrawn: int = 0


def tamper(engine: Engine, anchor: Path, tamperings: int, seed: int) -> Findings:
    """Tamper with a record that is whole, and leave it as it was."""
    findings, draw = Findings(), 0
    anchored = [open_checkpoint(note, KEY.verifier) for note in notes_in(anchor)]
    with engine.connect() as connection:
        before = list(_said(connection))
        connection.rollback()
        while sum(findings.found.values()) + len(findings.missed) < tamperings:
            draw += 1
            _tamper_once(connection, anchored, Random(f"{seed}.{draw}"), f"{seed}.{draw}", before, findings)
            connection.rollback()
            findings.untouched += 1
            if told := verdict(connection, anchored):
                findings.false_alarms.append(f"after {seed}.{draw}: {told}")
            connection.rollback()
    return findings


def verdict(connection: Connection, anchored: Sequence[Checkpoint]) -> str:
    """Return what is told of a record, as the command does; nothing of one that is whole."""
    try:
        kept = [open_checkpoint(note, KEY.verifier) for note in notes(connection)]
        found = verify(connection, [*anchored, *kept])
    except (LedgerError, StoreError, SQLAlchemyError) as exc:
        return f"{type(exc).__name__}: {exc}"
    return "" if found.is_whole else f"{found.amiss[0].verdict} {found.amiss[0].what}: {found.amiss[0].why}"


def _tamper_once(
    connection: Connection,
    anchored: Sequence[Checkpoint],
    chance: Random,
    name: str,
    before: Sequence[object],
    findings: Findings,
) -> None:
    (way,) = chance.choices(list(TAMPERINGS), list(TAMPERINGS.values()))
    try:
        what = way(connection, chance)
    except (NothingToDo, SQLAlchemyError):
        findings.redrawn += 1
        return
    if verdict(connection, anchored):
        findings.found[way.__name__] += 1
    elif what.removesuffix(" of two rows") in _NAMES and list(_said(connection)) == before:
        findings.redrawn += 1
    else:
        findings.missed.append(f"{name}: {way.__name__} {what}")


def _said(connection: Connection) -> Iterator[object]:
    """All exchanges, as they are given to who asks for them."""
    pks = connection.execute(select(tables.calls.c.pk)).scalars().all()
    yield from stored_exchanges(connection, tables.calls.c.pk.in_(pks), limit=len(pks))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tamperings, print what came of them, and return 1 if any was missed or anything else was told."""
    given = _parser().parse_args(arguments)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, a_database(given.database, Path(folder)) as url:
        engine = open_engine(url)
        make_record(engine, Path(folder) / "anchor.jsonl")
        found = tamper(engine, Path(folder) / "anchor.jsonl", given.tamperings, given.seed)
        engine.dispose()
    told = {
        "database": given.database,
        "seed": given.seed,
        "found": dict(found.found),
        "missed": found.missed,
        "untouched": found.untouched,
        "false_alarms": found.false_alarms,
        "redrawn": found.redrawn,
        "not_covered": NOT_COVERED,
        "took_s": round(time.monotonic() - began, 1),
    }
    print(json.dumps(told, indent=1) if given.json else _summary(told))
    return 1 if found.missed or found.false_alarms else 0


def _summary(told: dict[str, object]) -> str:
    return "\n".join(f"{name:<14}{value}" for name, value in told.items())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.tamper", description=__doc__)
    parser.add_argument("--tamperings", type=int, default=200, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=KINDS, default="sqlite")
    parser.add_argument("--json", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
