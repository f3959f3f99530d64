"""`audit db`: prepare, check and copy the database."""

from __future__ import annotations

import sys

import click

from audit import wiring
from audit.cli._moved import SAMPLE, print_moved, told_moved, which_contents
from audit.cli._options import as_json, settings
from audit.cli._output import print_json
from audit.cli._progress import progress
from audit.cli._views import say
from audit.wiring.restoring import copy_database

__all__ = ["command"]


@click.group(
    name="db",
    epilog="""\b
Examples:
  audit db check
  audit db upgrade
  audit db copy sqlite:////var/lib/audit.db postgresql://audit@db/audit
""",
)
def command() -> None:
    """Prepare, check and copy the database."""


@command.command(
    short_help="Bring the schema up to date.",
    epilog="""\b
Examples:
  audit db upgrade
  AUDIT_DATABASE_URL=postgresql://audit@db/audit audit db upgrade
""",
)
@click.pass_context
def upgrade(ctx: click.Context) -> None:
    """Bring the schema up to date. Commands that read or write do this by themselves; safe to repeat."""
    before, after = wiring.upgrade(settings(ctx))
    click.echo(f"at revision {after} already" if before == after else f"from revision {before or 'none'} to {after}")


@command.command(
    short_help="Say whether the schema is what this version expects.",
    epilog="""\b
Examples:
  audit db check || audit db upgrade
  audit db check --json
""",
)
@as_json
@click.pass_context
def check(ctx: click.Context, as_json: bool) -> None:
    """Say whether the schema is what this version expects; exit with 1 if not. Changes nothing."""
    found = wiring.check_schema(settings(ctx))
    if as_json:
        print_json(
            {
                "revision": found.revision,
                "expected": found.expected,
                "differences": found.differences,
                "sound": found.sound,
            }
        )
    else:
        click.echo(f"revision {found.revision or 'none: nothing is there yet'}, expected {found.expected}")
        for difference in found.differences:
            click.echo(f"differs: {difference}")
        if found.sound:
            click.echo("sound")
        elif found.differences:
            click.echo("somebody has changed the tables; restore a backup, or begin a new database")
        else:
            click.echo("`audit db upgrade` brings it up to date")
    sys.exit(0 if found.sound else 1)


@command.command(
    short_help="Copy the record into another database.",
    epilog="""\b
Examples:
  audit db copy sqlite:////var/lib/audit.db postgresql://audit@db/audit
  audit db copy --verify sample postgresql://audit@db/audit sqlite:///copy.db

\b
Exit codes:
  0  the same is there, and what the ledger was told of it holds
  1  it is not: nothing was kept, or the record is not whole, there as here
  2  nothing was copied: a database that is not empty, or out of reach
""",
)
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@which_contents
@as_json
@click.pass_context
def copy(ctx: click.Context, source: str, target: str, contents: str, as_json: bool) -> None:
    """Copy the record from one database into another, which must be empty; both are named by their URLs.

    It is copied as it is at one moment, all of it or nothing, read again and compared. What is recorded meanwhile is
    not in it: until they are switched over, stop those who record, or let them only journal (recording.drain = false).
    The ledger of the first notes who copies it, as a view of all calls.
    """
    with progress() as advance:
        sample = SAMPLE if contents == "sample" else None
        moved = copy_database(settings(ctx), source, target, sample=sample, progress=advance, say=say)
    if as_json:
        print_json(told_moved(moved))
    else:
        print_moved(moved)
    sys.exit(0 if moved.is_sound else 1)
