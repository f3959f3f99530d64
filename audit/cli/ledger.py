"""`audit ledger`: the tamper-evident log itself."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from audit.cli._acts import cells, columns
from audit.cli._options import as_json, moment, settings
from audit.cli._output import legible, print_json
from audit.cli._progress import progress
from audit.cli._table import print_table
from audit.store.rows.acts import Kind
from audit.wiring.keeping import sign_now
from audit.wiring.ledger import anchors, export_ledger, held_to, load_signer, open_ledger

if TYPE_CHECKING:
    from audit.ledger.note import Checkpoint
    from audit.settings import Settings

__all__ = ["command"]


@click.group(
    name="ledger",
    epilog="""\b
Examples:
  audit ledger status
  audit ledger key > ledger.pub
  audit ledger acts --kind view
  audit ledger export /srv/log
""",
)
def command() -> None:
    """The tamper-evident log itself: its key, its checkpoints, acts in it, a copy of it for others to check."""


@command.command(
    short_help="Tell how large the log is, and what of it is signed and anchored.",
    epilog="""\b
Examples:
  audit ledger status --json
  audit ledger status --key ledger.pub
""",
)
@click.option("--key", help="The verifier key, or a file with it; else the one of this installation.")
@as_json
@click.pass_context
def status(ctx: click.Context, key: str | None, as_json: bool) -> None:
    """Tell what of the log is signed, and where that is anchored."""
    found = settings(ctx)
    with open_ledger(found) as reader:
        signed = _newest(found, reader.last_note(), key)
    kept = {one.name: _newest(found, one.last(), key) for one in anchors(found) if one.remembers}
    if as_json:
        sizes = {name: one.size if one else 0 for name, one in kept.items()}
        print_json({"origin": signed and signed.origin, "signed": signed.size if signed else 0, "anchors": sizes})
        return
    click.echo(f"log       {legible(signed.origin) if signed else 'not signed yet'}")
    click.echo(f"signed    {signed.size if signed else 0} entries")
    for name, one in kept.items():
        click.echo(f"anchored  {one.size if one else 0} entries in {legible(name)}")


def _newest(found: Settings, note: str | None, key: str | None) -> Checkpoint | None:
    return None if note is None else held_to(found, [note], key)[0]


@command.command(
    short_help="Print the public key that signatures are checked with.",
    epilog="""\b
Examples:
  audit ledger key > ledger.pub
""",
)
@click.pass_context
def key(ctx: click.Context) -> None:
    """Print the public key that signatures are checked with, as C2SP's signed notes have it."""
    click.echo(str(load_signer(settings(ctx)).verifier))


@command.command(
    short_help="Sign the log as it is now, and anchor that.",
    epilog="""\b
Examples:
  audit ledger sign
""",
)
@click.pass_context
def sign(ctx: click.Context) -> None:
    """Give every entry its place, sign the log and anchor it: what recording processes do by themselves each minute."""
    checkpoint = sign_now(settings(ctx))
    click.echo("all is signed already" if checkpoint is None else f"signed at {checkpoint.size} entries")


@command.command(
    short_help="List what was done to the record, by whom.",
    epilog="""\b
Examples:
  audit ledger acts --since 30d
  audit ledger acts --kind settings
  audit ledger acts --kind view --json
""",
)
@click.option("--kind", type=click.Choice([one.value for one in Kind]), help="Only acts of this kind.")
@click.option("--since", type=moment, metavar="WHEN", help="Only what was done since.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True)
@as_json
@click.pass_context
def acts(ctx: click.Context, kind: str | None, since: datetime | None, limit: int, as_json: bool) -> None:
    """List acts, the newest first: what was done to the record and with it, when, by whom.

    That none is altered or missing is for `audit verify` to say.
    """
    with open_ledger(settings(ctx)) as reader:
        found = reader.acts(kind, since=since, limit=limit)
    if as_json:
        print_json(found)
    elif found:
        print_table(columns(), [cells(one) for one in found])
    else:
        click.echo("no such act is in the ledger", err=True)


@command.command(
    short_help="Write the log as files that other verifiers read.",
    epilog="""\b
Examples:
  audit ledger export /srv/log
""",
)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--key", help="The verifier key, or a file with it; else the one of this installation.")
@click.pass_context
def export(ctx: click.Context, folder: Path, key: str | None) -> None:
    """Write the log as static files, as https://c2sp.org/tlog-tiles describes them: nothing in them tells of a call."""
    with progress() as advance:
        checkpoint = export_ledger(settings(ctx), folder, lambda done, of: advance("tiles", done, of), key)
    if checkpoint is None:
        click.echo("nothing is signed yet; `audit ledger sign` signs what is there", err=True)
        sys.exit(1)
    click.echo(f"{checkpoint.size} entries in {legible(str(folder))}")
