"""`audit hold`: legal holds, which outrank erasure."""

from __future__ import annotations

from uuid import UUID

import click

from audit.cli._figures import ABSENT, when
from audit.cli._options import as_json, settings
from audit.cli._output import legible, print_json
from audit.cli._table import left, print_table
from audit.store.choosing import By
from audit.wiring.erasing import holds, place, release

__all__ = ["command"]


@click.group(
    name="hold",
    epilog="""\b
Examples:
  audit hold add --by user ann --reason "claim 12/2026"
  audit hold list
""",
)
def command() -> None:
    """Legal holds: neither an erasure nor retention takes what they name, until they are released.

    They hold calls that are yet to come too. To place one and to release it are entries of the ledger.
    """


@command.command(
    short_help="Hold all calls that are so named.",
    epilog="""\b
Examples:
  audit hold add --by user ann --reason "claim 12/2026"
""",
)
@click.option("--by", type=click.Choice([one.value for one in By]), required=True, help="What the calls are named by.")
@click.argument("value")
@click.option("--reason", required=True, help="Why; it is kept.")
@click.pass_context
def add(ctx: click.Context, by: str, value: str, reason: str) -> None:
    """Hold all calls that are so named: a whole id, a key's fingerprint, a user, a session, or a label NAME=VALUE."""
    click.echo(place(settings(ctx), By(by), value, reason))


@command.command(
    name="list",
    epilog="""\b
Examples:
  audit hold list --json
""",
)
@as_json
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List all holds, the newest first, released ones too."""
    found = holds(settings(ctx))
    if as_json:
        print_json(found)
        return
    rows = [
        [
            str(one.id),
            one.by,
            one.value,
            one.reason,
            when(one.placed_at),
            when(one.released_at) if one.released_at else ABSENT,
        ]
        for one in found
    ]
    print_table(
        [*left("hold", "by", "value", "reason", "placed", "released")], [[legible(x) for x in row] for row in rows]
    )


@command.command(
    name="release",
    epilog="""\b
Examples:
  audit hold release 01a208f1-7834-7000-8000-000000000001 --reason settled
""",
)
@click.argument("hold", type=click.UUID)
@click.option("--reason", required=True, help="Why; it is kept.")
@click.pass_context
def release_(ctx: click.Context, hold: UUID, reason: str) -> None:
    """Release a hold by its whole id."""
    release(settings(ctx), hold, reason)
