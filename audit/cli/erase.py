"""`audit erase`: take calls out of the record for good, and let the ledger tell so."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from audit.cli._figures import figure
from audit.cli._options import settings
from audit.cli._output import legible, print_json
from audit.store.choosing import By
from audit.wiring.erasing import erase_and_scrub, left_in_journal, open_writable, request, would_go

if TYPE_CHECKING:
    from audit.store.erasing import Due

__all__ = ["command"]

_NAMES = ("call", "key", "user", "conversation", "session")


@click.command(
    name="erase",
    epilog="""\b
Examples:
  audit erase --user ann --ground "GDPR Art. 17(1)(b)" --dry-run
  audit erase --call 01a208f1-7834-7000-8000-000000000001 --ground "leaked secret" --bodies-only --yes

\b
Exit codes:
  0  erased, or looked with --dry-run
  1  erased from the database, but files of the journal may hold it still: they are told
  2  it could not be done
""",
)
@click.option("--call", help="One call, by its whole id.")
@click.option("--key", help="All calls of an API key, by its fingerprint.")
@click.option("--user", help="All calls of a user.")
@click.option("--conversation", help="All calls of a conversation, by the id of its first.")
@click.option("--session", help="All calls of a session.")
@click.option("--ground", required=True, help="Why it may be erased, such as an article of a law; it is kept.")
@click.option("--bodies-only", is_flag=True, help="Keep tokens, cost, findings and tags.")
@click.option("--dry-run", is_flag=True, help="Look, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def command(
    ctx: click.Context, /, ground: str, bodies_only: bool, dry_run: bool, yes: bool, **named: str | None
) -> None:
    """Erase calls for good, and print a certificate of it as JSON. What a legal hold names stays.

    The database's file is written anew, which takes as much free space again. Backups keep what was erased, and so do
    PostgreSQL's log and replicas for as long as they keep anything.
    """
    given = [(By(name), value) for name in _NAMES if (value := named[name]) is not None]
    if len(given) != 1:
        raise click.UsageError("name what to erase by one of " + ", ".join(f"--{name}" for name in _NAMES))
    ((by, value),) = given
    chosen, wanted = settings(ctx), request(by, value, ground=ground, bodies_only=bodies_only)
    with open_writable(chosen) as engine:
        due = would_go(engine, wanted)
        _tell(due)
        if dry_run or not due.calls:
            return
        if not yes:
            click.confirm("Erase them for good?", abort=True, err=True)
        erased = erase_and_scrub(chosen, engine, wanted, lambda gone: click.echo(f"{figure(gone)} erased", err=True))
    left = [str(path) for path in left_in_journal(chosen)]
    certificate = {"what": wanted.what, "ground": ground, "by": wanted.actor, "calls": erased.calls}
    print_json({**certificate, "acts": erased.acts, "may_be_left_in": left})
    sys.exit(1 if left else 0)


def _tell(due: Due) -> None:
    click.echo(f"{figure(due.calls)} calls with {figure(due.bytes)} bytes of bodies would go", err=True)
    for hold, calls in due.held:
        click.echo(legible(f"{figure(calls)} stay by hold {hold.id}: {hold.reason}"), err=True)
