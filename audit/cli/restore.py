"""`audit restore`: a backup into a database."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from audit.cli._moved import SAMPLE, print_moved, told_moved, which_contents
from audit.cli._options import as_json, settings
from audit.cli._output import print_json
from audit.cli._progress import progress
from audit.wiring.restoring import restore_backup

__all__ = ["command"]


@click.command(
    name="restore",
    epilog="""\b
Examples:
  audit restore /mnt/elsewhere/audit-20260131T120000Z.db
  audit restore today.db --to postgresql://audit@db/audit
  audit restore today.db --with-keys

\b
Exit codes:
  0  all of it is there, and nothing is altered or missing
  1  something is: it is told what
  2  nothing was restored: a backup that is not as it was made or whose signature
     does not hold, a database that is not empty, a database out of reach
""",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--to", metavar="URL", help="An empty database of either kind; else the configured one.")
@click.option("--key", help="The verifier key of the ledger, or a file with it; else the one of this installation.")
@click.option("--with-keys", is_flag=True, help="Also bring back the keys that were kept beside it.")
@which_contents
@as_json
@click.pass_context
def command(
    ctx: click.Context, file: Path, to: str | None, key: str | None, with_keys: bool, contents: str, as_json: bool
) -> None:
    """Bring a backup back, into an empty database, and say whether it is whole.

    All of it or nothing is written. It is held to its manifest, to the ledger in it, and to what is anchored.
    """
    sample = SAMPLE if contents == "sample" else None
    with progress() as advance:
        moved = restore_backup(
            settings(ctx), file, to=to, key=key, with_keys=with_keys, sample=sample, progress=advance
        )
    if as_json:
        print_json(told_moved(moved))
    else:
        print_moved(moved)
    sys.exit(0 if moved.is_sound else 1)
