"""`audit verify`: is the record whole and unchanged?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from audit.cli._options import as_json, moment, settings
from audit.cli._output import coloured, legible, plain, print_json
from audit.cli._progress import progress
from audit.wiring.ledger import verify_record

if TYPE_CHECKING:
    from audit.store.rows.verified import Verified

__all__ = ["command"]


@click.command(
    name="verify",
    epilog="""\b
Examples:
  audit verify
  audit verify --since 24h
  audit verify --sample 10000 --json
  audit verify --anchor /mnt/elsewhere/checkpoints.jsonl --key audit.pub

\b
Exit codes:
  0  nothing is altered or missing
  1  something is: it is told which calls, and what of them
  2  it could not be found out: no database, an anchor or a key that cannot be read
""",
)
@click.option(
    "--anchor",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of checkpoints to hold the record to; else all anchors of the settings.",
)
@click.option("--key", help="The verifier key, or a file with it; else the one of this installation.")
@click.option("--since", metavar="WHEN", help="Look at the contents of what was recorded since, and at all leaves.")
@click.option("--sample", type=click.IntRange(min=1), help="Look at the contents of so many entries, chosen at random.")
@as_json
@click.pass_context
def command(
    ctx: click.Context, anchor: Path | None, key: str | None, since: str | None, sample: int | None, as_json: bool
) -> None:
    """Say whether the record is whole and unchanged: every call and every act against what the ledger was told.

    Exits with 1 if anything is altered or missing.
    """
    after = None if since is None else moment(since)
    with progress() as advance:
        found = verify_record(
            settings(ctx),
            anchor=anchor,
            key=key,
            since=after,
            sample=sample,
            progress=lambda done, of: advance("entries", done, of),
        )
    if as_json:
        print_json({**plain(found), "entries": {str(verdict): n for verdict, n in found.entries.items()}})
    else:
        _print(found)
    sys.exit(0 if found.is_whole else 1)


def _print(found: Verified) -> None:
    for one in found.amiss:
        click.echo(f"{coloured(one.verdict, fg='red')}  {legible(one.what)}: {legible(one.why)}")
    if found.faults > len(found.amiss):
        click.echo(f"… and {found.faults - len(found.amiss)} more")
    click.echo(f"entries in the log    {found.size}")
    for verdict, count in sorted(found.entries.items()):
        click.echo(f"  {verdict + ' ':<20}{count}")
    for kind, count in sorted(found.acts.items()):
        click.echo(f"  {'act: ' + legible(kind) + ' ':<20}{count}")
    click.echo(f"checkpoints that hold {found.checkpoints}")
    click.echo(f"anchored              {found.anchored} of {found.size}")
    if not found.anchored:
        click.echo("no checkpoint is anchored outside the database: who holds it and the key can rewrite all of it")
    click.echo(coloured("whole and unchanged", fg="green") if found.is_whole else coloured("NOT WHOLE", fg="red"))
