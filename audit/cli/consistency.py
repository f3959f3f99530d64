"""`audit consistency`: has the log only grown between two checkpoints?"""

from __future__ import annotations

from pathlib import Path

import click

from audit.cli._options import as_json, settings
from audit.cli._output import legible, print_json
from audit.errors import LedgerError
from audit.ledger.merkle import is_consistent
from audit.wiring.ledger import checkpoints_of, open_ledger, verifier_of

__all__ = ["command"]


@click.command(
    name="consistency",
    epilog="""\b
Examples:
  audit consistency monday.checkpoint friday.checkpoint
""",
)
@click.argument("old", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("new", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", help="The verifier key, or a file with it; else the one of this installation.")
@as_json
@click.pass_context
def command(ctx: click.Context, old: Path, new: Path, key: str | None, as_json: bool) -> None:
    """Say whether the log has only grown between two checkpoints, OLD and NEW, each a file with a signed note.

    The proof comes from the configured database, and is checked. Exits with 2 if the log has not only grown.
    """
    found = settings(ctx)
    first, second = checkpoints_of([_note(old), _note(new)], verifier_of(found, key))
    if first.size > second.size:
        raise LedgerError(f"{old} is the newer one: it has {first.size} entries, {new} {second.size}")
    with open_ledger(found) as reader:
        proof = reader.consistency(first.size, second.size)
    if not is_consistent(first.size, first.root, second.size, second.root, proof):
        raise LedgerError("the newer log does not begin with the older: entries have been changed or taken away")
    if as_json:
        print_json({"origin": second.origin, "old": first.size, "new": second.size, "proof": [h.hex() for h in proof]})
    else:
        click.echo(f"{legible(second.origin)} has only grown, from {first.size} to {second.size} entries")


def _note(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise LedgerError(f"cannot read {path}: {exc}") from exc
