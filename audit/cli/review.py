"""`audit review`: what people decide about what content filters did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from audit.call import Source
from audit.cli._ids import enough_of_ids, the_one
from audit.cli._options import as_json, reader, settings
from audit.cli._output import print_json
from audit.cli._reviews import cells, columns
from audit.cli._table import Column, print_table
from audit.store.rows import ReviewVerdict
from audit.wiring.reviewing import decide

if TYPE_CHECKING:
    from audit.store.rows import ReviewRow

__all__ = ["command"]

_LONGEST = 200
"""Characters of a reason; --json has all of it, and so has `audit calls show`."""
_VERDICTS = click.Choice([one.value for one in ReviewVerdict])


@click.group(
    name="review",
    epilog="""\b
Examples:
  audit review decide 01a208f1-7834 --side prompt --verdict false_positive --reason "a recipe, no threat"
  audit review list --verdict false_positive
""",
)
def command() -> None:
    """Decide whether content filters were right, and see what was decided.

    Each decision is an entry of the ledger. None is changed: who decides again about the same adds a version.
    """


@command.command(
    name="decide",
    short_help="Decide about one side of a call.",
    epilog="""\b
Examples:
  audit review decide 01a208f1-7834 --side prompt --verdict correct_block --reason "a real threat"
  audit review decide 01a208f1-7834 --side completion --category hate --verdict false_negative \\
      --severity medium --reason "a slur in the second sentence"

\b
Exit codes:
  0  it is decided, and its id is printed
  2  it cannot be: no such call, a category that no finding names, a verdict that does not fit what the
     filter did, or a database that cannot be written to
""",
)
@click.argument("call")
@click.option("--side", type=click.Choice([one.value for one in Source]), required=True, help="What it is about.")
@click.option("--verdict", type=_VERDICTS, metavar="VERDICT", required=True, help=f"{', '.join(ReviewVerdict)}.")
@click.option("--category", help="hate, jailbreak, … as the findings name it; else it is about the side as a whole.")
@click.option("--severity", help="The level that would have been right.")
@click.option("--reason", required=True, help="Why; it is kept in plain text, so repeat nothing that was said.")
@as_json
@click.pass_context
def decide_(
    ctx: click.Context,
    call: str,
    side: str,
    verdict: str,
    category: str | None,
    severity: str | None,
    reason: str,
    as_json: bool,
) -> None:
    """Decide about one side of a call, by its id or the beginning of it, or about one category there.

    The first two verdicts are for what a filter has stopped or masked, the next two for what has passed.
    """
    decided = decide(
        settings(ctx),
        the_one(reader(ctx), call),
        side=Source(side),
        verdict=ReviewVerdict(verdict),
        category=category,
        severity=severity,
        reason=reason,
    )
    if as_json:
        print_json(decided)
        return
    click.echo(decided.id)
    if decided.version > 1:
        click.echo(f"version {decided.version} of your decision about this", err=True)


@command.command(
    name="list",
    short_help="List what was decided, the newest first.",
    epilog="""\b
Examples:
  audit review list --call 01a208f1-7834
  audit review list --verdict false_negative --reviewer ann --json
""",
)
@click.option("--call", help="Only about this call, by its id or the beginning of it.")
@click.option("--verdict", type=_VERDICTS, metavar="VERDICT", help=f"Only with this one: {', '.join(ReviewVerdict)}.")
@click.option("--reviewer", metavar="NAME", help="Only of this one, as ann@host, or ann on whatever host.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True)
@as_json
@click.pass_context
def list_(
    ctx: click.Context, call: str | None, verdict: str | None, reviewer: str | None, limit: int, as_json: bool
) -> None:
    """List what was decided, the newest first; `latest` is what its reviewer says now."""
    read = reader(ctx)
    found = read.reviews(
        call=None if call is None else the_one(read, call),
        verdict=None if verdict is None else ReviewVerdict(verdict),
        reviewer=reviewer,
        limit=limit,
    )
    if as_json:
        print_json(found)
    elif found:
        print_table([Column(heading="call"), *columns()], list(_rows(found)))
    else:
        click.echo("nothing of that kind was decided; `audit review decide CALL` decides about a call", err=True)


def _rows(found: Sequence[ReviewRow]) -> Iterator[list[str]]:
    digits, this_year = enough_of_ids(one.call for one in found), datetime.now().astimezone().year
    with_year = any(one.decided_at.astimezone().year != this_year for one in found)
    for one in found:
        *told, reason = cells(one, "%Y-%m-%d %H:%M" if with_year else "%m-%d %H:%M")
        yield [str(one.call)[:digits], *told, reason if len(reason) <= _LONGEST else f"{reason[:_LONGEST]}…"]
