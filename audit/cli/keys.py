"""`audit keys`: the API keys that were seen, told apart and named."""

from __future__ import annotations

import click

from audit import wiring
from audit.cli._figures import ABSENT, figure, money, when, zone
from audit.cli._keys import fingerprints
from audit.cli._options import as_json, reader, settings
from audit.cli._output import print_json
from audit.cli._table import Column, left, print_table, right

__all__ = ["command"]


@click.group(
    name="keys",
    epilog="""\b
Examples:
  audit keys list
  audit keys name 6lcona search-team
  audit usage --by key
""",
)
def command() -> None:
    """Name the API keys that were seen. The keys themselves are never kept, only a fingerprint."""


@command.command(
    name="list",
    epilog="""\b
Examples:
  audit keys list
  audit keys list --json
""",
)
@as_json
@click.pass_context
def list_keys(ctx: click.Context, as_json: bool) -> None:
    """Print the keys, the latest used first. Counts all calls, canaries' and those for which no model worked too."""
    rows = reader(ctx).keys()
    if as_json:
        print_json(rows)
        return
    if not rows:
        click.echo("No API key was seen yet: none of the recorded calls has one.", err=True)
        return
    table = [
        [
            row.fingerprint,
            row.name or ABSENT,
            row.provider,
            when(row.first_seen_at),
            when(row.last_seen_at),
            figure(row.calls),
            " + ".join(money(cost.amount, cost.currency) for cost in row.costs) or ABSENT,
            figure(row.unpriced),
        ]
        for row in rows
    ]
    headings = (Column(heading="fingerprint"), *left("name", "first provider"))
    times = (Column(heading=f"first seen ({zone()})", spare=1), Column(heading="last seen"))
    print_table([*headings, *times, *right("calls", "cost", "unpriced")], table)
    if not any(row.name for row in rows):
        click.echo("`audit keys name FINGERPRINT NAME` gives them names; the beginning will do", err=True)


@command.command(
    short_help="Give a key a name.",
    epilog="""\b
Examples:
  audit keys name 6lcona search-team
  audit keys name search-team ''           takes the name away
""",
)
@click.argument("key")
@click.argument("name")
@click.pass_context
def name(ctx: click.Context, key: str, name: str) -> None:
    """Give a KEY (its fingerprint, the beginning of it, or its name so far) a NAME, for tables and pages."""
    if not key:
        raise click.UsageError("calls without a key have none that could be named")
    found = fingerprints(reader(ctx).keys(), [key], hint="KEY")
    if len(found) > 1:
        raise click.UsageError(
            f"{len(found)} keys are called {key!r}; say which by its fingerprint: {', '.join(found)}"
        )
    wiring.name_key(settings(ctx), found[0], name.strip() or None)
    click.echo(f"{found[0]} is called {name.strip()} now" if name.strip() else f"{found[0]} has no name now")
