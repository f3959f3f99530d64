"""`audit backup`: the record into a file."""

from __future__ import annotations

from pathlib import Path

import click

from audit.cli._figures import figure
from audit.cli._options import as_json, settings
from audit.cli._output import legible, plain, print_json
from audit.cli._progress import progress
from audit.cli._views import say
from audit.wiring.backing_up import make_backup

__all__ = ["command"]


@click.command(
    name="backup",
    epilog="""\b
Examples:
  audit backup /mnt/elsewhere/
  audit backup today.db && audit restore today.db --to sqlite:////tmp/tried.db
  audit backup --json /mnt/elsewhere/ | jq -r .file

\b
Beside the file, which is a SQLite database of whatever kind the record's is:
  FILE.manifest.json   what is in it, and its SHA-256; no secrets
  FILE.keys.json       with --with-keys: the secret behind fingerprints, and the
                       key that signs the ledger. Keep it apart from the file.
Master keys of [encryption] are in neither: without them no body is read.

\b
Of a PostgreSQL database that is large, pg_basebackup or pg_dump take less time;
`audit verify` says of what came back whether it is whole.
""",
)
@click.argument("place", type=click.Path(path_type=Path), metavar="FILE|FOLDER")
@click.option("--with-keys", is_flag=True, help="Also keep the keys of this installation, in a file beside it.")
@as_json
@click.pass_context
def command(ctx: click.Context, place: Path, with_keys: bool, as_json: bool) -> None:
    """Write the record as it is now into a file, while others record on.

    In a folder it gets a name from the time. Nothing is written over. What processes that are still recording have
    only journalled is not in it; how much that is is told. What is erased later stays in older backups. The ledger
    notes who makes it, as a view of all calls.
    """
    with progress() as advance:
        made = make_backup(
            settings(ctx), place, with_keys=with_keys, progress=lambda *step: advance("rows", *step), say=say
        )
    manifest = made.manifest
    if as_json:
        print_json({"file": str(made.path), "keys": made.keys and str(made.keys), **plain(manifest)})
        return
    click.echo(f"backup    {legible(str(made.path))}, {manifest.size_bytes / 1e6:.1f} MB")
    click.echo(f"holds     {figure(manifest.rows['calls'])} calls, {figure(manifest.log_size)} entries in the log")
    if manifest.not_collected:
        click.echo(f"lacks     {figure(manifest.not_collected)} calls that so far are only in the journal")
    if made.keys:
        click.echo(f"keys      {legible(str(made.keys))}: keep them apart from the backup")
