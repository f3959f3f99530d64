"""`audit keys`: the API keys that were seen, told apart and named."""

from __future__ import annotations

import click

from audit import wiring
from audit.cli._options import as_json, reader, settings
from audit.cli._output import figure, money, print_json, print_table, when

__all__ = ["command"]


@click.group(name="keys")
def command() -> None:
    """Name the API keys that were seen. The keys themselves are never kept, only a fingerprint."""


@command.command(name="list")
@as_json
@click.pass_context
def list_keys(ctx: click.Context, as_json: bool) -> None:
    """Print the keys, the latest used first."""
    rows = reader(ctx).keys()
    if as_json:
        print_json(rows)
        return
    table = [
        [
            row.fingerprint,
            row.name or "–",
            row.provider,
            when(row.first_seen_at),
            when(row.last_seen_at),
            figure(row.calls),
            " + ".join(money(cost.amount, cost.currency) for cost in row.costs) or "–",
            figure(row.unpriced),
        ]
        for row in rows
    ]
    print_table(_COLUMNS, table, empty="No API key was seen yet.")


@command.command()
@click.argument("fingerprint")
@click.argument("name")
@click.pass_context
def name(ctx: click.Context, fingerprint: str, name: str) -> None:
    """Call the key with FINGERPRINT (or the beginning of it) NAME from now on, in tables and pages."""
    rows = reader(ctx).keys()
    found = [row.fingerprint for row in rows if row.fingerprint.startswith(fingerprint)]
    if len(found) != 1:
        raise click.ClickException(f"{len(found)} keys begin with {fingerprint!r}; `audit keys list` shows them all")
    wiring.name_key(settings(ctx), found[0], name)
    click.echo(f"{found[0]} is called {name} now")


_COLUMNS = {
    "fingerprint": "left",
    "name": "left",
    "provider": "left",
    "first seen": "left",
    "last seen": "left",
    "calls": "right",
    "cost": "right",
    "unpriced": "right",
}
