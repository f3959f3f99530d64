"""`audit db`: prepare and check the database."""

from __future__ import annotations

import sys

import click

from audit import wiring
from audit.cli._options import as_json, settings
from audit.cli._output import print_json

__all__ = ["command"]


@click.group(
    name="db",
    epilog="""\b
Examples:
  audit db check
  audit db upgrade
""",
)
def command() -> None:
    """Prepare and check the database."""


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
