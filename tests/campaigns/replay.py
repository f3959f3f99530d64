"""Stores one journal again and again: `python -m tests.campaigns.replay --database KIND --calls 100000 [--json]`.

As after a backup of the journal was put back, or its marks were lost: nothing may come twice.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import func, select

from audit.call import Ending
from audit.recording.recorder import Recorder
from audit.settings import Settings, load_settings
from audit.store import tables
from audit.store.engine import open_engine
from audit.wiring.collecting import collect_once
from tests.campaigns.summary import lines
from tests.databases import KINDS, an_empty_database

TIMES = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign, print what came of it, and return 1 if anything is amiss."""
    given = _parser().parse_args(arguments)
    began, found = time.monotonic(), []
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder, "kept")
        url = an_empty_database(given.database, Path(folder))
        settings = load_settings({"AUDIT_HOME": folder, "AUDIT_DATABASE_URL": url})
        _record(kept, given.calls)
        for _ in range(TIMES):
            shutil.copytree(kept, settings.journal, dirs_exist_ok=True)
            collect_once(settings)
            found.append(_stored(settings))
        left = sorted(path.name for path in settings.journal.glob("*"))
    summary = {"database": given.database, "calls": given.calls, "in the record after each time": found, "left": left}
    summary["seconds"] = round(time.monotonic() - began, 1)
    print(json.dumps(summary) if given.json else "\n".join(lines(summary)))
    return 0 if found == [given.calls] * TIMES and not left else 1


def _record(folder: Path, calls: int) -> None:
    """Leave a journal as a process does that dies."""
    recorder = Recorder(folder, fingerprint=lambda key: key, destination=None)
    for number in range(calls):
        body = b'{"model": "gpt-4o", "messages": [{"role": "user", "content": "call %d"}]}' % number
        tape = recorder.begin(method="POST", url="https://host/v1/chat/completions", headers=[], body=body)
        assert tape is not None
        tape.head(200, [(b"content-type", b"application/json")])
        tape.chunk(b'{"choices": [{"message": {"content": "answer %d"}}]}' % number)
        tape.finish(Ending.EOF)
    recorder.close(0.0)


def _stored(settings: Settings) -> int:
    engine = open_engine(settings.database_url, read_only=True)
    try:
        with engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(tables.calls)).scalar_one())
    finally:
        engine.dispose()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--database", choices=KINDS, default="sqlite")
    parser.add_argument("--calls", type=int, default=2000, help="100000 is the full size")
    parser.add_argument("--json", action="store_true", help="the summary on one line")
    return parser


if __name__ == "__main__":
    sys.exit(main())
