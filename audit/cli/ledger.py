"""`audit ledger`: the tamper-evident log itself."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from audit.cli._options import as_json, settings
from audit.cli._output import legible, print_json
from audit.wiring.ledger import anchors, checkpoints_of, export_ledger, load_signer, open_ledger, sign_now, verifier_of

__all__ = ["command"]


@click.group(
    name="ledger",
    epilog="""\b
Examples:
  audit ledger status
  audit ledger key > ledger.pub
  audit ledger export /srv/log
""",
)
def command() -> None:
    """The tamper-evident log itself: its key, its checkpoints, a copy of it for others to check."""


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
    verifier = verifier_of(found, key)
    with open_ledger(found) as reader:
        signed = checkpoints_of(reader.notes()[-1:], verifier)
    size = signed[-1].size if signed else 0
    kept = {one.name: [each.size for each in checkpoints_of(one.notes()[-1:], verifier)] for one in anchors(found)}
    if as_json:
        print_json({"origin": verifier.name, "signed": size, "anchors": {n: s[0] if s else 0 for n, s in kept.items()}})
        return
    click.echo(f"log       {legible(verifier.name)}")
    click.echo(f"signed    {size} entries")
    for name, sizes in kept.items():
        click.echo(f"anchored  {sizes[0] if sizes else 0} entries in {legible(name)}")


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
    short_help="Write the log as files that other verifiers read.",
    epilog="""\b
Examples:
  audit ledger export /srv/log
""",
)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.pass_context
def export(ctx: click.Context, folder: Path) -> None:
    """Write the log as static files, as https://c2sp.org/tlog-tiles describes them: nothing in them tells of a call."""
    with click.progressbar(length=1, label="tiles", file=sys.stderr) as bar:

        def advance(done: int, count: int) -> None:
            bar.length = count
            bar.update(done - bar.pos)

        checkpoint = export_ledger(settings(ctx), folder, advance)
    if checkpoint is None:
        click.echo("nothing is signed yet; `audit ledger sign` signs what is there", err=True)
        sys.exit(1)
    click.echo(f"{checkpoint.size} entries in {legible(str(folder))}")
