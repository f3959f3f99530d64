"""Kills migrations at random moments: `python -m tests.campaigns.upgrade_kill --database KIND --kills 100 [--json]`.

Each time a database of an earlier schema, with calls in it, is brought up to date by several processes at once, of
which one is killed. Afterwards the schema must be the newest, and every call there as before.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from audit.store.engine import open_engine
from audit.store.schema import differences, head, revision, upgrade
from tests.campaigns.summary import lines
from tests.databases import KINDS, an_empty_database
from tests.migrations.old import EXCHANGES, put_calls

ROOT = Path(__file__).parents[2]
BEFORE = "0002"
_PROGRAM = """
import sys
from audit.store.engine import open_engine
from audit.store.schema import upgrade
engine = open_engine(sys.argv[1])
print(flush=True)
upgrade(engine)
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign, print what came of it, and return 1 if anything is amiss."""
    given = _parser().parse_args(arguments)
    counts: Counter[str] = Counter()
    failures: list[str] = []
    for number in range(given.kills):
        with tempfile.TemporaryDirectory() as folder:
            url = an_empty_database(given.database, Path(folder))
            make_old(url)
            counts[_killed(url, random.Random(f"{given.seed}.{number}"), given.processes)] += 1
            failures += [f"{number}: {fault}" for fault in _faults(url)]
    summary = {"database": given.database, "kills": given.kills, "schema after it": dict(counts), "failures": failures}
    print(json.dumps(summary) if given.json else "\n".join(lines(summary)))
    return 1 if failures else 0


def make_old(url: str) -> None:
    """Make a database of an earlier schema, with calls in it."""
    engine = open_engine(url)
    with engine.begin() as connection:
        config = Config(toml_file=ROOT / "pyproject.toml")
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
        put_calls(connection)
    engine.dispose()


def _killed(url: str, chance: random.Random, processes: int) -> str:
    """Kill one of those that upgrade, and let the others end; return which schema is there then."""
    started = [
        subprocess.Popen([sys.executable, "-c", _PROGRAM, url], cwd=ROOT, stdout=subprocess.PIPE)
        for _ in range(processes)
    ]
    for process in started:
        assert process.stdout is not None
        process.stdout.readline()  # all that it needs is imported
    time.sleep(chance.uniform(0.0, 0.5))
    started[0].kill()
    for process in started:
        process.communicate()
    engine = open_engine(url)
    found = str(revision(engine))
    engine.dispose()
    return found


def _faults(url: str) -> list[str]:
    """Bring it up to date for good; return what is wrong with it then."""
    engine = open_engine(url)
    try:
        upgrade(engine)
        with engine.connect() as connection:
            calls = connection.execute(text("SELECT count(*) FROM calls")).scalar_one()
        told = [f"its schema is {revision(engine)}"] * (revision(engine) != head()) + differences(engine)
        return told + [f"{calls} calls of {len(EXCHANGES)}"] * (calls != len(EXCHANGES))
    finally:
        engine.dispose()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--database", choices=KINDS, default="sqlite")
    parser.add_argument("--kills", type=int, default=3, help="100 is the full size")
    parser.add_argument("--processes", type=int, default=4, help="that upgrade at once; 1 is killed alone")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="the summary on one line")
    return parser


if __name__ == "__main__":
    sys.exit(main())
