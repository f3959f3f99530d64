"""What came of a record that was brought into another database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from audit.cli._figures import figure
from audit.cli._output import coloured, legible, plain
from audit.store.rows.verified import Verdict

if TYPE_CHECKING:
    from audit.wiring.restoring import Moved

__all__ = ["SAMPLE", "print_moved", "told_moved", "which_contents"]

SAMPLE = 1_000
"""Entries whose contents are looked at where not all are to be."""

which_contents = click.option(
    "--verify",
    "contents",
    type=click.Choice(["all", "sample"]),
    default="all",
    show_default=True,
    help=f"Whose contents are held to the ledger afterwards; a sample is of {SAMPLE} entries.",
)


def told_moved(moved: Moved) -> dict[str, Any]:
    """Return it for JSON."""
    copied, verified = moved.copied, moved.verified
    theirs = {table.name: table for table in copied.target}
    return {
        "tables": [{**plain(table), "equal": theirs.get(table.name) == table} for table in copied.source],
        "sha256": copied.sha256,
        "indexed": copied.indexed,
        "equal": copied.is_equal,
        "entries": {} if verified is None else {str(verdict): n for verdict, n in verified.entries.items()},
        "amiss": [] if verified is None else plain(verified.amiss),
        "anchored": 0 if verified is None else verified.anchored,
        "unreached": moved.unreached,
        "verified": moved.is_sound,
    }


def print_moved(moved: Moved) -> None:
    """Print it for people."""
    copied, verified = moved.copied, moved.verified
    calls = next(table.rows for table in copied.source if table.name == "calls")
    click.echo(f"copied    {figure(calls)} calls, {figure(copied.rows)} rows in all")
    if verified is None:
        theirs = {table.name: table for table in copied.target}
        other = ", ".join(table.name for table in copied.source if theirs.get(table.name) != table)
        click.echo(coloured(f"NOT EQUAL: {other} read otherwise than they were written; nothing was kept", fg="red"))
        return
    click.echo(f"equal     value for value, read again from there: {copied.sha256}")
    for one in (one for one in verified.amiss if one.verdict != Verdict.UNSEQUENCED):
        click.echo(f"{coloured(one.verdict, fg='red')}  {legible(one.what)}: {legible(one.why)}")
    counted = ", ".join(f"{figure(count)} {verdict}" for verdict, count in sorted(verified.entries.items()))
    click.echo(f"entries   {counted or 'none'}; {figure(verified.anchored)} anchored")
    if moved.unreached:
        click.echo(
            f"older     an anchor knows of {figure(moved.unreached)} entries that came after this backup. "
            "The ledger goes on only when `ledger.anchors` names another place."
        )
    click.echo(coloured("whole", fg="green") if moved.is_sound else coloured("NOT WHOLE", fg="red"))
